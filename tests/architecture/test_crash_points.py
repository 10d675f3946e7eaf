"""A place that may crash is one that the resilience tests crash."""

import re
from pathlib import Path

from infra.resilience.points import POINTS

_SERVICES = Path(__file__).parents[2] / "services"
_REACHED = re.compile(r'crashpoints\.reach\(\s*"([^"]+)"')


def test_every_named_place_in_the_code_is_walked_and_no_other() -> None:
    """Who adds a crash point sees it hit; one that is gone is not waited for."""
    named = {
        name for file in _SERVICES.rglob("*.py") for name in _REACHED.findall(file.read_text())
    }
    assert named == {point for points in POINTS.values() for point in points}
