"""`sluice replay-file`: publishes files as their source would, for demonstrations and tests."""

import asyncio
import contextlib
import itertools
import os
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from typing_extensions import override

from infra.replay.source_files import Document, Opened
from services.cli.broker import KAFKA
from services.cli.chosen_source import Chosen, configured
from services.cli.given import Given, given
from services.cli.letter_view import clean
from services.cli.patience import Patience

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from services.chassis.kafka.settings import KafkaSettings
    from services.chassis.ports import Publisher
    from services.chassis.record import Position

# Under way at a time; more would only wait in memory.
_IN_FLIGHT = 500
# Of what could not be published, enough to see what is wrong.
_SAMPLE = 10
# After Ctrl-C, for what is under way.
_LAST_S = 10.0


@dataclass(slots=True)
class _Done:
    """What became of the documents, also of a replay that was cut short."""

    confirmed: int = 0
    refused: int = 0
    interrupted: bool = False
    began: float = field(default_factory=time.monotonic)

    @override
    def __str__(self) -> str:
        took = time.monotonic() - self.began
        per_s = self.confirmed / took if took else 0
        return f"{self.confirmed:,} published and confirmed in {took:.1f} s ({per_s:,.1f}/s)"

    def refuse(self, place: str, why: str) -> None:
        """One that stays behind, with the reason."""
        self.refused += 1
        if self.refused <= _SAMPLE:
            click.echo(f"not published: {clean(place)}: {clean(why)}", err=True)


@click.command("replay-file")
@given(configured)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=20,
    show_default=True,
    help="Records per second; 0: as fast as the broker takes them.",
)
@click.option("--limit", type=click.IntRange(1), help="Publish so many, then end.")
@KAFKA
def replay_file(given: Given, kafka: "KafkaSettings", *, rate: float, limit: int | None) -> None:
    """Publish FILEs to Kafka as their source would: CloudEvents, a trace context each.

    A FILE is read as `sluice map` reads it, which shows first what would become of it. SOURCE is a
    source of the operator's sources file that your intake was started with, or a format that only
    one of them has.

    Every delivery is awaited. The same file gives the same ids: published again, its events are
    repeats, and nothing is decided anew. Ctrl-C ends it after what is under way.

    Exit code 0: all was published. 1: something was not. 2: no such file or source. 130: Ctrl-C.
    """
    from infra.local.interrupt import INTERRUPTED, run  # noqa: PLC0415 - keeps --help fast

    # All are opened before anything is sent: a mistake in the last one stops the first.
    files = list(given.files())
    chosen = given.chosen
    click.echo(f"as {chosen.said}, to {chosen.source.topic}", err=True)
    done = _Done()
    run(_replay(kafka, chosen, files, done, rate=rate, limit=limit))
    click.echo(f"{done}, {done.refused:,} not published")
    raise SystemExit(INTERRUPTED if done.interrupted else 1 if done.refused else 0)


async def _replay(
    kafka: "KafkaSettings",
    chosen: Chosen,
    files: Sequence[Opened],
    done: _Done,
    *,
    rate: float,
    limit: int | None,
) -> int:
    from services.chassis.errors import SluiceError  # noqa: PLC0415 - keeps --help fast
    from services.chassis.kafka.publisher import KafkaPublisher  # noqa: PLC0415 - the same

    spans = _spans(kafka)
    publisher = KafkaPublisher(kafka, client_id="sluice-replay")
    under_way = _UnderWay(done)
    try:
        documents = itertools.islice(_documents(files), limit)
        await _publish(documents, chosen, publisher, spans, under_way, rate)
        await under_way.settle(0)
    except asyncio.CancelledError:
        done.interrupted = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(under_way.settle(0), _LAST_S)
    except SluiceError as error:
        raise click.ClickException(
            f"{done}, then: {error}. Repeat it when that is over: what is published twice is one"
            " event"
        ) from error
    finally:
        await publisher.close()
        spans.shutdown()
    return 0


async def _publish(
    documents: Iterator[Document],
    chosen: Chosen,
    publisher: "Publisher",
    spans: "TracerProvider",
    under_way: "_UnderWay",
    rate: float,
) -> None:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - keeps --help fast

    from services.chassis.record import Message  # noqa: PLC0415 - the same

    tracer = spans.get_tracer("sluice-replay")
    patience, began = Patience(), time.monotonic()
    for number, document in enumerate(documents):
        if document.fault is not None:
            under_way.done.refuse(document.place, document.fault)
            continue
        # Also where there is nothing to wait for: Ctrl-C must get its turn.
        due = began + number / rate if rate else 0.0
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        span = tracer.start_span(
            f"send {chosen.source.topic}",
            kind=SpanKind.PRODUCER,
            attributes={"messaging.system": "kafka"},
        )
        context = span.get_span_context()
        traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        headers = (
            *chosen.headers(document, datetime.now(UTC).isoformat()),
            ("traceparent", traceparent.encode()),
        )
        message = Message(chosen.source.topic, document.id.encode(), document.value, headers)
        under_way.add(document, publisher.send([message]))
        span.end()
        await under_way.settle(_IN_FLIGHT)
        patience.tell(f"{number + 1:,} sent, {under_way.done.confirmed:,} confirmed")


class _UnderWay:
    """What was handed over and is not confirmed yet, oldest first."""

    def __init__(self, done: _Done) -> None:
        self.done = done
        self._sent: deque[tuple[Document, asyncio.Future[tuple[Position, ...]]]] = deque()

    def add(self, document: Document, sent: "Awaitable[tuple[Position, ...]]") -> None:
        """One more."""
        self._sent.append((document, asyncio.ensure_future(sent)))

    async def settle(self, left: int) -> None:
        """Take what is confirmed, and await the oldest until no more than so many are left.

        Raises:
            Outage: the broker does not confirm.
        """
        from services.chassis.errors import Refused  # noqa: PLC0415 - keeps --help fast

        while self._sent and (len(self._sent) > left or self._sent[0][1].done()):
            document, sent = self._sent[0]
            try:
                await asyncio.shield(sent)  # an interrupt ends the waiting, not the send
            except Refused as error:
                self.done.refuse(document.place, f"{error}; --each takes a document apart")
            else:
                self.done.confirmed += 1
            self._sent.popleft()


def _documents(files: Sequence[Opened]) -> Iterator[Document]:
    for opened in files:
        click.echo(f"{clean(opened.name)}: {opened.taken_for}", err=True)
        yield from opened.documents


def _spans(kafka: "KafkaSettings") -> "TracerProvider":
    """Traces go where those of this machine's stack go, unless the environment says otherwise."""
    from infra.local.home import Home  # noqa: PLC0415 - keeps --help fast
    from services.chassis.telemetry import TelemetrySettings, provider  # noqa: PLC0415 - the same

    home = Home()
    parts = home.read().get("parts", {}) if home.is_held() else {}
    ours = parts.get("kafka", {}).get("addresses", {}).get("bootstrap_servers")
    store = parts.get("zipkin", {}).get("addresses", {}).get("url")
    if store and ours == kafka.bootstrap_servers and "OTEL_TRACES_EXPORTER" not in os.environ:
        os.environ["OTEL_TRACES_EXPORTER"] = "zipkin_json"
        os.environ["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] = f"{store}/api/v2/spans"
    return provider("replay-file", "1", TelemetrySettings())
