"""Composition root: the model on Triton, the parser of dates, and whether there is a writer."""

import asyncio
import contextlib

from services.chassis.delivery import DeliveryOptions
from services.chassis.errors import Outage
from services.chassis.health import Health
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.service import Service
from services.chassis.kafka.service import run as run_service
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.process import process
from services.chassis.record import Record
from services.chassis.settings import load
from services.chassis.triton.client import TritonClient
from services.chassis.triton.generating import GenerativeModel
from services.chassis.triton.settings import TritonSettings
from services.writer import dates
from services.writer.handler import WriteTexts
from services.writer.model import TritonModel
from services.writer.ports import Model
from services.writer.settings import WriterSettings
from topics.automation import WRITING_REQUESTED
from topics.dead_letters import WRITER_DEAD_LETTERS

NAME = "writer"
_CHECK = "model:writer"


async def run() -> int:
    """Run the writer until it is asked to stop; returns the exit code."""
    async with process(NAME) as parts:
        settings, kafka = load(WriterSettings), load(KafkaSettings)
        async with TritonClient(load(TritonSettings)) as client:
            model = TritonModel(GenerativeModel(client), parts.metrics)
            service = Service(
                name=NAME,
                inputs=(WRITING_REQUESTED,),
                handler=WriteTexts(model, dates.read, settings, parts.clock, parts.metrics),
                options=DeliveryOptions(
                    # One at a time: a text takes seconds, and those after it are not to be redone.
                    chunk=1,
                    in_flight=1,
                    trusted=frozenset({WRITING_REQUESTED.name}),
                ),
                dead_letters=WRITER_DEAD_LETTERS,
                tenant_of=_tenant_of,
            )
            looking = asyncio.create_task(_look(model, parts.health, settings.look_every_s))
            try:
                return await run_service(
                    service,
                    kafka=kafka,
                    publisher=KafkaPublisher(
                        kafka,
                        client_id=f"{NAME}-{parts.settings.instance}",
                        metrics=parts.metrics,
                    ),
                    health=parts.health,
                    tracing=parts.tracing,
                    metrics=parts.metrics,
                    clock=parts.clock,
                )
            finally:
                looking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await looking


async def _look(model: Model, health: Health, every_s: float) -> None:
    """Say whether a writer is served: without one all is well, and every request is told so."""
    while True:
        try:
            served = await model.served()
        except Outage as outage:
            health.set(_CHECK, ok=False, detail=str(outage))
        else:
            said = "served" if served else "not served: every request is answered 'unavailable'"
            health.set(_CHECK, ok=True, detail=said)
        await asyncio.sleep(every_s)


def _tenant_of(record: Record) -> str:
    """Our own topics are keyed by it."""
    return (record.key or b"").decode(errors="replace")
