#!/usr/bin/env bash
# Images for `make test-docker`: pulled where a registry is in reach, else made on this machine from
# package indexes. Prints for each image of docker-compose.yml what it is. A stand-in proves our
# files around it (wiring, users, limits, health checks), not the image that it stands for.
#   standins.sh FOLDER_WITH_KAFKA_JARS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLUICE_CACHE_HOME:-$HOME/.cache/sluice}/docker
jars=${1:?usage: standins.sh FOLDER_WITH_KAFKA_JARS}

say() { printf '%s\n' "$*" >&2; }
have() { docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null 2>&1; }
what() { # the label that our own images carry
  docker image inspect --format '{{index .Config.Labels "sluice.stand-in"}}' "$1" 2>/dev/null
}

base() {
  have python:3.11-slim && return
  root=$cache/bookworm
  if [ ! -x "$root/usr/bin/python3" ]; then
    say "making python:3.11-slim by debootstrap, about a minute ..."
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
    rm -rf "$root" "$root.new"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
      bookworm "$root.new" "$mirror" > "$cache/debootstrap.log" 2>&1 ||
      { say "debootstrap failed:"; tail -n 5 "$cache/debootstrap.log" >&2; exit 1; }
    # The certificates that this machine trusts, for package indexes behind a gateway.
    cp /etc/ssl/certs/ca-certificates.crt "$root.new/etc/ssl/certs/"
    ln -sf /usr/bin/python3 "$root.new/usr/local/bin/python"
    rm -rf "$root.new"/usr/lib/python3*/EXTERNALLY-MANAGED "$root.new"/var/cache/apt/archives/*.deb \
      "$root.new"/var/lib/apt/lists/*
    mv "$root.new" "$root"
  fi
  tar -C "$root" -c . | docker import \
    -c 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    -c 'LABEL sluice.stand-in="Debian bookworm by debootstrap with its own Python 3.11"' \
    -c 'CMD ["python3"]' - python:3.11-slim >/dev/null
}

kafka() {
  have apache/kafka:4.3.1 && return
  say "making apache/kafka:4.3.1 from $jars ..."
  context=$(mktemp -d)
  trap 'rm -rf "$context"' RETURN
  mkdir "$context/libs"
  cp "$jars"/*.jar "$context/libs/"
  cp -r "$here/standins/kafka/." "$context/"
  docker build --network host -q -t apache/kafka:4.3.1 "$context" >/dev/null
}

tell() { # a line for people, and nothing that a program should read
  made=$(what "$1")
  if [ -n "$made" ]; then say "  $1: STAND-IN, $made"; else say "  $1: the published image"; fi
}

base
kafka
say "images of this test:"
tell apache/kafka:4.3.1
tell python:3.11-slim
case ${TRITON_BASE_IMAGE:-python:3.11-slim} in
  python:*) say "  tritonserver: STAND-IN, the server of the nvidia-pytriton wheel on python:3.11-slim" \
                "(TRITON_BASE_IMAGE=nvcr.io/... tests NVIDIA's)" ;;
  *) say "  tritonserver: $TRITON_BASE_IMAGE" ;;
esac
