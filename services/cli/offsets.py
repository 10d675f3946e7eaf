"""`sluice offsets`: where services stand, and how to go on over a loss."""

import asyncio
import json
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from services.chassis.errors import SluiceError
from topics.catalog import ALL

_SERVICES = sorted(
    topic.name.removesuffix(".dead-letter.v1")
    for topic in ALL
    if topic.name.endswith(".dead-letter.v1")
)


@click.group("offsets", help="Show committed offsets; accept a loss and go on.")
def offsets() -> None:
    """Group of commands."""


_BOOTSTRAP = click.option(
    "--bootstrap-servers",
    envvar="SLUICE_KAFKA_BOOTSTRAP_SERVERS",
    required=True,
    help="Kafka's address; `sluice status` shows the local one.",
)
_SERVICE = click.Choice(_SERVICES)


@offsets.command("show")
@_BOOTSTRAP
@click.option("--service", type=_SERVICE, multiple=True, help="Default: all of them.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def show(bootstrap_servers: str, service: tuple[str, ...], *, as_json: bool) -> None:
    """Committed offset, begin, end and lag per partition."""
    from services.chassis.kafka.groups import Groups  # noqa: PLC0415 - keeps --help fast
    from services.chassis.kafka.settings import KafkaSettings  # noqa: PLC0415 - the same

    try:
        groups = Groups(KafkaSettings(bootstrap_servers=bootstrap_servers))
        found = [(name, each) for name in service or _SERVICES for each in groups.standings(name)]
    except SluiceError as error:
        raise click.ClickException(str(error)) from error
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
@_BOOTSTRAP
@click.option("--service", type=_SERVICE, required=True, help="Whose offset is moved.")
@click.option("--topic", required=True, help="As the service's last words named it.")
@click.option("--partition", type=click.IntRange(0), required=True, help="The same.")
@click.option("--execute", is_flag=True, help="Do it. Without, only say what would be done.")
def accept_loss(
    bootstrap_servers: str, service: str, topic: str, partition: int, *, execute: bool
) -> None:
    """Record that records are lost, and let the service go on behind them.

    The service stopped because an offset that it needs is not in the log. Find out why first: what
    is skipped here is gone for good. The range is written to the service's dead-letter topic
    before the offset moves. All processes of the service must be stopped.
    """
    from services.chassis.kafka.groups import Groups  # noqa: PLC0415 - keeps --help fast
    from services.chassis.kafka.settings import KafkaSettings  # noqa: PLC0415 - the same

    settings = KafkaSettings(bootstrap_servers=bootstrap_servers)
    groups = Groups(settings)
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
    asyncio.run(_record(settings, service, topic, partition, loss.first, loss.until))
    groups.accept(service, loss)
    click.echo(f"recorded in {service}.dead-letter.v1; the service goes on at {loss.until}")


async def _record(
    settings: object, service: str, topic: str, partition: int, first: int, until: int
) -> None:
    """The audit: in the one place where people look for what was not processed."""
    from services.chassis.kafka.publisher import KafkaPublisher  # noqa: PLC0415 - keeps --help fast
    from services.chassis.kafka.settings import KafkaSettings  # noqa: PLC0415 - the same
    from services.chassis.record import Message  # noqa: PLC0415 - the same

    assert isinstance(settings, KafkaSettings)  # noqa: S101 - typed as object for the lazy import
    accepted_at = datetime.now(UTC).isoformat()
    value = {
        "topic": topic,
        "partition": partition,
        "first": first,
        "until": until,
        "accepted_at": accepted_at,
    }
    headers = {
        "sluice-reason": "loss-accepted",
        "sluice-origin-topic": topic,
        "sluice-origin-partition": str(partition),
        "sluice-origin-offset": str(first),
    }
    publisher = KafkaPublisher(settings, client_id="sluice")
    try:
        await publisher.send(
            [
                Message(
                    f"{service}.dead-letter.v1",
                    None,
                    json.dumps(value).encode(),
                    tuple((name, text.encode()) for name, text in headers.items()),
                )
            ]
        )
    finally:
        await publisher.close()
