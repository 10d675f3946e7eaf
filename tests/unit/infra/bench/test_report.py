"""What is computed from what was measured: percentiles, shares, targets, the written report."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from infra.bench.direct import Direct
from infra.bench.report import Burst, Flow, Report, Steady, Waits, per_case, percentile, waits
from infra.bench.show import show
from infra.bench.spending import Role, Spent

ROLES = {
    "intake-1": Role.PIPELINE,
    "tritonserver": Role.PIPELINE,
    "model encoder": Role.MODEL,
    "kafka": Role.BROKER,
    "zipkin": Role.STORE,
    "supervisor": Role.BESIDE,
}


def burst(cases: int, seconds: float, *, direct_per_s: float | None = None) -> Burst:
    """A round; the pipeline costs 0.5 ms per case."""
    cpu = dict.fromkeys(ROLES, 0.25)
    return Burst(
        cases=cases,
        actions=2 * cases,
        seconds=seconds,
        settle_s=1.0,
        cpu_ms=cpu,
        roles_ms={role.value: 0.25 for role in Role} | {"pipeline": 0.5},
        other_cores=0.01,
        stolen_cores=0.0,
        direct=None if direct_per_s is None else Direct(cases, 40, 1.0, direct_per_s, 1.2, 0.05),
    )


def steady(p99_ms: float | None) -> Steady:
    """Half of the capacity."""
    said = Waits(10, 50.0, p99_ms or 0.0, 300.0)
    return Steady(50.0, 10, 0.2, said, None if p99_ms is None else said, {}, {})


def report(tickets: Flow, supply: Flow) -> Report:
    """A run on some machine."""
    return Report(
        made_at="2026-11-25T00:00:00+00:00",
        command="sluice bench",
        machine={"cpu": "some", "cores": 2, "features": ["avx2"], "load_before": 0.1},
        versions={"commit": "abc"},
        model={
            "identity": {"version": "1.0", "quantization": "int8", "runtime": "openvino"},
            "weights": "e5",
            "processes": 2,
        },
        settings={},
        roles=ROLES,
        idle_cores=dict.fromkeys(ROLES, 0.01),
        tickets=tickets,
        supply=supply,
    )


TICKETS = Flow(
    [burst(100, 1.0, direct_per_s=100), burst(100, 1.25, direct_per_s=100),
     burst(90, 1.0, direct_per_s=180)],
    steady(240.0),
)  # fmt: skip
SUPPLY = Flow([burst(1000, 1.0)], steady(30.0))


@pytest.mark.parametrize(
    ("rank", "expected"), [(50, 50), (99, 99), (100, 100), (99.5, 100), (0, 1)]
)
def test_a_percentile_is_a_value_that_occurred(rank: float, expected: int) -> None:
    """By nearest rank: interpolation would invent a latency that nobody had."""
    assert percentile(list(range(1, 101)), rank) == expected


def test_few_values_have_percentiles_too() -> None:
    """The p99 of three waits is the longest of them, in milliseconds."""
    assert waits([0.3, 0.1, 0.2]) == Waits(3, 200.0, 300.0, 300.0)
    assert waits([]) is None
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_cpu_is_told_per_case_and_role() -> None:
    """The pipeline is services and server together; the model is apart from it."""
    spent = Spent(
        10.0,
        {"intake-1": 1.0, "tritonserver": 0.5, "model encoder": 7.0, "kafka": 0.25, "zipkin": 0.0,
         "supervisor": 0.0},
        ROLES,
        other=0.0,
        stolen=0.0,
    )  # fmt: skip
    by_name, by_role = per_case(spent, cases=1000)
    assert by_name["intake-1"] == 1.0
    assert by_role == {
        "pipeline": 1.5, "model": 7.0, "broker": 0.25, "trace store": 0.0, "beside": 0.0,
    }  # fmt: skip


def test_each_round_is_compared_with_its_own_ceiling() -> None:
    """A machine's speed drifts: shares 1.0, 0.8 and 0.5 give 0.8, whatever the rates are."""
    assert TICKETS.share == 0.8
    assert TICKETS.per_s == 90
    assert SUPPLY.share is None


def test_a_share_by_cpu_counts_everything_that_a_case_costs() -> None:
    """1.2 ms of the model in process against 0.5 of the pipeline and 4 x 0.25 of all others."""
    assert TICKETS.cpu_share == pytest.approx(0.8)
    assert SUPPLY.cpu_share is None


def test_targets_say_what_was_met() -> None:
    """At most and at least are told apart, and a bound itself is met."""
    assert [target.met for target in report(TICKETS, SUPPLY).targets] == [True, True, True, True]
    slow = Flow([burst(79, 1.0, direct_per_s=100)], steady(250.1))
    dear = Flow([replace(burst(1000, 1.0), roles_ms={"pipeline": 1.01})], steady(1.0))
    assert [target.met for target in report(slow, dear).targets] == [True, False, False, False]


def test_without_an_action_there_is_no_verdict() -> None:
    """Latency to action that was never measured is neither met nor missed."""
    nothing = report(Flow(TICKETS.bursts, steady(None)), SUPPLY)
    assert nothing.targets[-1].met is None


def test_the_written_report_is_complete_and_plain() -> None:
    """Every derived number is in the file: a reader computes nothing again."""
    written = json.loads(json.dumps(report(TICKETS, SUPPLY).to_json()))
    assert written["format"] == 1
    assert written["tickets"]["share_of_direct"] == 0.8
    assert written["tickets"]["cpu_share_of_direct"] == 0.8
    assert written["tickets"]["bursts"][1]["per_s"] == 80
    assert written["tickets"]["roles_ms"]["pipeline"] == 0.5
    assert written["targets"][2] == {
        "what": "whole flow against the model called directly",
        "bound": "at least",
        "target": 0.8,
        "measured": 0.8,
        "unit": "x",
        "met": True,
    }


def test_the_tables_name_every_process_and_what_was_missed() -> None:
    """People see who spent what, and the miss beside its target."""
    slow = Flow([burst(79, 1.0, direct_per_s=100)], steady(None))
    out = StringIO()
    show(report(slow, SUPPLY), Console(file=out, width=120))
    assert all(name in out.getvalue() for name in ROLES)
    assert "missed" in out.getvalue()
    assert "avx2" in out.getvalue()


def test_a_busy_machine_is_told() -> None:
    """Figures taken beside a compiler run must not be taken for ours."""
    calm, out = report(TICKETS, SUPPLY), StringIO()
    show(calm, Console(file=out, width=120))
    assert "calm machine" not in out.getvalue()
    noisy = replace(SUPPLY, bursts=[replace(burst(1000, 1.0), other_cores=0.9, stolen_cores=0.1)])
    show(report(TICKETS, noisy), Console(file=out, width=120))
    assert "other programs had up to 1.0 of 2 cores" in out.getvalue()


def test_a_disturbed_ceiling_is_told_too() -> None:
    """A ceiling taken beside a compiler run makes the flow look good."""
    rounds = [
        replace(each, direct=replace(each.direct, other_cores=0.6)) for each in TICKETS.bursts
    ]
    assert report(replace(TICKETS, bursts=rounds), SUPPLY).lost_cores == 0.6
