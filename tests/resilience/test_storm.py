"""Kill -9 at random: the run that `sluice resilience` makes, with kills alone."""

from infra.resilience import run


def test_thirty_random_kills_under_a_backlog_lose_nothing(triton, tmp_path) -> None:
    """Whoever dies whenever: every event ends once, and no action is the oracle's not."""
    plan = run.Plan(kills=30, seed=1, events=4_000, points={}, others=False)
    report = run.run(triton, plan, home=tmp_path)
    assert report.broken == []
    assert report.faults.total() == 30
    assert report.adds_up.holds
    assert report.adds_up.events >= 4_000
    assert report.actions > 0
