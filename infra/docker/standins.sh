#!/usr/bin/env bash
# Images made on this machine where no registry is reachable. Each is named in what this prints:
#   python:3.11-slim       Debian bookworm by debootstrap, with its Python 3.11 (not the official build)
#   apache/kafka:4.3.1     the same Apache Kafka jars as `make demo` runs, our own entry script
# Everything else of docker-compose.yml (collector, Jaeger, Prometheus, Grafana) is left out of the test:
# no stand-in would prove anything about them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLUICE_CACHE_HOME:-$HOME/.cache/sluice}

have() { docker image inspect "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*" >&2; }

base() {
  have python:3.11-slim && return
  docker pull -q python:3.11-slim >/dev/null 2>&1 && return
  root=$cache/docker/bookworm
  if [ ! -x "$root/usr/bin/python3" ]; then
    say "stand-in python:3.11-slim: debootstrap, about a minute ..."
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
    rm -rf "$root"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
      bookworm "$root" "$mirror" > "$cache/docker/debootstrap.log" 2>&1
    # The certificates that this machine trusts, for package indexes behind a gateway.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    ln -sf /usr/bin/python3 "$root/usr/local/bin/python"
    rm -rf "$root"/usr/lib/python3*/EXTERNALLY-MANAGED "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  fi
  tar -C "$root" -c . | docker import \
    -c 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    -c 'CMD ["python3"]' - python:3.11-slim >/dev/null
}

kafka() { # $1: the folder with the jars
  have apache/kafka:4.3.1 && return
  docker pull -q apache/kafka:4.3.1 >/dev/null 2>&1 && return
  say "stand-in apache/kafka:4.3.1 from $1 ..."
  context=$(mktemp -d)
  trap 'rm -rf "$context"' RETURN
  mkdir "$context/libs"
  cp "$1"/*.jar "$context/libs/"
  cp -r "$here/standins/kafka/." "$context/"
  docker build --network host -q -t apache/kafka:4.3.1 "$context" >/dev/null
}

base
kafka "${1:?usage: standins.sh FOLDER_WITH_KAFKA_JARS}"
docker image ls --format '{{.Repository}}:{{.Tag}}  {{.Size}}' | grep -E '^(python|apache/kafka):' >&2
