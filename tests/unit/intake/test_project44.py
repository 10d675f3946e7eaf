"""project44's shipment events: which is which, and what each becomes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.supply import Classifier, Milestone
from services.chassis.errors import Rejected
from services.intake.formats.project44 import FORMAT as PROJECT44
from tests.fakes_intake import example


def sent(name, **changes):
    """An example, changed; None takes a field away."""
    event = {**example(f"sources/project44/{name}.json"), **changes}
    return {name: value for name, value in event.items() if value is not None}


def mapped(name, **changes):
    """Its event."""
    (found,) = PROJECT44.map(sent(name, **changes))
    assert found.event_id == sent(name)["eventId"]
    return found.event


def test_a_status_by_edi_has_the_meaning_of_its_code():
    """The carrier's own word; damage is told as the CBV tells it."""
    event = mapped("status-updated")
    assert event.source_code == "x12:214:A9"
    assert event.disposition == "damaged"
    assert event.occurred_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert event.place.facility == "Memphis, TN, US"
    assert [(ref.type, ref.value) for ref in event.refs] == [
        ("shipment", "a6f0c1b2-6a8e-4a0a-9f6b-8a0d5a7c1001"),
        ("shipment", "SH-US-77120"),
        ("document", "771200431"),
        ("carrier", "ZZFX"),
    ]


@pytest.mark.parametrize(
    ("code", "source", "milestone"),
    [
        ("DELIVERED", "CARRIER_API", Milestone.DELIVERED),
        ("delivered", "MANUAL", Milestone.DELIVERED),
        ("CUSTOMS_HOLD", "TELEMATICS", Milestone.CUSTOMS_HOLD),
        ("A9", "CARRIER_API", Milestone.OTHER),  # no EDI: then the code is nobody's that we know
        ("WASHED", "CARRIER_API", Milestone.OTHER),
        ("AG", "CARRIER_EDI", Milestone.DELIVERED),
    ],
)
def test_a_status_is_told_by_its_code(code, source, milestone):
    """An open list: what is none of ours is kept."""
    event = mapped("status-updated", statusCode=code, source=source)
    assert event.milestone is milestone
    assert (event.source_milestone == code) == (milestone is Milestone.OTHER)
    assert (event.classifier is Classifier.ESTIMATED) == (code == "AG")


def test_a_changed_arrival_has_both_times():
    """What was promised before, and what is now: the delay is theirs to tell."""
    event = mapped("eta-changed")
    assert (event.milestone, event.classifier) == (Milestone.CHANGED, Classifier.ESTIMATED)
    assert event.new_time - event.previous_time == timedelta(days=3, hours=18)


def test_an_exception_keeps_its_code_its_length_and_its_words():
    """Its severity is somebody's opinion: ours is computed."""
    event = mapped("exception")
    assert event.reason_code == "p44:WEATHER_DELAY"
    (delay,) = event.measurements
    assert (delay.kind, delay.value, delay.uom) == ("delay", Decimal(2880), "MIN")
    assert event.text.startswith("Interstate closed")
    assert event.custom_fields == {"severity": "HIGH"}


def test_a_position_is_a_measurement_and_a_delivery_has_its_time():
    """Where it is, how fast; and when it was handed over, to a person whom no case names."""
    moving = mapped("position-updated")
    assert (moving.place.latitude, moving.place.longitude) == (
        Decimal("35.1495"),
        Decimal("-90.049"),
    )
    assert [(each.kind, each.uom) for each in moving.measurements] == [
        ("speed", "HM"),
        ("heading", "DD"),
    ]
    done = mapped("completed")
    assert done.milestone is Milestone.DELIVERED
    assert done.occurred_at == datetime(2026, 11, 25, 14, 58, tzinfo=UTC)
    assert done.custom_fields["signedBy"] == "R. Alvarez"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("eta-changed", {"eventId": None}, "eventId: is required"),
        ("eta-changed", {"shipmentId": 7}, "shipmentId: must be a string"),
        ("eta-changed", {"eventTimestamp": None}, "eventTimestamp: is required"),
        ("eta-changed", {"newEta": None}, "newEta: is required"),
        ("eta-changed", {"newEta": "soon"}, "newEta: must be an RFC 3339 time"),
        ("eta-changed", {"previousEta": None, "newEta": None}, "statusCode: is required, or one"),
        ("exception", {"severity": "AWFUL"}, "severity: must be one of LOW, MEDIUM"),
        ("exception", {"estimatedImpactMinutes": "x"}, "estimatedImpactMinutes: must be a number"),
        ("status-updated", {"mode": "CAMEL"}, "mode: must be one of TL, LTL"),
        ("status-updated", {"source": "RUMOUR"}, "source: must be one of CARRIER_EDI"),
        ("position-updated", {"position": "here"}, "position: must be a JSON object"),
        ("completed", {"deliveryDatetime": "now"}, "deliveryDatetime: must be an RFC 3339 time"),
    ],
)
def test_a_broken_event_is_refused_by_its_field(name, change, said):
    """And nothing is guessed."""
    with pytest.raises(Rejected) as caught:
        PROJECT44.map(sent(name, **change))
    assert str(caught.value).startswith(said)
