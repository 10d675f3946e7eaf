"""DCSA Track & Trace 2.2 and 3.0: what is mapped, and what is refused by its field."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.supply import Classifier, Correction, Family, Milestone
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
    # What is estimated has not happened: it was said then, and is expected then.
    assert event.occurred_at == datetime(2026, 11, 20, 4, 15, tzinfo=UTC)
    assert event.new_time == datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
    assert event.reason_code == "smdg:WEA"
    assert event.place.unlocode == "INNSA"
    assert event.text.startswith("Vessel waits outside Colombo")
    assert ("container", "MSKU4812093") in refs(event)
    assert ("booking", "ZZBKG20264711") in refs(event)
    assert event.custom_fields["transportCall.vessel.vesselName"] == "Sluice Example"


def test_a_rejection_tells_which_document_was_rejected():
    """A booking without space is no bill of lading with a mistake."""
    rejected, resealed = (
        each.event for each in DCSA.map(example("sources/dcsa/booking-rejected.json"))
    )
    assert (rejected.source_code, rejected.milestone) == (
        "dcsa:SHIPMENT:REJE:BKG",
        Milestone.REJECTED,
    )
    assert refs(rejected)[:2] == [("booking", "ZZBKG20264712"), ("po", "PO-4698")]
    assert rejected.refs[2].source_type == "FF"
    assert rejected.text == "No space before week 50"
    assert resealed.place.facility == "Nhava Sheva, terminal 4"
    assert (resealed.place.latitude, resealed.place.longitude) == (
        Decimal("18.949000"),
        Decimal("72.952500"),
    )
    assert "SL-99120" in resealed.custom_fields["seals"]


def test_a_reefer_measures_and_a_door_opens():
    """Condition events of 3.0, with their values, units and probes."""
    measured, opened = (
        each.event for each in DCSA.map(example("sources/dcsa/reefer-and-door.json"))
    )
    assert [(each.kind, each.value, each.uom, each.device) for each in measured.measurements] == [
        ("temperature", Decimal("5.2"), "CEL", "probe 1"),
        ("temperature", Decimal("6.1"), "CEL", "Pulp probe B"),
        ("temperature_setpoint", Decimal(5), "CEL", None),
        ("temperature_ambient", Decimal("29.4"), "CEL", None),
        ("humidity", Decimal("81.5"), "P1", None),
    ]
    assert {each.at for each in measured.measurements} == {measured.occurred_at}
    assert measured.family is opened.family is Family.CONDITION
    assert (opened.milestone, opened.source_code) == (Milestone.ALERT, "dcsa:IOT:DETC:DRO")
    assert [(each.kind, each.text) for each in opened.measurements] == [("door", "open")]


def test_a_position_is_no_alert():
    """A container that moves is in order."""
    (moved,) = DCSA.map(grouped("IOT", "DETC", iotDetails={"iotEventCode": "LOC"}))
    assert moved.event.milestone is Milestone.OTHER


def test_an_updated_event_is_another_event_and_a_retracted_one_names_what_it_takes_back():
    """3.0: what has the same id and a later update overrides the earlier one."""
    updated, retracted = DCSA.map(example("sources/dcsa/estimate-updated-and-retracted.json"))
    assert updated.event_id == "SMDG/LCL/ZZLINE/arrival-INNSA-2648E#2026-11-20T04:15:00Z"
    assert updated.event.reason_code == "smdg:STR"
    assert updated.event.corrects is None
    assert retracted.event.corrects == "SMDG/LCL/ZZLINE/customs-MSKU4812093"
    assert retracted.event.correction is Correction.RETRACTED
    assert refs(retracted.event) == [("other", "customs-MSKU4812093")]


def test_only_a_unlocode_is_one():
    """What is not is no place that others would know; it is kept."""
    (found,) = DCSA.map(grouped("EQUIPMENT", "LOAD", eventLocation={"UNLocationCode": "BOM1"}))
    assert found.event.place is None
    assert "BOM1" in found.event.custom_fields["eventLocation"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"eventType": "PARTY"}, "eventType: must be one of TRANSPORT"),
        ({"eventType": None}, "eventType: is required"),
        ({"transportEventTypeCode": None}, "transportEventTypeCode: is required"),
        ({"transportEventTypeCode": "WARP"}, "transportEventTypeCode: must be one of ARRI, DEPA"),
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
    """In its producer's words, not in ours; a message is refused whole."""
    with pytest.raises(Rejected, match=said):
        DCSA.map(dcsa(**change))
    with pytest.raises(Rejected, match=rf"\[1\]\.{said}"):
        DCSA.map([dcsa(), dcsa(**change)])


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (grouped("PARTY", "X"), "events[0].eventClassification.eventTypeCode: must be one of"),
        (
            grouped("IOT", "DETC", iotDetails={"iotEventCode": "DRX"}),
            "events[0].iotDetails.iotEventCode: must be one of DRC, DRO, LOC",
        ),
        (
            {"eventRouting": {}, "eventID": "1", "isRetracted": True},
            "events[0].eventUpdatedDateTime: is required",
        ),
        ({"eventRouting": {}, "isRetracted": True}, "events[0].eventID: is required"),
    ],
)
def test_a_broken_event_of_3_is_refused_by_its_field(event, said):
    """Within its group."""
    with pytest.raises(Rejected) as caught:
        DCSA.map({"events": [event]})
    assert str(caught.value).startswith(said)
