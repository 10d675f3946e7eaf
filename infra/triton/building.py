"""Makes the repository that Triton loads: from pinned weights and the packs, kept by content."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.triton import environment, forms, sources
from infra.triton.environment import Environment
from infra.triton.errors import ModelsError
from infra.triton.settings import ModelsSettings

Say = Callable[[str], None]

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_REPOSITORY = _HERE / "repository"
_BUILD = _HERE / "build"
# What makes heads but not the encoder: another one of these leaves the encoder as it is.
_NOT_ENCODER = {"heads.py", "__main__.py"}


def build(
    settings: ModelsSettings, packs: Path | None, say: Say = lambda _: None, *, force: bool = False
) -> Path:
    """The repository for this machine, made if it is not there; minutes the first time.

    Raises:
        ModelsError: weights, packages or this machine are not as needed; with the remedy.
    """
    plan = _Plan(settings, packs)
    if plan.repository.exists() and not force:
        return plan.repository
    env = _environment(settings, say)
    with environment.exclusive(environment.cache(), say):
        if force or not plan.encoder.exists():
            _build_encoder(plan, env, say)
        if force or not plan.repository.exists():
            _build_repository(plan, env, say)
    return plan.repository


def serving_environment(settings: ModelsSettings, say: Say) -> Environment:
    """The environment that the repository is made and served with."""
    return _environment(settings, say)


class _Plan:
    """Everything that the repository depends on, and so where it is."""

    def __init__(self, settings: ModelsSettings, packs: Path | None) -> None:
        from services.assessor.packs import head_specs  # noqa: PLC0415 - reads every pack

        self.settings = settings
        self.sources = sources.read()
        self.choice = forms.choose(forms.cpu_features(), settings.form)
        self.specs = head_specs(packs)
        made_with = _digest([environment.LOCK, *_files(_BUILD, _NOT_ENCODER)], _BUILD)
        code = _digest(_files(_REPOSITORY / "encoder"), _REPOSITORY)
        encoder = _key(made_with, code, asdict(self.sources["encoder"]), asdict(self.choice))
        rest = _digest([*_files(_BUILD), *_files(_REPOSITORY)], _HERE)
        language = asdict(self.sources["language"])
        whole = _key(encoder, rest, language, self.specs, self.processes)
        self.encoder = environment.cache() / "encoder" / encoder
        self.repository = environment.cache() / "repository" / whole

    @property
    def processes(self) -> int:
        """Of the encoder: one per core that we may use."""
        return self.settings.processes or len(os.sched_getaffinity(0))


def _environment(settings: ModelsSettings, say: Say) -> Environment:
    if settings.environment is not None:
        return Environment(settings.environment)
    return environment.ensure(say)


def _build_encoder(plan: _Plan, env: Environment, say: Say) -> None:
    source = plan.sources["encoder"]
    weights = sources.fetch(source, environment.cache() / "files", say)
    with environment.replacing(plan.encoder) as fresh:
        request = {
            "source": asdict(source),
            "weights": str(weights),
            "choice": asdict(plan.choice),
            "into": str(fresh),
        }
        _run(env, "encoder", request, say)


def _build_repository(plan: _Plan, env: Environment, say: Say) -> None:
    source = plan.sources["language"]
    lid = env.packages / source.file
    sources.check(source, lid)
    with environment.replacing(plan.repository) as fresh:
        shutil.copytree(
            _REPOSITORY, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        _set_processes(fresh / "encoder" / "config.pbtxt", plan.processes)
        for file in plan.encoder.iterdir():
            if file.is_file():
                _link(file, fresh / "encoder" / "1" / file.name)
        request = {
            "encoder": str(fresh / "encoder" / "1"),
            "heads": [
                {"spec": spec, "into": str(_version_folder(fresh, spec["model"]))}
                for spec in plan.specs
            ],
            "lid": str(lid),
            "language_into": str(_version_folder(fresh, "language")),
        }
        _run(env, "heads", request, say)


def _version_folder(repository: Path, model: str) -> Path:
    if not (repository / model / "config.pbtxt").exists():
        raise ModelsError(f"a pack names the model {model}, which is not in {_REPOSITORY}")
    folder = repository / model / "1"
    folder.mkdir(exist_ok=True)
    return folder


def _set_processes(config: Path, count: int) -> None:
    text = config.read_text()
    config.write_text(text.replace("count: 2", f"count: {count}"))


def _link(file: Path, into: Path) -> None:
    """120 MB that are there already need no second copy."""
    into.unlink(missing_ok=True)
    try:
        os.link(file, into)
    except OSError:
        shutil.copy(file, into)


def _run(env: Environment, what: str, request: Mapping[str, Any], say: Say) -> None:
    """Run the build in Triton's environment, passing on what it says."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(request, file)
        file.flush()
        with tempfile.TemporaryFile("w+") as errors:
            ran = subprocess.Popen(
                [str(env.python), "-m", "infra.triton.build", what, file.name],
                stdout=subprocess.PIPE, stderr=errors, text=True, cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
            assert ran.stdout is not None  # noqa: S101 - for the type checker
            with ran:
                for line in ran.stdout:
                    say(line.rstrip())
            if ran.returncode:
                errors.seek(0)
                said = "".join(errors.readlines()[-15:])
                raise ModelsError(f"the build of the models failed ({what}):\n{said}")


def _files(folder: Path, but: Iterable[str] = ()) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name not in set(but)
    )


def _digest(files: Iterable[Path], under: Path) -> str:
    made = hashlib.sha256()
    for file in files:
        made.update(f"{os.path.relpath(file, under)}\0{sources.digest(file)}\n".encode())
    return made.hexdigest()


def _key(*parts: object) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
