"""Makes the repository that Triton loads: from pinned weights and the packs, kept by content."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.triton import environment, sources
from infra.triton.environment import Environment
from infra.triton.errors import ModelsError
from infra.triton.planning import REPOSITORY, Plan
from infra.triton.settings import ModelsSettings

Say = Callable[[str], None]

_ROOT = Path(__file__).parents[2]


def build(plan: Plan, env: Environment, say: Say, *, force: bool = False) -> Path:
    """The repository, made if it is not there; half a minute the first time.

    Raises:
        ModelsError: weights or this machine are not as needed; with the remedy.
    """
    if plan.repository.exists() and not force:
        return plan.repository
    with environment.exclusive(environment.cache(), say):
        if force or not plan.encoder.exists():
            _build_encoder(plan, env, say)
        if force or not plan.repository.exists():
            _build_repository(plan, env, say)
    return plan.repository


def fit(plan: Plan, env: Environment, request: Mapping[str, Any], into: Path, say: Say) -> None:
    """A head for labelled texts, over this machine's encoder, with what it told when held out.

    `request` has `labels`, `texts` and `owners`; head.npz and held-out.json are written.

    Raises:
        ModelsError: weights or this machine are not as needed; with the remedy.
    """
    if not plan.encoder.exists():
        with environment.exclusive(environment.cache(), say):
            if not plan.encoder.exists():
                _build_encoder(plan, env, say)
    _run(env, "fit", {**request, "encoder": str(plan.encoder), "into": str(into)}, say)


def fetch(plan: Plan, say: Say) -> Path:
    """The file of weights: all that a build takes from outside.

    Raises:
        ModelsError: no index in reach, or it serves something else than what is pinned.
    """
    return sources.fetch(plan.sources["encoder"], plan.weights, say)


def point(link: Path, repository: Path) -> None:
    """Let a symbolic link point there, in one step: nobody finds it missing or half changed."""
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(repository)
    fresh.replace(link)


def environment_of(settings: ModelsSettings, say: Say) -> Environment:
    """The environment that the models are made and served with: a given one, or ours.

    Raises:
        ModelsError: there is none to be had, or it cannot run here; with the remedy.
    """
    given = settings.environment
    env = environment.ensure(say) if given is None else Environment(given)
    environment.check(env)
    return env


def _build_encoder(plan: Plan, env: Environment, say: Say) -> None:
    weights = fetch(plan, say)
    with environment.replacing(plan.encoder) as fresh:
        request = {
            "source": asdict(plan.sources["encoder"]),
            "weights": str(weights),
            "choice": asdict(plan.choice),
            "into": str(fresh),
        }
        _run(env, "encoder", request, say)


def _build_repository(plan: Plan, env: Environment, say: Say) -> None:
    language = plan.sources["language"]
    lid = env.packages / language.file
    sources.check(language, lid)
    with environment.replacing(plan.repository) as fresh:
        shutil.copytree(
            REPOSITORY,
            fresh,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__", ".gitkeep"),
        )
        _set_processes(fresh / "encoder" / "config.pbtxt", plan.processes)
        for file in plan.encoder.iterdir():
            if file.is_file():
                sources.link(file, fresh / "encoder" / "1" / file.name)
        request = {
            "encoder": str(fresh / "encoder" / "1"),
            "heads": [
                {"spec": spec, "into": str(_version_folder(fresh, spec["model"]))}
                for spec in plan.specs
            ],
            "language": {
                "file": str(lid),
                "into": str(_version_folder(fresh, "language")),
                "package": language.package,
                "licence": language.licence,
            },
        }
        _run(env, "heads", request, say)


def _version_folder(repository: Path, model: str) -> Path:
    if not (repository / model / "config.pbtxt").exists():
        raise ModelsError(f"a pack names the model {model}, which is not in {REPOSITORY}")
    folder = repository / model / "1"
    folder.mkdir(exist_ok=True)
    return folder


def _set_processes(config: Path, count: int) -> None:
    """Triton knows no "as many as there are cores"."""
    text = config.read_text()
    if text.count("count: 2") != 1:
        raise ModelsError(f"{config}: expected one `count: 2` to put the number of processes in")
    config.write_text(text.replace("count: 2", f"count: {count}"))


def _run(env: Environment, what: str, request: Mapping[str, Any], say: Say) -> None:
    """Run the build in Triton's environment, passing on what it says."""
    with (
        tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file,
        tempfile.TemporaryFile("w+") as errors,
    ):
        json.dump(request, file)
        file.flush()
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
