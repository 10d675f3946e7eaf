"""DCSA Track & Trace 2.2 and 3.0: what is mapped, and what is refused by its field."""

from decimal import Decimal

import pytest

from schemas.supply import Classifier, Family, Milestone
from services.chassis.errors import Rejected
from services.intake.formats.dcsa import FORMAT as DCSA
from tests.fakes_intake import dcsa, example, grouped


def refs(event):
    """As pairs."""
    return [(ref.type, ref.value) for ref in event.refs]


def test_a_carriers_estimate_is_mapped_with_its_reason_and_remark():
    """The remark is free text for a model, the reason a code that needs none."""
    (found,) = DCSA.map(example("sources/dcsa/vessel-arrival-estimate.json"))
    event = found.event
    assert found.event_id == "8a0c1f0b-6f0e-4f6c-9a53-0b7a5f3c2d11"
    assert (event.source_code, event.milestone, event.classifier) == (
        "dcsa:TRANSPORT:ARRI",
        Milestone.ARRIVED,
        Classifier.ESTIMATED,
    )
    assert event.reason_code == "smdg:WEA"
    assert event.place.unlocode == "INNSA"
    assert event.text.startswith("Vessel waits outside Colombo")
    assert ("container", "MSKU4812093") in refs(event)
    assert ("booking", "ZZBKG20264711") in refs(event)


def test_a_message_of_dcsa_3_becomes_its_events():
    """What a reefer measured, and a door that opened: condition events, with their values."""
    reefer = grouped(
        "REEFER",
        "MEAS",
        eventLocation={"locationName": "Cold store"},
        reeferDetails={
            "temperatureUnit": "CEL",
            "internalSetpointTemperature": -18.5,
            "temperatureProbeMeasurements": [{"measuredTemperatureValue": -12.25}],
            "measuredParameters": {"humidityPercentage": 75.0},
        },
    )
    doors = [grouped("IOT", "DETC", iotDetails={"iotEventCode": code}) for code in ("DRO", "LOC")]
    message = {"events": [reefer, *doors]}
    assert DCSA.recognise(message)
    measured, opened, moved = (each.event for each in DCSA.map(message))
    assert [(each.kind, each.value, each.uom) for each in measured.measurements] == [
        ("temperature", Decimal("-12.25"), "CEL"),
        ("temperature_setpoint", Decimal("-18.5"), "CEL"),
        ("humidity", Decimal("75.0"), "P1"),
    ]
    assert measured.place.facility == "Cold store"
    assert measured.family is opened.family is Family.CONDITION
    assert (opened.milestone, opened.source_code) == (Milestone.ALERT, "dcsa:IOT:DETC:DRO")
    assert moved.milestone is Milestone.OTHER  # a position is no alert


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eventType": "PARTY"}, "eventType: must be one of TRANSPORT"),
        ({"eventType": None}, "eventType: must be one of TRANSPORT"),
        ({"transportEventTypeCode": None}, "transportEventTypeCode: is required"),
        ({"eventClassifierCode": "MAYBE"}, "eventClassifierCode: must be one of PLN, EST, ACT"),
        ({"eventDateTime": None}, "eventDateTime: is required"),
        ({"eventDateTime": 1764000000}, "eventDateTime: must be a string"),
        ({"eventID": ["x"]}, "eventID: must be a string"),
        ({"changeRemark": {"de": "Wetter"}}, "changeRemark: must be a string"),
        ({"references": "EQ"}, "references: must be an array"),
        (
            {"references": None, "documentReferences": None, "transportCall": None},
            "documentReferences: no reference at all: say what the event is about",
        ),
    ],
)
def test_a_broken_carriers_event_is_refused_by_its_field(change, said):
    """In its producer's words, not in ours."""
    with pytest.raises(Rejected, match=said):
        DCSA.map(dcsa(**change))
    with pytest.raises(Rejected, match=rf"\[1\]\.{said}"):
        DCSA.map([dcsa(), dcsa(**change)])


def test_an_unknown_code_is_other_and_kept():
    """A carrier's newer release must not stop its events."""
    (found,) = DCSA.map(dcsa(transportEventTypeCode="WARP"))
    assert (found.event.milestone, found.event.source_code) == (
        Milestone.OTHER,
        "dcsa:TRANSPORT:WARP",
    )
