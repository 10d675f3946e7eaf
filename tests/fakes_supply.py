"""Supply events, and readings of devices, as the decider sees them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.automation.assessment import Assessment
from schemas.automation.case import Case, Domain, Origin, SupplyFields
from schemas.supply import Classifier, Family, Milestone, Reference
from services.decider.domain.case import CaseView
from services.decider.domain.observing import case_view
from tests.fakes_decider import NOW

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def seen(case: Case, assessment: Assessment | None = None) -> CaseView:
    """As the decider sees it."""
    found = assessment or Assessment(assessed_at=NOW)
    return case_view(case.model_dump(), found.model_dump())


def supply(*refs: tuple[str, str], **fields: Any) -> Case:
    """A supply event's case."""
    given = {
        "family": Family.TRANSPORT,
        "milestone": Milestone.CHANGED,
        "classifier": Classifier.ESTIMATED,
    } | fields
    return Case(
        case_id=UUID(int=1),
        tenant="acme",
        source="tms",
        domain=Domain.SUPPLY,
        subject="acme|shipment:S1",
        subject_kind="shipment",
        subject_id="S1",
        event_id="e",
        origin=Origin(topic="t", partition=0, offset=0, timestamp=NOW),
        occurred_at=NOW,
        supply=SupplyFields(
            refs=tuple(Reference(type=kind, value=value) for kind, value in refs),
            **given,
        ),
        mapping="supply:1",
    )


def at(minutes: float) -> datetime:
    """A time after the first."""
    return START + timedelta(minutes=minutes)


def reading(minutes: float, degrees: float, **more: Any) -> dict[str, Any]:
    """One value at one time."""
    return {
        "kind": "temperature",
        "value": Decimal(str(degrees)),
        "uom": "CEL",
        "at": at(minutes),
        **more,
    }


def summary(minutes: float, length: float, **figures: float) -> dict[str, Any]:
    """A window's least, most and mean."""
    named = {name: Decimal(str(value)) for name, value in figures.items()}
    window = {"start": at(minutes), "end": at(minutes + length)}
    return {"kind": "temperature", "uom": "CEL", **window, **named}
