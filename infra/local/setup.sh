#!/bin/sh
# Makes .venv from the hash-locked requirements: the first thing on a fresh machine, so only sh.
# Does nothing when the locks, the project's metadata and Python are what they were.
set -eu
cd "$(dirname "$0")/../.."

fail() { printf 'setup: %s\n' "$1" >&2; exit 1; }

# The first Python that fits; PYTHON=... names another one.
suits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'
python=
for candidate in ${PYTHON:-python3.11 python3.12 python3}; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$suits" 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo none)
    fail "Python 3.11 or 3.12 is needed, found: $found; apt-get install python3.11 python3.11-venv, or name one with PYTHON=..."
fi
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module; apt-get install $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"

bootstrap=infra/local/bootstrap.lock
now=$("$python" -c '
import hashlib, pathlib, sys
made = hashlib.sha256(sys.version.encode())
for name in sys.argv[1:]:
    made.update(pathlib.Path(name).read_bytes())
print(made.hexdigest())' "$bootstrap" requirements.lock pyproject.toml)
stamp=.venv/.sluice-setup
if [ -x .venv/bin/sluice ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

printf 'setup: making .venv with %s (once, about half a minute)\n' "$("$python" --version)"
rm -f "$stamp"
# Also repairs one whose Python is gone or another, without throwing away what is installed.
.venv/bin/python -c "$suits" 2>/dev/null || "$python" -m venv --clear .venv
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$bootstrap" ||
    fail "the package index did not give what $bootstrap pins; is it in reach? Run \`make setup\` again"
export UV_SYSTEM_CERTS=1 UV_PYTHON=.venv/bin/python # the machine's own trust store, as pip uses it
.venv/bin/uv pip install --quiet --require-hashes -r requirements.lock ||
    fail "the package index did not give what requirements.lock pins; is it in reach? Run \`make setup\` again"
# The build back end is in the bootstrap lock: without isolation nothing unlocked is fetched.
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
printf '%s' "$now" >"$stamp"
printf 'setup: ready; .venv/bin/sluice --help\n'
