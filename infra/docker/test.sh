#!/usr/bin/env bash
# `make test-docker`: the integration tests on a broker in a container, then docker-compose.yml as it
# is, with the examples published from this machine. Starts a Docker engine where none runs, makes
# stand-in images where no registry is in reach, takes down all that it started. Arguments replace
# the tests that are run on the container, as pytest takes them.
#   SLUICE_TEST_KEEP=1 leaves the engine running for the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*" >&2; }

started=
finish() {
  code=$?
  trap - EXIT INT TERM HUP
  if [ -n "$started" ] && [ -z "${SLUICE_TEST_KEEP:-}" ]; then
    say "stopping the Docker engine"
    infra/docker/engine.sh stop
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if docker info >/dev/null 2>&1; then
  say "Docker engine: the one that runs here already"
else
  socket=${SLUICE_DOCKER_RUN:-/run/sluice-docker}/docker.sock
  DOCKER_HOST=unix://$socket docker info >/dev/null 2>&1 || started=yes
  assignments=$(infra/docker/engine.sh start)
  eval "$assignments"
  say "Docker engine: $(docker version --format '{{.Server.Version}}'), $([ -n "$started" ] && echo started || echo found) at $DOCKER_HOST"
fi
docker compose version >/dev/null 2>&1 || { say "docker compose (version 2) is missing: install your distribution's docker-compose"; exit 1; }

jars=$(.venv/bin/python -c 'from infra.local import jars, kafka; print(jars.fetch("kafka", kafka.VERSION))')
export TRITON_BASE_IMAGE=${TRITON_BASE_IMAGE:-python:3.11-slim}
infra/docker/standins.sh "$jars"

export SLUICE_TEST_BROKER=container
say "integration tests on a broker in a container"
if [ $# -eq 0 ]; then set -- tests/integration/chassis tests/integration/cli; fi
.venv/bin/python -m pytest "$@"

say "docker-compose.yml"
.venv/bin/python -m pytest tests/docker
