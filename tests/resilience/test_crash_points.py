"""Killed at every named point: the next life ends what was begun, and does nothing twice."""

from infra.resilience import points
from infra.resilience.run import feeder
from tests.flows import judged


def test_killed_once_at_every_named_point_each_event_ends_once(flow, oracle) -> None:
    """Between any two steps of any service a death loses nothing and repeats nothing."""
    before = len(flow.published)
    hit = points.walk(flow, points.POINTS, feeder(flow, seed=11), within_s=300)
    assert hit == {f"{service} {point}" for service, of in points.POINTS.items() for point in of}
    judged(flow, flow.published[before:], oracle)
