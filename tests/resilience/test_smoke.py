"""The short proof that `make test` takes along; the whole is tests/resilience."""

from infra.resilience import run

_FEW = {
    "intake": ("boundary.after-send",),
    "assessor": ("assessor.after-infer", "boundary.before-ack"),
    "decider": ("decider.after-append", "decider.after-emission"),
}


def test_a_few_crash_points_and_kills_lose_nothing(triton, tmp_path) -> None:
    """Five named points and eight random kills: judged against the same events in peace."""
    plan = run.Plan(kills=8, seed=2, events=1_000, points=_FEW, others=False)
    report = run.run(triton, plan, home=tmp_path)
    assert report.broken == []
    assert report.missed == []
    assert report.faults.total() == 13
