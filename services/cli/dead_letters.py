"""`sluice dead-letters`: what could not be processed, looked at and sent through again."""

import asyncio
import heapq
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
from rich.console import Console
from rich.text import Text
from typing_extensions import override

from services.chassis.dead_letters import LOSS_ACCEPTED
from services.chassis.errors import Outage
from services.chassis.outcome import Reason
from services.chassis.redrive import Letter, Plan, Selection, plan, services
from services.cli import letter_view as view
from services.cli.broker import KAFKA
from services.cli.patience import Patience
from topics.catalog import ALL

if TYPE_CHECKING:
    from services.chassis.kafka.letters import Letters, Redriven
    from services.chassis.kafka.settings import KafkaSettings

_SERVICES = services(ALL)
_REASONS = get_args(Reason)
# Of a dry run's letters, enough to see whether they are the ones that are meant.
_SAMPLE = 10


class _Moment(click.ParamType):
    """A time as people say it, in UTC where it does not say."""

    name = "when"

    @override
    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        seconds = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}.get(value[-1:])
        try:
            if seconds and value[:-1].isascii() and value[:-1].isdigit():
                return datetime.fromtimestamp(time.time() - int(value[:-1]) * seconds, tz=UTC)
            at = datetime.fromisoformat(value)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value}: neither an age like 30m, 2h, 7d nor an ISO 8601 time", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


_SINCE = click.option(
    "--since", type=_Moment(), help="Written since then: an age (30m, 2h, 7d) or an ISO time."
)
_TENANT = click.option(
    "--tenant",
    help="Only this tenant's. Known behind intake; its own letters came from outside, keyed by"
    " their producers.",
)


@click.group("dead-letters", help="List, show and redrive what could not be processed.")
def dead_letters() -> None:
    """Group of commands."""


@dead_letters.command("list")
@KAFKA
@click.option("--service", type=click.Choice(_SERVICES), multiple=True, help="Default: all.")
@click.option("--reason", type=click.Choice([*_REASONS, LOSS_ACCEPTED]), multiple=True)
@_TENANT
@_SINCE
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def list_(
    kafka: "KafkaSettings",
    service: tuple[str, ...],
    reason: tuple[str, ...],
    tenant: str | None,
    since: datetime | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """The newest dead letters, and how many there are by service and reason.

    Neither values nor keys are printed: they may hold personal data.
    """
    from services.chassis.kafka.letters import Letters  # noqa: PLC0415 - keeps --help fast

    letters, selection = Letters(kafka), Selection(frozenset(reason), tenant, since)
    counts: Counter[tuple[str, str]] = Counter()

    def found() -> Iterator[Letter]:
        for name in service or _SERVICES:
            for letter in _scan(letters, name, selection):
                counts[name, letter.reason] += 1
                yield letter

    newest = heapq.nlargest(limit, found(), key=lambda each: (each.written_at, each.offset))
    if as_json:
        by = [{"service": s, "reason": r, "count": n} for (s, r), n in sorted(counts.items())]
        click.echo(json.dumps({"letters": [view.plain(each) for each in newest], "counts": by}))
        return
    console = view.console()
    if newest:
        console.print(view.table(newest))
    if not counts:
        console.print("no dead letters" + (" like that" if reason or tenant or since else ""))
        return
    console.print()
    console.print(view.summary(counts))


@dead_letters.command("show")
@KAFKA
@click.argument("service", type=click.Choice(_SERVICES))
@click.argument("partition", type=click.IntRange(0))
@click.argument("offset", type=click.IntRange(0))
@click.option("--value", "only_value", is_flag=True, help="Print the value's bytes, nothing else.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the value's bytes to a new file that you alone can read.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def show(
    kafka: "KafkaSettings",
    service: str,
    partition: int,
    offset: int,
    out: Path | None,
    *,
    only_value: bool,
    as_json: bool,
) -> None:
    """One dead letter: why it is here, where it came from, its key and all its headers.

    PARTITION and OFFSET are those of the service's dead-letter topic, as `list` prints them. What
    came from outside is shown as it came and may hold personal data.
    """
    from services.chassis.kafka.letters import Letters  # noqa: PLC0415 - keeps --help fast

    if only_value + as_json + (out is not None) > 1:
        raise click.UsageError("--value, --out and --json exclude each other")
    letter, record = Letters(kafka).one(service, partition, offset)
    if only_value or out is not None:
        _hand_out(record.value, out)
    elif as_json:
        click.echo(json.dumps(view.plain(letter) | view.content(record)))
    else:
        view.explain(letter, record)


def _hand_out(value: bytes | None, out: Path | None) -> None:
    if value is None:
        raise click.ClickException("its value is null: there are no bytes")
    if out is None:
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()
        return
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(value)
    except FileExistsError:
        raise click.ClickException(f"{out} exists; name a new file") from None
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from error
    click.echo(f"{len(value)} bytes written to {out}")


@dead_letters.command("redrive")
@KAFKA
@click.option("--service", type=click.Choice(_SERVICES), required=True, help="Whose letters.")
@click.option(
    "--reason", type=click.Choice(_REASONS), multiple=True, help="Those with this reason."
)
@_TENANT
@_SINCE
@click.option(
    "--position",
    type=(click.IntRange(0), click.IntRange(0)),
    multiple=True,
    metavar="PARTITION OFFSET",
    help="Exactly this one, as `list` prints it.",
)
@click.option("--execute", is_flag=True, help="Do it. Without, only say what would be done.")
def redrive(
    kafka: "KafkaSettings",
    service: str,
    reason: tuple[str, ...],
    tenant: str | None,
    since: datetime | None,
    position: tuple[tuple[int, int], ...],
    *,
    execute: bool,
) -> None:
    """Send dead letters through again, after what broke them was mended.

    Each goes to the topic that its service reads it from, what came from outside to
    intake.retry.v1: the same bytes, key and headers, and headers that name its origin. So it is
    the same event: doing it twice does no harm. The dead letter itself stays until it is too old.
    """
    from services.chassis.kafka.letters import Letters  # noqa: PLC0415 - keeps --help fast

    if position and (reason or tenant or since):
        raise click.UsageError("--position names letters exactly: no --reason, --tenant, --since")
    if not (position or reason or tenant or since):
        raise click.UsageError("which? Say --reason, --tenant, --since or --position")
    letters = Letters(kafka)
    if position:
        chosen = [letters.one(service, *each)[0] for each in dict.fromkeys(position)]
    else:
        chosen = list(_scan(letters, service, Selection(frozenset(reason), tenant, since)))
    planned = plan(chosen, ALL)
    console = view.console()
    _announce(console, service, planned, execute=execute)
    if not planned.letters:
        raise SystemExit(1 if position else 0)
    if not execute:
        console.print(view.table(planned.letters[:_SAMPLE]))
        if len(planned.letters) > _SAMPLE:
            console.print(f"and {len(planned.letters) - _SAMPLE:,} more")
        console.print("nothing done; repeat with --execute")
        return
    done = asyncio.run(_execute(kafka, letters, service, planned))
    for place, why in done.refused:
        click.echo(f"refused: {place}: {why}", err=True)
    console.print(f"{done.sent:,} redriven, {len(done.refused)} refused")
    raise SystemExit(1 if done.refused else 0)


def _announce(console: Console, service: str, planned: Plan, *, execute: bool) -> None:
    for why, count in sorted(planned.left.items()):
        console.print(Text(f"left out, {count:,}: {view.clean(why)}"))
    if not planned.letters:
        console.print(f"no dead letter of {service} to redrive")
        return
    will = "redriving" if execute else "would redrive"
    ways = Counter(
        (each.reason, planned.routes[each.partition, each.offset]) for each in planned.letters
    )
    for (reason, parent), count in sorted(ways.items()):
        console.print(Text(f"{will} {count:,} {view.clean(reason)} of {service} to {parent}"))


async def _execute(
    kafka: "KafkaSettings", letters: "Letters", service: str, planned: Plan
) -> "Redriven":
    from services.chassis.kafka.letters import Redriven  # noqa: PLC0415 - keeps --help fast
    from services.chassis.kafka.publisher import KafkaPublisher  # noqa: PLC0415 - the same

    publisher = KafkaPublisher(kafka, client_id="sluice")
    done, total, patience = Redriven(), len(planned.routes), Patience()
    try:
        await letters.redrive(
            service,
            planned.routes,
            publisher,
            done,
            lambda: patience.tell(f"{done.sent:,} of {total:,} redriven"),
        )
    except Outage as error:
        raise click.ClickException(
            f"{done.sent:,} of {total:,} redriven, then: {error}. Repeat it when that is over;"
            " what is redriven twice is still one event"
        ) from error
    finally:
        await publisher.close()
    return done


def _scan(letters: "Letters", service: str, selection: Selection) -> Iterator[Letter]:
    patience, read = Patience(), 0
    for batch in letters.scan(service, selection.since):
        read += len(batch)
        patience.tell(f"{service}: {read:,} read")
        yield from (letter for letter in batch if selection.takes(letter))
