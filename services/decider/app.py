"""Composition root: policies that pass their own tests, the operator's word, the journals."""

from services.chassis.delivery import DeliveryOptions
from services.chassis.kafka.broadcast import Broadcast
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.reading import LogReader
from services.chassis.kafka.service import Service
from services.chassis.kafka.service import run as run_service
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.process import Process, process
from services.chassis.record import Record
from services.chassis.settings import load
from services.decider.control import ControlView
from services.decider.handler import DeciderHandler
from services.decider.journal.emission import Emission
from services.decider.journal.lanes import JournalLanes
from services.decider.journal.snapshot import lock
from services.decider.policies import load_policies
from services.decider.rules import PolicyRules
from services.decider.settings import DeciderSettings
from topics.automation import (
    CASE_ASSESSED,
    CASE_DECIDED,
    CONTROL_CHANGED,
    FEEDBACK_ACCEPTED,
    JOURNAL_APPENDED,
    WRITING_COMPLETED,
)
from topics.dead_letters import DECIDER_DEAD_LETTERS

NAME = "decider"


async def run() -> int:
    """Run the decider until it is asked to stop; returns the exit code."""
    async with process(NAME) as parts:
        settings, kafka = load(DeciderSettings), load(KafkaSettings)
        with lock(parts.settings.state_dir, parts.settings.instance):
            return await _serve(parts, settings, kafka)


async def _serve(parts: Process, settings: DeciderSettings, kafka: KafkaSettings) -> int:
    view = ControlView(parts.metrics)
    rules = PolicyRules(
        load_policies(settings.policies, settings.macros), view, writer=settings.writer
    )
    control = Broadcast(CONTROL_CHANGED, view.apply, on_unreadable=view.unreadable)
    log = LogReader(kafka)
    cluster = await log.cluster_id()
    publisher = KafkaPublisher(
        kafka, client_id=f"{NAME}-{parts.settings.instance}", metrics=parts.metrics
    )
    handler = DeciderHandler(
        rules,
        JournalLanes(
            parts.settings.state_dir,
            instance=parts.settings.instance,
            cluster=cluster,
            partitions=kafka.chain_partitions,
            log=log,
            publisher=publisher,
            clock=parts.clock,
        ),
        Emission(publisher, view, control, parts.clock, control_stale_s=settings.control_stale_s),
        stops=view,
        clock=parts.clock,
        metrics=parts.metrics,
        tracing=parts.tracing,
    )
    service = Service(
        name=NAME,
        inputs=(CASE_ASSESSED, FEEDBACK_ACCEPTED, WRITING_COMPLETED),
        handler=handler,
        options=DeliveryOptions(
            chunk=settings.chunk,
            # The next chunk is decided over what this one did.
            in_flight=1,
            buffer=settings.chunk * 4,
            trusted=frozenset({CASE_ASSESSED.name, FEEDBACK_ACCEPTED.name, WRITING_COMPLETED.name}),
        ),
        dead_letters=DECIDER_DEAD_LETTERS,
        tenant_of=_tenant_of,
        broadcasts=(control,),
        beside=(JOURNAL_APPENDED, CASE_DECIDED),
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


def _tenant_of(record: Record) -> str:
    """Our own topics are keyed by it."""
    return (record.key or b"").decode(errors="replace")
