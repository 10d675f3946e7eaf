"""`sluice topics`: compare the broker with the catalogue, or make it so."""

import json

import click

from services.chassis.errors import SluiceError


@click.group("topics", help="Topics as declared in topics/: check for drift, or apply.")
def topics() -> None:
    """Group of commands."""


_BOOTSTRAP = click.option(
    "--bootstrap-servers",
    envvar="SLUICE_KAFKA_BOOTSTRAP_SERVERS",
    required=True,
    help="Kafka's address; `sluice status` shows the local one.",
)
_PARTITIONS = click.option(
    "--partitions",
    type=click.IntRange(1),
    default=24,
    show_default=True,
    help="The chain's one partition count; the local stack uses 4. Never change it later.",
)


@topics.command("check")
@_BOOTSTRAP
@_PARTITIONS
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def check(bootstrap_servers: str, partitions: int, *, as_json: bool) -> None:
    """Report every difference; exit code 1 when there is one."""
    from services.chassis.kafka import provisioning  # noqa: PLC0415 - keeps --help fast

    try:
        drift = provisioning.check({"bootstrap.servers": bootstrap_servers}, partitions=partitions)
    except SluiceError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([{"topic": d.topic, "kind": d.kind, "what": str(d)} for d in drift]))
    else:
        for difference in drift:
            click.echo(str(difference))
        click.echo(f"{len(drift)} differences" if drift else "as declared")
    raise SystemExit(1 if drift else 0)


@topics.command("apply")
@_BOOTSTRAP
@_PARTITIONS
@click.option(
    "--replication",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Copies of each partition; 1 only on a single development broker.",
)
def apply(bootstrap_servers: str, partitions: int, replication: int) -> None:
    """Create what is missing and correct configuration; idempotent.

    A wrong partition count is reported and left alone: changing it would move keys.
    """
    from services.chassis.kafka import provisioning  # noqa: PLC0415 - keeps --help fast

    try:
        left = provisioning.apply(
            {"bootstrap.servers": bootstrap_servers},
            partitions=partitions,
            replication=replication,
        )
    except SluiceError as error:
        raise click.ClickException(str(error)) from error
    for difference in left:
        click.echo(str(difference), err=True)
    click.echo("as declared" if not left else f"{len(left)} differences left: see above")
    raise SystemExit(1 if left else 0)
