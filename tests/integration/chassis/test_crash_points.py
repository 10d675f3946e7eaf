"""The boundary's named crash points, each hit once: killed there, nothing is lost."""

import signal

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("point", "again"),
    [
        ("boundary.before-send", 0),
        ("boundary.after-send", 1),
        ("boundary.before-ack", 1),
    ],
)
def test_killed_at_a_named_point_nothing_is_lost(workshop, tmp_path, point, again) -> None:
    """Before sending nothing comes out twice; after it just the one chunk of every lane at work."""
    workshop.create(topic := f"in.{workshop.id}")
    workshop.feed(topic, 1_000)
    doomed = {
        "SLUICE_CRASH_POINT": point,
        "SLUICE_CRASH_MARK": str(tmp_path / "hit"),
        "TEST_CHUNK": "10",
        "TEST_REJECT_ON": "7",
    }
    first = workshop.start(topic, **doomed)
    assert first.process.wait(40) == -signal.SIGKILL
    assert (tmp_path / "hit").exists()
    second = workshop.start(topic, **doomed)
    workshop.wait_done(topic)
    assert second.end() == 0, "the place was hit already: it lives on"
    found, letters = workshop.echoes(), workshop.put_aside()
    origins = {(each.header("sluice-origin-partition"), each.header("sluice-origin-offset"))
               for each in letters}  # fmt: skip
    assert len(found.times) + len(origins) == 1_000
    assert not {o[1:] for o in found.times} & {(int(p), int(o)) for p, o in origins}
    twice = sum(found.times.values()) + len(letters) - 1_000
    assert twice <= 10 * 4 * again
    assert bool(twice) is bool(again)
    assert found.disorder == 0
