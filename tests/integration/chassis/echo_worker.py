"""A whole service in a process of its own: every record in is a message out that says where from.

Started by the tests of this folder; configured by TEST_* variables and the product's own.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from services.chassis.delivery import DeliveryOptions
from typing_extensions import override

from schemas.base import Event
from services.chassis import logs
from services.chassis.clock import SystemClock
from services.chassis.errors import Crash
from services.chassis.health import Health
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.service import Service, run
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.outcome import Done, Outcome
from services.chassis.ports import Delivery, Handler, Lane
from services.chassis.process import main
from services.chassis.record import Message
from services.chassis.settings import load
from services.chassis.telemetry import (
    OtelTracing,
    PrometheusMetrics,
    TelemetrySettings,
    provider,
)
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
        self.crash_on = os.environ.get("TEST_CRASH_ON", "never").encode()
        self.hang_on = os.environ.get("TEST_HANG_ON", "never").encode()

    @override
    async def prepare(self, lane: Lane) -> None:
        """No state."""

    @override
    async def handle(self, lane: Lane, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        await asyncio.sleep(self.delay)
        for each in deliveries:
            if each.record.value == self.crash_on:
                raise Crash("asked to")
            if each.record.value == self.hang_on:
                await asyncio.Event().wait()
        return [Done((self._echo(lane, each),)) for each in deliveries]

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


async def echo() -> int:
    """Compose and run."""
    logs.configure("echo", str(os.getpid()))
    settings = load(KafkaSettings)
    return await run(
        Service(
            name=os.environ["TEST_GROUP"],
            inputs=tuple(topic(name) for name in os.environ["TEST_IN"].split(",")),
            handler=Echo(),
            options=DeliveryOptions(),
            dead_letters=topic(os.environ["TEST_DEAD_LETTERS"]),
            tenant_of=lambda _: "acme",
        ),
        kafka=settings,
        publisher=KafkaPublisher(settings, client_id="echo"),
        health=Health(),
        tracing=OtelTracing(provider("echo", "1", load(TelemetrySettings))),
        metrics=PrometheusMetrics(),
        clock=SystemClock(),
    )


if __name__ == "__main__":
    sys.exit(main(echo))
