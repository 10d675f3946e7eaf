"""`sluice offsets`: where services stand, and how to go on over a loss."""

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from services.chassis import dead_letters
from services.chassis.redrive import dead_letter_topic, services
from services.cli.broker import KAFKA
from topics.catalog import ALL

if TYPE_CHECKING:
    from services.chassis.kafka.groups import Loss
    from services.chassis.kafka.settings import KafkaSettings

_SERVICES = services(ALL)


@click.group("offsets", help="Show committed offsets; accept a loss and go on.")
def offsets() -> None:
    """Group of commands."""


_SERVICE = click.Choice(_SERVICES)


@offsets.command("show")
@KAFKA
@click.option("--service", type=_SERVICE, multiple=True, help="Default: all of them.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def show(kafka: "KafkaSettings", service: tuple[str, ...], *, as_json: bool) -> None:
    """Committed offset, begin, end and lag per partition."""
    from services.chassis.kafka.groups import Groups  # noqa: PLC0415 - keeps --help fast

    groups = Groups(kafka)
    found = [(name, each) for name in service or _SERVICES for each in groups.standings(name)]
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "service": name,
                        "topic": each.topic,
                        "partition": each.partition,
                        "committed": each.committed,
                        "begin": each.begin,
                        "end": each.end,
                        "lag": each.lag,
                    }
                    for name, each in found
                ]
            )
        )
        return
    table = Table("service", "topic", "partition", "committed", "begin", "end", "lag")
    for name, each in found:
        numbers = (each.partition, each.committed, each.begin, each.end, each.lag)
        table.add_row(name, each.topic, *(str(number) for number in numbers))
    Console().print(table if found else "nothing committed yet")


@offsets.command("accept-loss")
@KAFKA
@click.option("--service", type=_SERVICE, required=True, help="Whose offset is moved.")
@click.option("--topic", required=True, help="As the service's last words named it.")
@click.option("--partition", type=click.IntRange(0), required=True, help="The same.")
@click.option("--execute", is_flag=True, help="Do it. Without, only say what would be done.")
def accept_loss(
    kafka: "KafkaSettings", service: str, topic: str, partition: int, *, execute: bool
) -> None:
    """Record that records are lost, and let the service go on behind them.

    The service stopped because an offset that it needs is not in the log. Find out why first: what
    is skipped here is gone for good. The range is written to the service's dead-letter topic
    before the offset moves. All processes of the service must be stopped.
    """
    from services.chassis.kafka.groups import Groups  # noqa: PLC0415 - keeps --help fast

    groups = Groups(kafka)
    standing = next(
        (
            each
            for each in groups.standings(service)
            if (each.topic, each.partition) == (topic, partition)
        ),
        None,
    )
    if standing is None:
        raise click.ClickException(f"{service} has committed nothing on {topic}[{partition}]")
    loss = groups.loss(standing)
    if loss is None:
        click.echo(f"nothing is missing at offset {standing.committed} of {topic}[{partition}]")
        return
    back = loss.until < loss.first
    what = "log was cut or made anew: read again from" if back else f"lost {loss.first} up to"
    click.echo(f"{service} on {topic}[{partition}]: {what} {loss.until}")
    if not execute:
        click.echo("nothing done; repeat with --execute")
        return
    asyncio.run(_record(kafka, service, loss))
    groups.accept(service, loss)
    click.echo(f"recorded in {dead_letter_topic(service)}; the service goes on at {loss.until}")


async def _record(kafka: "KafkaSettings", service: str, loss: "Loss") -> None:
    """The audit comes first: what is not written down is not given up."""
    from services.chassis.kafka.publisher import KafkaPublisher  # noqa: PLC0415 - keeps --help fast

    now = datetime.now(UTC)
    audit = dead_letters.accepted_loss(
        # Nothing is left that says when the lost ones were written.
        dead_letters.RecordOrigin(loss.topic, loss.partition, loss.first, now),
        loss.until,
        service=service,
        topic=dead_letter_topic(service),
        at=now,
    )
    publisher = KafkaPublisher(kafka, client_id="sluice")
    try:
        await publisher.send([audit])
    finally:
        await publisher.close()
