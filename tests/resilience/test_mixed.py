"""Every source at once, in small: the run that `python -m infra.resilience.mixed` makes."""

from infra.resilience import mixed
from services.intake.formats import ALL


def test_records_of_every_source_add_up_through_faults(triton, tmp_path) -> None:
    """Two kills, guests that join and leave, a dead letter mended and redriven in the middle."""
    plan = mixed.Plan(records=400, seed=3, public=None)
    report = mixed.run(triton, plan, home=tmp_path)
    assert report.broken == []
    assert report.total.sum.holds
    assert report.total.records == 401, "and the one that is redriven"
    assert report.total.documents > 0
    assert report.total.sum.dead_letters > 0
    assert report.repeats > 0
    assert report.faults.total() == 5
    lines = {line.source: line for line in report.lines}
    assert lines.keys() == {*ALL, "late-helpdesk"}
    assert lines["late-helpdesk"].sum.decided == 1
    assert all(line.sum.decided for line in report.lines)
    assert all(line.sum.holds for line in report.lines)
