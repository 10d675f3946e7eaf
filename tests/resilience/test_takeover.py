"""Workers that pause, come, go, or lose their memory; others take over and give back."""

from infra.resilience import faults, load
from tests.flows import judged, until


def test_paused_past_its_session_a_decider_adds_nothing_when_it_wakes(flow, oracle) -> None:
    """The other takes over meanwhile; the sleeper still thinks that it owns its lanes."""
    sleeper = flow.of("decider")[0]
    events = load.stream(21, 1_500)
    published = flow.publish([next(events) for _ in range(1_000)])
    seen = flow.look().records
    until(lambda: flow.look().records > seen + 100, 60, "it works")
    sleeper.pause()
    published += flow.publish([next(events) for _ in range(250)])
    # All of them end while it sleeps: its lanes are the other's now.
    judged(flow, published, None)
    published += flow.publish([next(events) for _ in range(50)])
    sleeper.resume()
    published += flow.publish(events)
    judged(flow, published, oracle)


def test_a_paused_assessor_that_wakes_changes_nothing(flow, oracle) -> None:
    """What it had asked the models before it slept is let go of, or the same again."""
    sleeper = flow.of("assessor")[0]
    flow.add("assessor", 2)
    flow.await_ready()
    published = flow.publish(load.stream(22, 600, tickets=0.5))
    seen = flow.look().records
    until(lambda: flow.look().records > seen + 50, 60, "it works")
    sleeper.pause()
    judged(flow, published, None)
    sleeper.resume()
    published += flow.publish(load.stream(23, 200, tickets=0.5))
    judged(flow, published, oracle)


def test_workers_that_join_and_leave_under_load_lose_nothing(flow, oracle) -> None:
    """Two of each come and go by SIGTERM in mid-work: exit code 0, no event lost or repeated."""
    events = load.stream(24, 1_800, tickets=0.1)
    published = []
    for number in (7, 8):
        published += flow.publish([next(events) for _ in range(300)])
        guests = [flow.add(service, number) for service in ("intake", "assessor", "decider")]
        flow.await_ready()
        published += flow.publish([next(events) for _ in range(300)])
        assert [flow.remove(guest) for guest in guests] == [0, 0, 0]
    published += flow.publish(events)
    judged(flow, published, oracle)


def test_without_its_snapshots_a_decider_knows_all_the_same(flow, oracle) -> None:
    """Deleted under it and then killed, it rebuilds from the journal and repeats nothing."""
    published = flow.publish(given := list(load.stream(25, 400)))
    judged(flow, published, oracle)
    deleted = [faults.forget_snapshots(decider) for decider in flow.of("decider")]
    assert any(deleted)
    for decider in flow.of("decider"):
        faults.kill(decider)
    published += flow.publish(given)
    published += flow.publish(load.stream(26, 200))
    judged(flow, published, oracle)
