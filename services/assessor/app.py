"""Composition root: packs, models, reference data, what is remembered about suspicious texts."""

import contextlib
from collections.abc import Mapping

from services.assessor.domain.asking import Task
from services.assessor.domain.reading import Thresholds
from services.assessor.handler import AssessCases
from services.assessor.packs import configure
from services.assessor.reference import tables
from services.assessor.reference.copy import ReferenceCopy
from services.assessor.reference.facts import ReferenceFacts
from services.assessor.reference.store import SqliteStore
from services.assessor.serving import Serving, serving
from services.assessor.settings import AssessorSettings
from services.assessor.suspects import Suspects
from services.chassis.delivery import DeliveryOptions
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.service import Service
from services.chassis.kafka.service import run as run_service
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.process import Process, process
from services.chassis.record import Record
from services.chassis.settings import load
from services.chassis.triton.batcher import Parts
from services.chassis.triton.flood import Floods
from services.chassis.triton.gate import Gate
from services.chassis.triton.settings import TritonSettings
from topics.automation import CASE_ACCEPTED
from topics.dead_letters import ASSESSOR_DEAD_LETTERS
from topics.reference import ENTITY_CHANGED

NAME = "assessor"


async def run() -> int:
    """Run the assessor until it is asked to stop; returns the exit code."""
    async with process(NAME) as parts:
        settings, kafka = load(AssessorSettings), load(KafkaSettings)
        triton = load(TritonSettings)
        configured = configure(settings.packs)
        told = tables.load(settings.reference)
        files = f"{NAME}-{parts.settings.instance}"
        with (
            contextlib.closing(
                SqliteStore(parts.settings.state_dir / f"{files}.reference.sqlite")
            ) as store,
            contextlib.closing(
                Suspects(parts.settings.state_dir / f"{files}.suspects.sqlite")
            ) as suspects,
        ):
            copy = ReferenceCopy(store, told, parts.clock, parts.metrics)
            shared = Parts(
                Gate(triton.in_flight), suspects, Floods(), parts.tracing, parts.metrics, triton
            )
            async with serving(shared, configured.packs, parts.health) as models:
                return await _serve(parts, settings, kafka, models, configured.thresholds, copy)


async def _serve(
    parts: Process,
    settings: AssessorSettings,
    kafka: KafkaSettings,
    models: Serving,
    thresholds: Mapping[Task, Thresholds],
    copy: ReferenceCopy,
) -> int:
    reference = Broadcast(ENTITY_CHANGED, copy.apply, on_unreadable=copy.unreadable, copy=copy)
    facts = ReferenceFacts(copy.find, reference, parts.metrics)
    publisher = KafkaPublisher(
        kafka, client_id=f"{NAME}-{parts.settings.instance}", metrics=parts.metrics
    )
    service = Service(
        name=NAME,
        inputs=(CASE_ACCEPTED,),
        handler=AssessCases(models.reader, facts, thresholds, parts.clock, parts.metrics),
        options=DeliveryOptions(
            chunk=settings.chunk,
            in_flight=settings.chunks_in_flight,
            buffer=settings.chunk * settings.chunks_in_flight,
            trusted=frozenset({CASE_ACCEPTED.name}),
        ),
        dead_letters=ASSESSOR_DEAD_LETTERS,
        tenant_of=tenant_of,
        broadcasts=(reference,),
        canary=models.canary,
    )
    return await run_service(
        service,
        kafka=kafka,
        publisher=publisher,
        health=parts.health,
        tracing=parts.tracing,
        metrics=parts.metrics,
        clock=parts.clock,
    )


def tenant_of(record: Record) -> str:
    """Cases are keyed by their subject, tenant|kind:id."""
    return (record.key or b"").decode(errors="replace").partition("|")[0]
