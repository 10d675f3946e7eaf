"""Triton's own Python: a folder with what environment.lock names, made once, never half."""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.local import places
from infra.triton.errors import ModelsError

LOCK = Path(__file__).with_name("environment.lock")
STUB = "triton_python_backend_stub"
_MAKING = ".making-"
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def cache() -> Path:
    """Everything of ours that can be made again."""
    return places.cache_home() / "triton"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with Triton, its Python stub and what models import."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        return self.folder / "lib" / _PYTHON / "site-packages"

    @property
    def server(self) -> Path:
        """The folder of tritonserver, as it comes in its wheel."""
        return self.packages / "pytriton" / "tritonserver"

    @property
    def backends(self) -> Path:
        """The folder of back ends, with the stub for this Python beside them."""
        return self.folder / "backends"


def present() -> Environment:
    """The one for this lock and this Python, whether it was made or not."""
    return Environment(cache() / f"env-{_key()}")


def ensure(say: Callable[[str], None]) -> Environment:
    """The environment for this lock and this Python, made if it is not there.

    Raises:
        ModelsError: no index in reach, or this machine cannot run Triton; with the remedy.
    """
    made = present()
    if made.folder.exists():
        return made
    with exclusive(cache(), say):
        if not made.folder.exists():
            _make(made, say)
    return made


def libraries() -> dict[str, str]:
    """What the stub needs to find the libpython it was made for; pyenv's is in no usual place."""
    return {"LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR") or "")}


@contextlib.contextmanager
def exclusive(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One process at a time makes something there; another waits, then finds it made."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is making models: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A folder to fill that takes the target's name only when all went well.

    To be used by the exclusive one alone: what else is half made there is from somebody killed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f"{_MAKING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=target.parent) as place:
        fresh = Path(place) / "made"
        fresh.mkdir()
        yield fresh
        if target.exists():
            target.rename(Path(place) / "old")
        fresh.rename(target)


def _key() -> str:
    made = hashlib.sha256(LOCK.read_bytes())
    made.update(f"{sys.version}{platform.machine()}".encode())
    return made.hexdigest()[:16]


def _make(made: Environment, say: Callable[[str], None]) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise ModelsError("uv is not there to install Triton's environment: run `make setup`")
    say("installing Triton and what the models import (about 250 MB to fetch, 730 MB on disk)")
    with replacing(made.folder) as fresh:
        venv.create(fresh, symlinks=True, with_pip=False)
        _install(uv, Environment(fresh))
        link_backends(Environment(fresh))
        check(Environment(fresh))


def _install(uv: str, into: Environment) -> None:
    done = subprocess.run(
        [
            uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-config",
            "--python", str(into.python), "--requirements", str(LOCK),
        ],
        capture_output=True, text=True, check=False,
        # The machine's own trust store, as pip uses it.
        env={**os.environ, "UV_SYSTEM_CERTS": "1"},
    )  # fmt: skip
    if done.returncode:
        raise ModelsError(
            f"the package index did not give what {LOCK.name} pins; is it in reach?\n"
            + "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
        )


def link_backends(made: Environment) -> None:
    """Put the stub for this Python where Triton looks: the wheel has it elsewhere.

    Raises:
        ModelsError: the wheel has none for this Python.
    """
    folder = made.backends / "python"
    folder.mkdir(parents=True)
    stub = f"python_backend_stubs/{_PYTHON.removeprefix('python')}/{STUB}"
    for part in (
        stub,
        "backends/python/libtriton_python.so",
        "backends/python/triton_python_backend_utils.py",
    ):
        target = made.server / part
        if not target.exists():
            raise ModelsError(f"nvidia-pytriton has no {part}: it cannot serve with {_PYTHON}")
        (folder / target.name).symlink_to(os.path.relpath(target, folder))


def check(made: Environment) -> None:
    """Refuse an environment that is not whole, and what would make Triton hang silently.

    Raises:
        ModelsError: naming what is missing, also what the loader does not find for the stub.
    """
    for program in (made.server / "bin" / "tritonserver", made.backends / "python" / STUB):
        if not program.exists():
            raise ModelsError(
                f"{program} is missing: install what {LOCK.name} names into {made.folder}, then"
                f" `python -m infra.triton.environment {made.folder}`"
            )
        done = subprocess.run(
            ["ldd", str(program.resolve())],  # noqa: S607 - wherever the system has it
            capture_output=True, text=True, check=False, env={**os.environ, **libraries()},
        )  # fmt: skip
        missing = [line.strip() for line in done.stdout.splitlines() if "not found" in line]
        missing += [line.strip() for line in done.stderr.splitlines() if "not found" in line]
        if missing:
            raise ModelsError(
                f"{program.name} cannot run here: {'; '.join(missing)};"
                f" apt-get install lib{_PYTHON}, and glibc 2.35 or newer is needed"
            )


if __name__ == "__main__":  # in an image, where pip has installed everything
    given = Environment(Path(sys.argv[1]))
    link_backends(given)
    check(given)
