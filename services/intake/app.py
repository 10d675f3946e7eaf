"""Composition root: settings become adapters, adapters become the running service."""

import hashlib
import re

import structlog

from services.chassis.dead_letters import origin_of
from services.chassis.delivery import DeliveryOptions
from services.chassis.kafka import service as kafka
from services.chassis.kafka.publisher import KafkaPublisher
from services.chassis.kafka.settings import KafkaSettings
from services.chassis.ports import Metrics
from services.chassis.process import process
from services.chassis.record import Record
from services.chassis.settings import load
from services.chassis.vault.keys import PublicKey
from services.chassis.vault.sealing import Sealer
from services.intake import sources
from services.intake.domain.masking import Masker
from services.intake.handler import TRUSTED, Accept
from services.intake.settings import IntakeSettings
from services.intake.sources import Sources
from services.intake.vault import Vault
from topics.automation import OUTCOME_REPORTED, REVIEW_GIVEN
from topics.dead_letters import INTAKE_DEAD_LETTERS, INTAKE_RETRY
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

log = structlog.get_logger()

INPUTS = (TICKET_RECEIVED, SUPPLY_EVENT_RECEIVED, OUTCOME_REPORTED, REVIEW_GIVEN, INTAKE_RETRY)


async def run() -> int:
    """Run intake until it is asked to stop; returns the exit code."""
    settings, kafka_settings = load(IntakeSettings), load(KafkaSettings)
    known = sources.load(settings.sources)
    maskers = maskers_of(settings.masking_key.get_secret_value(), known)
    async with process("intake") as parts:
        publisher = KafkaPublisher(
            kafka_settings, client_id=f"intake-{parts.settings.instance}", metrics=parts.metrics
        )
        return await kafka.run(
            kafka.Service(
                name="intake",
                inputs=INPUTS,
                handler=Accept(known, maskers, parts.metrics, _vault(settings, parts.metrics)),
                options=DeliveryOptions(chunk=64, in_flight=2, trusted=TRUSTED),
                dead_letters=INTAKE_DEAD_LETTERS,
                tenant_of=_tenant_of,
            ),
            kafka=kafka_settings,
            publisher=publisher,
            health=parts.health,
            tracing=parts.tracing,
            metrics=parts.metrics,
            clock=parts.clock,
        )


def _vault(settings: IntakeSettings, metrics: Metrics) -> Vault | None:
    if settings.vault_public_key is None:
        log.info("no vault", why="SLUICE_INTAKE_VAULT_PUBLIC_KEY is not set: nothing is kept")
        return None
    master = PublicKey.parse(settings.vault_public_key.get_secret_value())
    log.info("vault", master=master.id)
    return Vault(Sealer(master), metrics)


def maskers_of(secret: str, known: Sources) -> dict[str, Masker]:
    """One per tenant, by a key of its own: the same person in two tenants has two placeholders."""
    root = hashlib.sha256(secret.encode()).digest()
    return {
        name: Masker(
            hashlib.blake2b(name.encode(), key=root).digest(),
            [re.compile(pattern) for pattern in tenant.business_patterns.values()],
        )
        for name, tenant in known.tenants.items()
    }


def _tenant_of(record: Record) -> str:
    """Whose garbage it is, as far as can be told before it is understood: its claimed source."""
    return record.header("ce_source") or origin_of(record, TRUSTED).topic
