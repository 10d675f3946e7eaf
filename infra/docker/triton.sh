#!/bin/sh
# What the Triton image can do; further arguments of `serve` are options of tritonserver.
set -eu
python=/opt/requirements/bin/python
case ${1:-} in
  build) shift; exec "$python" -m services.cli.main models build --link /models/repository "$@" ;;
  serve) shift; exec "$python" -m infra.triton.server /opt/environment /models/repository "$@" ;;
  *) echo "usage: build [options of sluice models build] | serve [options of tritonserver]" >&2; exit 2 ;;
esac
