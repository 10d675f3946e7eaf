"""`sluice vault`: what is kept of customers, looked at without opening it, and destroyed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from services.chassis.errors import ConfigurationError
from services.chassis.vault.holdings import Held, Holdings, topics
from services.cli.broker import KAFKA
from services.cli.patience import Patience
from topics.automation import CASE_ACCEPTED, CASE_ASSESSED
from topics.dead_letters import (
    ASSESSOR_DEAD_LETTERS,
    DECIDER_DEAD_LETTERS,
    INTAKE_DEAD_LETTERS,
    INTAKE_RETRY,
)
from topics.support import TICKET_RECEIVED
from topics.vault import VAULT_KEY_CHANGED

if TYPE_CHECKING:
    from services.chassis.kafka.settings import KafkaSettings

# What an erasure does not reach: it ends with the topics' retention.
_AS_IT_CAME = (TICKET_RECEIVED, INTAKE_RETRY, INTAKE_DEAD_LETTERS)
_MASKED = (CASE_ACCEPTED, CASE_ASSESSED, ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS)


@click.group("vault", help="What is kept of customers for answers: show, erase, keys.")
def vault() -> None:
    """Group of commands."""


_TENANT = click.option("--tenant", required=True, help="Whose customers.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


@vault.command("show")
@KAFKA
@_TENANT
@click.option("--customer", "customers", multiple=True, metavar="REF", help="Default: all, summed.")
@_JSON
def show(kafka: "KafkaSettings", tenant: str, customers: tuple[str, ...], *, as_json: bool) -> None:
    """What is kept, of which class, since when and under which keys; never a clear value."""
    held = _scan(kafka, tenant, customers)
    if as_json:
        values = _rows(held) if customers else []
        click.echo(json.dumps(_summary(held) | ({"held": values} if customers else {})))
        return
    _tell(held)
    if customers:
        for row in _rows(held):
            state = "readable by the courier" if row["key"] else "key destroyed"
            click.echo(f"  {row['customer']}  {row['placeholder']}  {row['at']}  {state}")


@vault.command("erase")
@KAFKA
@_TENANT
@click.option(
    "--customer",
    "customers",
    multiple=True,
    required=True,
    metavar="REF",
    help="`sluice customer-refs` tells it. One person may have several: give each.",
)
@click.option("--execute", is_flag=True, help="Do it. Without, only say what would be done.")
@_JSON
def erase(
    kafka: "KafkaSettings",
    tenant: str,
    customers: tuple[str, ...],
    *,
    execute: bool,
    as_json: bool,
) -> None:
    """Destroy all keys of a customer, and remove what lay under them.

    From then on nobody can read it, whoever has the master key or a copy of the values. What comes
    in afterwards is kept again, also a record from before that is read once more: erase when
    intake has no lag, and again if it had.
    """
    held = _scan(kafka, tenant, customers)
    if not execute:
        _report(held, done=False, as_json=as_json)
        return
    asyncio.run(_destroy(kafka, [*held.keys.values()], [*held.values.values()]))
    left = _scan(kafka, tenant, customers)
    _report(held, done=True, as_json=as_json)
    if left.keys:
        raise click.ClickException(
            f"{len(left.keys)} keys were added meanwhile: intake is still at work on this"
            " customer. Run it again"
        )


@vault.command("new-key")
def new_key() -> None:
    """Make a master key: its public half is intake's, the private one the courier's alone.

    To rotate: put the new private key before the old one, give intake the new public key, and
    drop the old private key when `sluice vault show` no longer names it.
    """
    from services.chassis.vault.keys import new_master  # noqa: PLC0415 - keeps --help fast

    private, public = new_master()
    click.echo(f"SLUICE_INTAKE_VAULT_PUBLIC_KEY={public}\nSLUICE_VAULT_PRIVATE_KEYS={private}")


def _scan(kafka: "KafkaSettings", tenant: str, customers: Sequence[str]) -> Holdings:
    from services.chassis.kafka.reading import LogReader  # noqa: PLC0415 - keeps --help fast

    reader, patience = LogReader(kafka), Patience()
    held, read = Holdings(tenant, frozenset(customers)), 0
    for topic in topics():
        count = reader.partitions(topic)
        if not count:
            raise ConfigurationError(
                f"Kafka at {kafka.bootstrap_servers} lacks {topic}. Create it: sluice topics apply"
            )
        for number in range(count):
            for batch in reader.read_all(topic, number):
                for record in batch:
                    held.take(record)
                read += len(batch)
                patience.tell(f"{topic}: {read} records read")
    return held


async def _destroy(kafka: "KafkaSettings", keys: Sequence[Held], values: Sequence[Held]) -> None:
    """Confirmed in this order: interrupted, it has destroyed keys and not only hidden values."""
    from services.chassis.kafka.publisher import KafkaPublisher  # noqa: PLC0415 - keeps --help fast

    publisher = KafkaPublisher(kafka, client_id="sluice")
    try:
        for held in (keys, values):
            await publisher.send([each.tombstone for each in held])
    finally:
        await publisher.close()


def _summary(held: Holdings) -> dict[str, object]:
    at = [each.at for each in held.values.values()]
    return {
        "tenant": held.tenant,
        "customers": len(held.known),
        "keys": len(held.keys),
        "values": len(held.values),
        "readable": sum(held.opens(each) for each in held.values.values()),
        "classes": dict(sorted(held.classes.items())),
        "masters": dict(sorted(held.masters.items())),
        "oldest": min(at).isoformat() if at else None,
        "newest": max(at).isoformat() if at else None,
    }


def _rows(held: Holdings) -> list[dict[str, object]]:
    return [
        {
            "customer": place.customer_ref,
            "placeholder": place.name,
            "at": _when(each.at),
            "key": each.by if held.opens(each) else None,
        }
        for place, each in sorted(held.values.items(), key=lambda item: item[1].at)
    ]


def _when(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _tell(held: Holdings) -> None:
    said = _summary(held)
    click.echo(
        f"{held.tenant}: {said['customers']} customers, {said['keys']} keys,"
        f" {said['values']} values, {said['readable']} of them readable by the courier"
    )
    for title, counts in (("values by class", held.classes), ("keys by master", held.masters)):
        if counts:
            click.echo(f"  {title}: {_counted(counts)}")
    if held.values:
        click.echo(f"  from {said['oldest']} to {said['newest']}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _report(held: Holdings, *, done: bool, as_json: bool) -> None:
    stays = {
        name: [{"topic": t.name, "days": t.retention.days} for t in some if t.retention]
        for name, some in (("as_it_came", _AS_IT_CAME), ("masked", _MASKED))
    }
    if as_json:
        click.echo(json.dumps(_summary(held) | {"done": done, "stays": stays}))
        return
    _tell(held)
    if not done:
        click.echo("nothing done; repeat with --execute")
        return
    lag, kept = VAULT_KEY_CHANGED.compaction_lag, VAULT_KEY_CHANGED.retention
    assert lag is not None  # noqa: S101 - declared so, and a test insists
    assert kept is not None  # noqa: S101 - the same
    click.echo(
        f"destroyed {len(held.keys)} keys, removed {len(held.values)} values: no reader has them"
        f" from now on; out of the brokers' logs in {lag.days} day of further writing, {kept.days}"
        " days at the latest.\nNot reached, until the topic's retention ends:"
    )
    for what, title in (("as_it_came", "as it came"), ("masked", "masked; names stand in texts")):
        for each in stays[what]:
            click.echo(f"  {each['topic']}  {each['days']} days  {title}")
