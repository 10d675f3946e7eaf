"""A whole service in a process of its own: every record in is a message out that says where from.

Started by the tests of this folder; configured by TEST_* variables and the product's own.
"""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from schemas.base import Event
from services.chassis.delivery import DeliveryOptions
from services.chassis.errors import Crash, Outage, Rejected
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.service import Service, run
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.outcome import Done, Outcome
from services.chassis.ports import Delivery, Handler, Lane
from services.chassis.process import main, process
from services.chassis.record import Message, Record
from services.chassis.settings import load
from topics import Topic


def topic(name: str) -> Topic[Event]:
    """`outside.*` has unknown writers, anything else is our own."""
    return Topic(
        name=name,
        event=None,
        key="any",
        writers=("outside",) if name.startswith("outside.") else ("intake",),
        readers=(),
        description="test",
    )


class Echo(Handler):
    """Says where each record came from, and in which generation of which process."""

    def __init__(self) -> None:
        self.out = os.environ["TEST_OUT"]
        self.delay = float(os.environ.get("TEST_DELAY", "0"))
        self.dawdle = float(os.environ.get("TEST_DAWDLE", "0"))
        self.down = Path(os.environ.get("TEST_DOWN", "/nowhere"))
        # What a record's value begins with, and what then happens to it.
        self.on = {
            what: os.environ[f"TEST_{what}_ON"].encode()
            for what in ("CRASH", "HANG", "BUG", "REJECT")
            if f"TEST_{what}_ON" in os.environ
        }

    @override
    async def prepare(self, lane: Lane) -> None:
        """No state."""

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        await asyncio.sleep(self.delay + self.dawdle * random.random())  # noqa: S311 - no secret
        if self.down.exists():
            raise Outage("the test's dependency is down")
        for each in deliveries:
            await self._obey(each.record.value or b"")
        return [Done((self._echo(lane, each),)) for each in deliveries]

    async def _obey(self, value: bytes) -> None:
        for what, beginning in self.on.items():
            if not value.startswith(beginning):
                continue
            match what:
                case "CRASH":
                    raise Crash("asked to")
                case "HANG":
                    await asyncio.Event().wait()
                case "BUG":
                    raise RuntimeError(value)
                case _:
                    raise Rejected("value: asked to")

    def _echo(self, lane: Lane, delivery: Delivery) -> Message:
        record = delivery.record
        origin = (record.topic, record.partition, record.offset, os.getpid(), lane.generation)
        header = " ".join(str(part) for part in origin).encode()
        return Message(self.out, record.key, record.value, (("origin", header),))

    @override
    async def tick(self, lane: Lane) -> None:
        """Nothing is due."""

    @override
    async def release(self, number: int) -> None:
        """No state."""


def tenant_of(record: Record) -> str:
    """Keys are tenant|anything."""
    return (record.key or b"").decode(errors="replace").partition("|")[0]


async def echo() -> int:
    """Compose and run."""
    settings = load(KafkaSettings)
    options = DeliveryOptions(
        chunk=int(os.environ.get("TEST_CHUNK", "64")),
        in_flight=int(os.environ.get("TEST_IN_FLIGHT", "1")),
        limit=int(os.environ.get("TEST_LIMIT", "50")),
    )
    async with process("echo") as parts:
        return await run(
            Service(
                name=os.environ["TEST_GROUP"],
                inputs=tuple(topic(name) for name in os.environ["TEST_IN"].split(",")),
                handler=Echo(),
                options=options,
                dead_letters=topic(os.environ["TEST_DEAD_LETTERS"]),
                tenant_of=tenant_of,
            ),
            kafka=settings,
            publisher=KafkaPublisher(settings, client_id="echo", metrics=parts.metrics),
            health=parts.health,
            tracing=parts.tracing,
            metrics=parts.metrics,
            clock=parts.clock,
        )


if __name__ == "__main__":
    sys.exit(main(echo))
