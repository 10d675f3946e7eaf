"""The registry of names says what there is, no more and no less."""

import re
from pathlib import Path

import pytest

from services.chassis.names import METRICS, Attr

ROOT = Path(__file__).parents[2]
REGISTRY = ROOT / "services/chassis/names.py"
SOURCES = "\n".join(
    path.read_text() for path in sorted((ROOT / "services").rglob("*.py")) if path != REGISTRY
)


@pytest.mark.parametrize("name", METRICS)
def test_every_registered_metric_is_measured_somewhere(name) -> None:
    """A panel or an alert over a metric that nobody sets would stay silent for ever."""
    assert f'"{name}"' in SOURCES


@pytest.mark.parametrize("attribute", Attr, ids=lambda a: a.name)
def test_every_registered_attribute_is_set_somewhere(attribute) -> None:
    """What the registry promises can be searched for in a trace store."""
    assert re.search(rf"\bAttr\.{attribute.name}\b", SOURCES)


def test_every_metric_that_is_set_is_registered() -> None:
    """One place says what can be scraped, with its help and its labels."""
    used = set(re.findall(r'"(sluice_[a-z_]+)"', SOURCES))
    assert used <= set(METRICS)
