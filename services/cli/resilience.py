"""`sluice resilience`: kill workers at random under load and judge the result."""

import click

from services.chassis.errors import SluiceError


@click.command("resilience")
@click.option(
    "--kills", type=click.IntRange(0), default=30, show_default=True, help="kill -9 how often."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Same seed, same events and victims."
)
@click.option(
    "--events", type=click.IntRange(1), default=5_000, show_default=True, help="How many events."
)
@click.option(
    "--tickets",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Share of tickets, which need the model; the rest are structured supply events.",
)
def resilience(kills: int, seed: int, events: int, tickets: float) -> None:
    """Kill workers at random while events flow, and compare with a run without faults.

    Starts a Kafka and a Triton of its own; a running stack is not touched. Exit code 1 when a
    promise was broken: an event lost, decided twice or differently, an action that the run
    without faults did not have.
    """
    from infra.local.triton import serving  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast
    from rich.table import Table  # noqa: PLC0415

    from infra.resilience.run import run  # noqa: PLC0415

    console = Console()
    try:
        with console.status("starting Triton") as status, serving() as triton_url:
            report = run(
                triton_url,
                kills=kills,
                seed=seed,
                events=events,
                tickets=tickets,
                say=status.update,
            )
    except SluiceError as error:
        raise click.ClickException(str(error)) from error
    table = Table("what", "count", title=f"seed {seed}")
    table.add_row("events published", str(report.events))
    for fault, count in sorted(report.storm.counts.items()):
        table.add_row(fault, str(count))
    table.add_row("cases decided", str(report.decisions))
    table.add_row("dead letters", str(report.dead_letters))
    table.add_row("actions emitted", str(report.actions))
    table.add_row("seconds", f"{report.seconds:.0f}")
    table.add_row(
        "promises broken", str(len(report.broken)), style="red" if report.broken else "green"
    )
    console.print(table)
    for line in report.broken[:20]:
        console.print(line, style="red", highlight=False)
    raise SystemExit(1 if report.broken else 0)
