"""Every source at once: does events = decided + dead letters hold, over distinct origins?

    python -m infra.resilience.mixed --records 20000

Our examples, varied by a seed, and public data where it is at hand (SLUICE_DATA). In the middle an
intake and a decider are killed, guests join and leave, and a dead letter is redriven after what it
lacked was mended. What is compared lies on the topics; no counter is asked.
"""

import contextlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from infra.local.triton import TritonPart
from infra.replay import public_data
from infra.resilience import faults, judge, load, real, varied
from infra.resilience.flow import Flow
from infra.resilience.found import Found
from infra.resilience.run import WORKERS, model_server
from infra.resilience.workers import ROOT
from topics.support import TICKET_RECEIVED

Say = Callable[[str], None]

# Of all records: the same again, as a source repeats what it is not sure of.
_REPEATED = 0.03
# Of public data, order lines and questions fill what the standards' documents leave of this share.
_PUBLIC = 0.5
_LATE = "late-helpdesk"
# The number of workers that come and go; nobody else has it.
_GUEST = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is published: so many records, by this seed, with public data from there."""

    records: int
    seed: int
    public: Path | None


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one source's records. `documents` hold several events each."""

    source: str
    records: int
    documents: int
    in_documents: int
    sum: judge.Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was published, what was done to the flow, and what the judge says."""

    lines: list[Line]
    total: Line
    repeats: int
    public: int
    faults: Counter[str]
    deaths: Counter[str]
    broken: list[str]
    seconds: float


def records(plan: Plan) -> list[load.Given]:
    """All that is published, in order; the same plan gives the same."""
    rng = random.Random(plan.seed)  # noqa: S311 - reproducible load, not a secret
    repeats = int(plan.records * _REPEATED)
    public = list(_public(plan, int(plan.records * _PUBLIC)))
    own = plan.records - repeats - len(public)
    given = [*public, *itertools.islice(varied.stream(plan.seed), own)]
    rng.shuffle(given)
    # What carries its id says the same wherever it is put; without one it would be another event.
    sure = [each for each in given if None not in each.events]
    for again in rng.choices(sure, k=repeats):
        given.insert(rng.randrange(len(given)), again)
    return given


def _public(plan: Plan, most: int) -> Iterator[load.Given]:
    if plan.public is None:
        return
    found = real.records(plan.public, order_lines=most // 2, texts=most // 6, seed=plan.seed)
    yield from itertools.islice(found, most)


def run(triton: TritonPart, plan: Plan, *, home: Path, say: Say = lambda _: None) -> Report:
    """Publish all with the faults in the middle, wait for the end, judge. Takes minutes."""
    started = time.monotonic()
    say("making the records")
    given = records(plan)
    with contextlib.ExitStack() as stack:
        say("starting the flow")
        flow = Flow(home / "mixed", triton, workers=WORKERS, sources=varied.sources())
        stack.callback(flow.stop)
        flow.start()
        done = _through_faults(flow, given, say)
        found = flow.settle(flow.published, within_s=180 + len(given) / 10, say=say)
        say("judging")
        return _report(flow, given, found, done, time.monotonic() - started)


def _through_faults(flow: Flow, given: Sequence[load.Given], say: Say) -> Counter[str]:
    """Six parts, and a fault while each but the last is worked on."""
    late = _late()
    steps: list[tuple[str, Callable[[], None]]] = [
        ("kill -9 intake", lambda: faults.kill(flow.of("intake")[0])),
        ("kill -9 decider", lambda: faults.kill(flow.of("decider")[0])),
        ("workers join", lambda: _join(flow)),
        ("dead letter redriven", lambda: _mend(flow)),
        ("workers leave", lambda: _leave(flow)),
        ("", lambda: None),
    ]
    flow.publish([late])
    for number, (name, step) in enumerate(steps):
        part = given[len(given) * number // len(steps) : len(given) * (number + 1) // len(steps)]
        say(name or "the rest")
        before = flow.look().records
        flow.publish(part)
        _await(flow, before + len(part) // 2)
        step()
        flow.tend()
    return Counter(name for name, _ in steps if name)


def _await(flow: Flow, records: int, patience_s: float = 30) -> None:
    """Until the flow is in the midst of it."""
    deadline = time.monotonic() + patience_s
    while flow.look().records < records and time.monotonic() < deadline:
        flow.tend()
        time.sleep(0.1)


def _join(flow: Flow) -> None:
    for service in ("intake", "assessor", "decider"):
        flow.add(service, _GUEST)
    flow.await_ready()


def _leave(flow: Flow) -> None:
    for guest in [worker for worker in flow.workers if worker.number == _GUEST]:
        flow.remove(guest)


def _late() -> load.Given:
    """A ticket of a helpdesk that the operator has not entered yet."""
    tenant = load.TENANTS[0]
    ticket = load.ticket("t-late", tenant, "Where is my refund? I sent it back two weeks ago.")
    said = load.headers(TICKET_RECEIVED.name, f"/{_LATE}/{tenant}", "t-late")
    return replace(ticket, headers=said, source=_LATE, must="redriven")


def _mend(flow: Flow) -> None:
    """The operator enters the helpdesk, starts intake anew, and redrives what was rejected."""
    tenant = load.TENANTS[0]
    with flow.sources.open("a", encoding="utf-8") as file:
        file.write(
            f"- {{name: {_LATE}, tenant: {tenant}, topic: {TICKET_RECEIVED.name},"
            f" ce_source: /{_LATE}/{tenant}, format: sluice-ticket}}\n"
        )
    for intake in flow.of("intake"):
        intake.stop()
        intake.start()
    flow.await_ready()
    subprocess.run(
        [sys.executable, "-m", "services.cli.main", "dead-letters", "redrive", "--execute",
         "--service", "intake", "--reason", "rejected",
         "--bootstrap-servers", flow.broker.bootstrap_servers],
        cwd=ROOT, env=os.environ, check=True, timeout=300, capture_output=True,
    )  # fmt: skip


def _report(
    flow: Flow,
    given: Sequence[load.Given],
    found: Found,
    done: Counter[str],
    seconds: float,
) -> Report:
    by_source: dict[str, list[load.Published]] = {}
    for each in flow.published:
        by_source.setdefault(each.given.source, []).append(each)
    lines = [_line(name, published, found) for name, published in sorted(by_source.items())]
    total = _line("all", flow.published, found)
    broken = [
        *judge.faults(flow.published, found),
        *judge.unasked(flow.published, found),
        *(f"action {action} is owed" for action in found.owed),
    ]
    parts = Counter[str]()
    for line in lines:
        parts.update(events=line.sum.events, decided=line.sum.decided, dead=line.sum.dead_letters)
    if judge.Sum(parts["events"], parts["decided"], parts["dead"]) != total.sum:
        broken.append(f"the sources' sums are not the whole: {dict(parts)}, {total.sum}")
    return Report(
        lines=lines,
        total=total,
        repeats=len(given) - len({each.id for each in given}),
        public=sum(each.id.startswith(real.MARK) for each in given),
        faults=done,
        deaths=flow.deaths,
        broken=broken,
        seconds=seconds,
    )


def _line(source: str, published: Sequence[load.Published], found: Found) -> Line:
    several = [len(each.given.events) for each in published if len(each.given.events) > 1]
    return Line(source, len(published), len(several), sum(several), judge.adds_up(published, found))


def show(report: Report, plan: Plan, console: Console) -> None:
    """The table, and what was broken."""
    table = Table(title=f"events = decided + dead letters, seed {plan.seed}")
    table.add_column("source", no_wrap=True)
    for column in (
        "records",
        "documents",
        "events in them",
        "events",
        "decided",
        "dead letters",
    ):
        table.add_column(column, justify="right")
    for line in (*report.lines, report.total):
        table.add_row(
            line.source,
            *(f"{number:,}" for number in (line.records, line.documents, line.in_documents)),
            *(
                f"{number:,}"
                for number in (line.sum.events, line.sum.decided, line.sum.dead_letters)
            ),
            style=None if line.sum.holds else "red",
            end_section=line is report.lines[-1],
        )
    console.print(table)
    console.print(
        f"{report.public:,} records are public data, {report.repeats:,} repeats of others;"
        " a repeat is no new event, a document counts its events one by one"
    )
    console.print(f"in the middle: {', '.join(report.faults)}; {report.seconds:.0f} s")
    for name, times in report.deaths.items():
        console.print(f"ended by itself: {name}, {times} times")
    style = "red" if report.broken else "green"
    verdict = "holds exactly" if report.total.sum.holds else "does not hold"
    console.print(
        f"{report.total.sum}: {verdict}; promises broken: {len(report.broken)}", style=style
    )
    for broken in report.broken[:20]:
        console.print(broken, style="red", highlight=False)


@click.command()
@click.option("--records", "count", type=click.IntRange(60), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same records.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep logs, journals and snapshots in this folder.",
)
def main(count: int, seed: int, keep: Path | None) -> None:
    """Publish records of every source with faults in the middle, and judge what came out.

    Starts a Kafka and a Triton of its own. Exit code 1 when a promise was broken.
    """
    console = Console(highlight=False)
    plan = Plan(records=count, seed=seed, public=public_data.home())
    if plan.public is None:
        console.print(f"no public data sets: {public_data.VARIABLE} names no folder; our own alone")
    with (
        console.status("starting") as status,
        tempfile.TemporaryDirectory(prefix="sluice-mixed-") as folder,
        model_server(keep or Path(folder), status.update) as triton,
    ):
        report = run(triton, plan, home=keep or Path(folder), say=status.update)
    show(report, plan, console)
    raise SystemExit(1 if report.broken else 0)


if __name__ == "__main__":
    main()
