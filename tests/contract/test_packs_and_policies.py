"""The shipped label packs and the shipped policies speak of the same labels and queues."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import services.decider.policies
from services.assessor.domain import reading
from services.assessor.domain.asking import Task
from services.assessor.packs import load_packs
from services.decider.domain import observing

POLICIES = Path(services.decider.policies.__file__).parent


def policy(name: str) -> dict[str, Any]:
    """As it is written."""
    return yaml.safe_load((POLICIES / f"{name}.yaml").read_text())


def asked(node: Any, facts: tuple[str, ...]) -> Iterator[str]:
    """Every value that a condition anywhere in the document compares these facts with."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in facts:
                yield from values(value)
            else:
                yield from asked(value, facts)
    elif isinstance(node, list):
        for each in node:
            yield from asked(each, facts)


def values(node: Any) -> Iterator[str]:
    """Of a condition: a word, a list of words, or an operator over such."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from values(value)
    elif isinstance(node, list):
        for each in node:
            yield from values(each)


@pytest.mark.parametrize(
    ("name", "task", "facts"),
    [
        ("support", Task.INTENT, ("intent.label", "intent.guess")),
        ("support", Task.SENTIMENT, ("sentiment.label",)),
        ("support", Task.URGENCY, ("urgency.label",)),
        ("supply", Task.EXCEPTION, ("exception.label", "exception.guess")),
    ],
)
def test_a_policy_asks_for_labels_that_a_pack_has(
    name: str, task: Task, facts: tuple[str, ...]
) -> None:
    """A rule for a label that no model ever gives would wait for ever, unseen."""
    found = set(asked(policy(name), facts))
    assert found
    assert found <= set(load_packs()[task].labels)


def test_a_label_that_the_policy_routes_goes_to_the_pack_s_queue() -> None:
    """Whoever reads only the pack must not be misled."""
    labels = load_packs()[Task.INTENT].labels
    routes = policy("support")["facts"]["policy.queue"]["first"]
    routed = {label: case["is"] for case in routes for label in values(case["when"])}
    assert len(routed) > 10
    assert routed == {label: labels[label].queue for label in routed}


def test_a_suspicion_is_called_the_same_by_pack_reader_and_decider() -> None:
    """Else an order to a machine would be read, and nobody told."""
    labels = set(load_packs()[Task.INJECTION].labels)
    assert {observing.INSTRUCTION, reading.USUAL} <= labels
