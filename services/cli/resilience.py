"""`sluice resilience`: break things under load, and judge what came out."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.cli.patience import Patience

if TYPE_CHECKING:
    from rich.console import Console

    from infra.resilience.run import Report


@click.command("resilience")
@click.option(
    "--kills", type=click.IntRange(0), default=30, show_default=True, help="kill -9 how often."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Same seed, same events and victims."
)
@click.option(
    "--events", type=click.IntRange(1), default=5_000, show_default=True, help="How many records."
)
@click.option(
    "--tickets",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Share of tickets, which need the model; the rest are structured supply events.",
)
@click.option("--kills-only", is_flag=True, help="No crash points, pauses, or absent parts.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep logs, journals and snapshots in this folder.",
)
def resilience(
    *, kills: int, seed: int, events: int, tickets: float, kills_only: bool, keep: Path | None
) -> None:
    """Break things while events flow, and compare with a run without faults.

    Every named crash point is hit once in every service; then workers are killed at random under
    a backlog; then one is paused past its session, others join and leave, Triton is killed, the
    broker is stopped and killed. It takes minutes.

    Starts a Kafka and a Triton of its own; a running stack is not touched. Exit code 1 when a
    promise was broken: an event lost, decided twice or differently, an action that the run
    without faults did not have, a dead letter that is not what came.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast

    from infra.resilience import points, run  # noqa: PLC0415

    plan = run.Plan(
        kills=kills,
        seed=seed,
        events=events,
        tickets=tickets,
        points={} if kills_only else points.POINTS,
        others=not kills_only,
    )
    console = Console()
    with (
        console.status("starting") as status,
        tempfile.TemporaryDirectory(prefix="sluice-resilience-") as folder,
    ):
        say = status.update if console.is_terminal else Patience().tell
        with run.model_server(keep or Path(folder), say) as triton:
            report = run.run(triton, plan, home=keep, say=say)
    _print(console, report, seed)
    raise SystemExit(0 if report.kept else 1)


def _print(console: "Console", report: "Report", seed: int) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table("what", "count", title=f"seed {seed}")
    table.add_row("records published", str(report.records))
    for fault, count in sorted(report.faults.items()):
        table.add_row(fault, str(count))
    for worker, count in sorted(report.deaths.items()):
        table.add_row(f"ended by itself: {worker}", str(count))
    sum_style = "green" if report.adds_up.holds else "red"
    table.add_row("events = decided + dead letters", str(report.adds_up), style=sum_style)
    table.add_row("actions asked for", str(report.actions))
    table.add_row("seconds", f"{report.seconds:.0f}")
    if report.missed:
        table.add_row("crash points missed", ", ".join(report.missed), style="red")
    table.add_row(
        "promises broken", str(len(report.broken)), style="red" if report.broken else "green"
    )
    console.print(table)
    for line in report.broken[:20]:
        console.print(line, style="red", highlight=False)
