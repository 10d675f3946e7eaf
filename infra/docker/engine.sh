#!/usr/bin/env bash
# A Docker engine for a machine that has none running: `engine.sh start` prints DOCKER_HOST,
# DOCKER_CONFIG and PATH as shell assignments, `engine.sh stop` ends it. Needs root; touches neither
# the host's firewall nor its package sources. Containers have no way out, which also proves that
# nothing leaves.
set -euo pipefail

home=${SLUICE_CACHE_HOME:-$HOME/.cache/sluice}/docker
run=${SLUICE_DOCKER_RUN:-/run/sluice-docker}
arch=$(uname -m)
export PATH="$PATH:$home/root/usr/bin"

say() { printf '%s\n' "$*" >&2; }

fetch() { # engine, client, compose and buildx from Debian trixie, beside the host's own packages
  [ -x "$home/root/usr/sbin/dockerd" ] && return
  for tool in apt-get dpkg runc debootstrap iptables; do
    command -v "$tool" >/dev/null || { say "missing $tool: apt-get install --no-install-recommends runc debootstrap iptables"; exit 1; }
  done
  say "fetching the Docker engine ($arch) into $home ..."
  rm -rf "$home/fresh"
  mkdir -p "$home"/{lists/partial,cache,debs,fresh}
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$home/sources.list"
  options=(-o "Dir::Etc::sourcelist=$home/sources.list" -o Dir::Etc::sourceparts=/dev/null
           -o "Dir::State::lists=$home/lists" -o "Dir::Cache=$home/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" -qq update
  (cd "$home/debs" && apt-get "${options[@]}" -qq download docker-cli docker-compose docker-buildx docker.io containerd)
  for deb in "$home"/debs/*.deb; do dpkg -x "$deb" "$home/fresh"; done
  rm -rf "$home/root" && mv "$home/fresh" "$home/root"
  mkdir -p "$home/config/cli-plugins"
  ln -sf "$home"/root/usr/libexec/docker/cli-plugins/* "$home/config/cli-plugins/"
}

answers() { DOCKER_HOST="unix://$run/docker.sock" docker info >/dev/null 2>&1; }

start() {
  [ "$(id -u)" = 0 ] || { say "starting a Docker engine needs root; or start one yourself"; exit 1; }
  fetch
  mkdir -p "$run"
  if ! answers; then
    PATH="$home/root/usr/sbin:$home/root/usr/bin:$PATH" setsid "$home/root/usr/sbin/dockerd" \
      -H "unix://$run/docker.sock" --data-root "$home/data" --exec-root "$run/exec" --pidfile "$run/pid" \
      --iptables=false --ip6tables=false --ip-forward=false --ip 127.0.0.1 \
      --storage-driver overlay2 > "$run/dockerd.log" 2>&1 < /dev/null &
    for _ in $(seq 60); do
      answers && break
      sleep 0.5
    done
    answers || { say "the engine did not start; this machine may not allow it:"; tail -n 20 "$run/dockerd.log" >&2; exit 1; }
  fi
  echo "export DOCKER_HOST=unix://$run/docker.sock DOCKER_CONFIG=$home/config PATH=\$PATH:$home/root/usr/bin"
}

stop() {
  [ -f "$run/pid" ] || return 0
  pid=$(cat "$run/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || break; sleep 0.5; done
  ip link del docker0 2>/dev/null || true
  umount "$run/exec/netns/default" 2>/dev/null || true
  rm -rf "$run"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) say "usage: engine.sh start|stop"; exit 2 ;;
esac
