"""`sluice topics`: compare the broker with the catalogue, or make it so."""

import json
from typing import TYPE_CHECKING

import click

from services.cli.broker import KAFKA

if TYPE_CHECKING:
    from services.chassis.kafka.settings import KafkaSettings


@click.group("topics", help="Topics as declared in topics/: check for drift, or apply.")
def topics() -> None:
    """Group of commands."""


_PARTITIONS = click.option(
    "--partitions",
    type=click.IntRange(1),
    default=24,
    show_default=True,
    help="The chain's one partition count; the local stack uses 4. Never change it later.",
)


@topics.command("check")
@KAFKA
@_PARTITIONS
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def check(kafka: "KafkaSettings", partitions: int, *, as_json: bool) -> None:
    """Report every difference; exit code 1 when there is one."""
    from services.chassis.kafka import provisioning  # noqa: PLC0415 - keeps --help fast

    drift = provisioning.check(kafka.confluent(), partitions=partitions)
    if as_json:
        click.echo(json.dumps([{"topic": d.topic, "kind": d.kind, "what": str(d)} for d in drift]))
    else:
        for difference in drift:
            click.echo(str(difference))
        click.echo(f"{len(drift)} differences" if drift else "as declared")
    raise SystemExit(1 if drift else 0)


@topics.command("apply")
@KAFKA
@_PARTITIONS
@click.option(
    "--replication",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Copies of each partition; 1 only on a single development broker.",
)
def apply(kafka: "KafkaSettings", partitions: int, replication: int) -> None:
    """Create what is missing and correct configuration; idempotent.

    A wrong partition count is reported and left alone: changing it would move keys.
    """
    from services.chassis.kafka import provisioning  # noqa: PLC0415 - keeps --help fast

    left = provisioning.apply(kafka.confluent(), partitions=partitions, replication=replication)
    for difference in left:
        click.echo(str(difference), err=True)
    click.echo("as declared" if not left else f"{len(left)} differences left: see above")
    raise SystemExit(1 if left else 0)
