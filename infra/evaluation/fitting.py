"""A labelled file becomes a pack and its fitted head: sampled, fitted, described, with a card."""

import hashlib
import json
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.evaluation import card, labelled
from infra.evaluation.domain import limits, metrics
from infra.evaluation.domain.limits import Limits
from infra.evaluation.domain.metrics import Judged
from infra.evaluation.labelled import Row
from infra.triton import building, planning
from infra.triton.settings import ModelsSettings
from services.assessor.domain.asking import Task
from services.assessor.packs import choosing, fitted, load_pack
from services.assessor.packs.fitted import FittedHead
from services.assessor.packs.pack import OTHER
from services.chassis.errors import ConfigurationError
from services.chassis.settings import load

Say = Callable[[str], None]

_LEAST_LABELS, _MOST_NAME = 2, 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fitted, and what the head says of its origin."""

    data: tuple[Path, ...]
    text: str
    label: str
    into: Path
    name: str
    licence: str
    out_of_scope: str | None = None
    per_class: int | None = None
    seed: int = 1
    version: int = 1
    task: str = "intent"


def fit(wanted: Wanted, say: Say) -> FittedHead:
    """Write NAME.yaml, NAME.head.npz, NAME.head.yaml and NAME.card.md into the folder.

    Raises:
        SluiceError: a file is wrong, or this machine cannot fit; with the remedy.
    """
    rows = [row for file in wanted.data for row in labelled.read(file, wanted.text, wanted.label)]
    names = _names(rows, wanted)
    kept = sample(_distinct(rows), wanted.per_class, wanted.seed)
    # In an order of its own: that of the file decides nothing.
    kept = sorted(kept, key=lambda row: (names[row.label] == OTHER, names[row.label], row.text))
    order = list(dict.fromkeys(names[row.label] for row in kept))
    counts = Counter(names[row.label] for row in kept if names[row.label] != OTHER)
    if sum(count > 1 for count in counts.values()) < _LEAST_LABELS:
        raise ConfigurationError(
            f"{wanted.label}: fewer than two labels have two texts: too few to leave any out and "
            "see how sure the head may be; write them as examples into a pack instead"
        )
    say(f"{len(kept)} texts of {len(order)} labels")
    settings = load(ModelsSettings)
    # Rows of the file's own are better; without any, what no pack of ours is about stands in.
    noise = [] if OTHER in order else background()
    labels = [*order, OTHER] if noise else order
    request = {
        "labels": labels,
        "texts": [*(row.text for row in kept), *noise],
        "owners": [*(order.index(names[row.label]) for row in kept), *[len(order)] * len(noise)],
        "background": len(noise),
    }
    with tempfile.TemporaryDirectory(prefix="sluice-fit-") as folder:
        env = building.environment_of(settings, say)
        building.fit(planning.plan(settings, None), env, request, Path(folder), say)
        held = json.loads((Path(folder) / "held-out.json").read_text(encoding="utf-8"))
        made = Made(labels, len(kept), held, Path(folder) / "head.npz")
        return _write(wanted, names, made)


@dataclass(frozen=True, slots=True)
class Made:
    """What the build gave: the head, and what it told of texts that were left out."""

    labels: Sequence[str]
    rows: int
    held: Mapping[str, Any]
    weights: Path


def background() -> list[str]:
    """Greetings, noise, jokes: what the shipped packs have as examples of nothing."""
    packs = [load_pack(file) for file in choosing.shipped().values()]
    return sorted(
        {
            text
            for pack in packs
            if pack.task is Task.INTENT
            for texts in pack.labels[OTHER].examples.values()
            for text in texts
        }
    )


def sample(rows: Sequence[Row], per_class: int | None, seed: int) -> list[Row]:
    """So many of each label, drawn by the seed alone; all of a label that has fewer."""
    if per_class is None:
        return list(rows)
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.label, row.text)):
        by_label[row.label].append(row)
    drawn: list[Row] = []
    for label, found in by_label.items():
        chance = random.Random(f"{seed}:{label}")  # noqa: S311 - a sample, no secret
        drawn += chance.sample(found, min(per_class, len(found)))
    return drawn


def name_of(label: str) -> str:
    """A label as packs may call it."""
    plain = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")
    if not plain:  # in another script: titles have it as it is
        return f"label_{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    return (plain if plain[:1].isalpha() else f"label_{plain}")[:_MOST_NAME].rstrip("_")


def held_out(found: Mapping[str, Any], labels: Sequence[str]) -> list[Judged]:
    """What was said of texts that were left out of a fit."""

    def judged(row: Sequence[float]) -> Judged:
        owner, best = int(row[0]), labels[int(row[1])]
        inside = owner >= 0 and labels[owner] != OTHER
        return Judged(
            truth=frozenset({labels[owner]}) if inside else frozenset(),
            guess=None if best == OTHER else best,
            confidence=row[2],
            scope=row[3],
            answered=False,
        )

    return [judged(row) for row in (*found["rows"], *found["left_out"])]


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Of rows that are the same in text and label, one."""
    return list({(row.text, row.label): row for row in reversed(rows)}.values())


def _names(rows: Sequence[Row], wanted: Wanted) -> dict[str, str]:
    found = {label: name_of(label) for label in sorted({row.label for row in rows})}
    mark = wanted.out_of_scope
    if mark is not None:
        if mark not in found:
            raise ConfigurationError(
                f"--out-of-scope: no row has the label '{mark}': leave the option out, or name one "
                f"of {', '.join(sorted(found)[:10])}"
            )
        found[mark] = OTHER
    taken: dict[str, str] = {}
    for label, name in found.items():
        if taken.setdefault(name, label) != label:
            raise ConfigurationError(
                f"{wanted.label}: '{label}' and '{taken[name]}' would both be called '{name}': "
                "rename one of them"
            )
    if len(found) - (OTHER in taken) < _LEAST_LABELS:
        raise ConfigurationError(f"{wanted.label}: a pack needs at least two labels in scope")
    return found


def _write(wanted: Wanted, names: Mapping[str, str], made: Made) -> FittedHead:
    held, weights = made.held, made.weights
    judged = held_out(held, made.labels)
    chosen = limits.choose(judged)
    wanted.into.mkdir(parents=True, exist_ok=True)
    file = wanted.into / f"{wanted.name}.yaml"
    for stale in (fitted.description(file), fitted.weights(file)):
        stale.unlink(missing_ok=True)
    file.write_text(_dumped(_pack(wanted, names, chosen)), encoding="utf-8")
    pack = load_pack(file)
    shutil.copyfile(weights, fitted.weights(file))
    head = FittedHead(
        pack=pack.id,
        pack_digest=pack.digest,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        encoder={name: str(value) for name, value in held["encoder"].items()},
        data=", ".join(each.name for each in wanted.data),
        data_sha256=labelled.digest(*wanted.data),
        licence=wanted.licence,
        rows=made.rows,
        settings={
            "shrinkage": held["shrinkage"],
            "penalty_c": held["penalty_c"],
            "temperature": held["temperature"],
            "background": held["background"],
            "per_class": wanted.per_class or 0,
            "seed": wanted.seed,
        },
        held_out=_scores(judged, chosen),
    )
    fitted.description(file).write_text(_dumped(head.model_dump(mode="json")), encoding="utf-8")
    file.with_suffix(".card.md").write_text(card.write(pack, head), encoding="utf-8")
    return head


def _pack(wanted: Wanted, names: Mapping[str, str], chosen: Limits) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    for label, name in sorted(names.items(), key=lambda item: (item[1] == OTHER, item[1])):
        if name != OTHER:
            said = " ".join(label.replace("_", " ").split())
            labels[name] = {"title": said[:80], "description": f"About: {said[:400]}."}
            if label != name:
                labels[name]["known_as"] = label
    labels[OTHER] = {"title": "Something else", "description": "What none of the others fits."}
    if wanted.out_of_scope not in {None, OTHER}:
        labels[OTHER]["known_as"] = wanted.out_of_scope
    return {
        "pack": wanted.name,
        "version": wanted.version,
        "task": wanted.task,
        "title": f"Labels of {', '.join(each.name for each in wanted.data)}",
        "description": f"Made by `sluice packs fit` from {len(names)} labels; titles are their "
        "names. Edit thresholds, queues and risks freely; labels and titles belong to the head.",
        "thresholds": {"confidence": chosen.confidence, "margin": 0.0, "scope": chosen.scope},
        "labels": labels,
    }


def _scores(judged: Sequence[Judged], chosen: Limits) -> dict[str, float]:
    found = asdict(metrics.figures(judged))
    kept = ("rows", "inside", "accuracy", "macro_f1", "coverage", "auroc", "ece")
    scores = {name: round(float(found[name]), 4) for name in kept if found[name] is not None}
    return scores | {
        "answered": round(chosen.coverage, 4),
        "answered_precision": round(chosen.precision, 4),
    }


def _dumped(plain: Mapping[str, Any]) -> str:
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=100)
