"""EPCIS 2.0: what is refused, and by which field."""

import pytest

from services.chassis.errors import Rejected
from services.intake.formats.epcis import FORMAT as EPCIS
from tests.fakes_intake import epcis, epcis_event, example

EPC = "urn:epc:id:sscc:9521321.1"
NO_LIST = {"epcList": None}
TRANSFORMATION = {"type": "TransformationEvent", "action": None, **NO_LIST}
REPORT = {"type": "Temperature", "value": 3}


def sensors(**report):
    """An event with one report, changed."""
    return {"sensorElementList": [{"sensorReport": [REPORT | report]}]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": None}, "type: is required"),
        ({"type": "PartyEvent"}, "type: must be one of ObjectEvent"),
        ({"type": 7}, "type: must be a string"),
        ({"eventTime": None}, "eventTime: is required"),
        ({"eventTime": "today"}, "eventTime: must be an RFC 3339 time"),
        ({"eventTime": "2026-11-20T07:00:12"}, "eventTime: must be an RFC 3339 time"),
        ({"eventTime": "20261120T070012Z"}, "eventTime: must be an RFC 3339 time"),
        ({"eventTime": "2026-13-20T07:00:12Z"}, "eventTime: must be an RFC 3339 time"),
        ({"eventTimeZoneOffset": None}, "eventTimeZoneOffset: is required"),
        ({"eventTimeZoneOffset": "+15:00"}, "eventTimeZoneOffset: must be like"),
        ({"eventID": "77"}, "eventID: must be a URI"),
        ({"action": None}, "action: is required"),
        ({"action": "LOOK"}, "action: must be one of OBSERVE, ADD, DELETE"),
        ({"bizStep": "munching"}, "bizStep: is no word of the CBV"),
        ({"disposition": "lost"}, "disposition: is no word of the CBV"),
        (
            {"persistentDisposition": {"set": ["active", "lost"]}},
            "persistentDisposition.set[1]: is no word of the CBV",
        ),
        ({"persistentDisposition": {"set": []}}, "persistentDisposition.set: must hold at least 1"),
        (NO_LIST, "epcList: one of epcList"),
        ({"epcList": "urn:x"}, "epcList: must be an array"),
        ({"epcList": [7]}, "epcList[0]: must be a string"),
        ({"epcList": ["9521321"]}, "epcList[0]: must be a URI"),
        ({"epcList": [EPC, EPC]}, "epcList: names something twice"),
        (
            {"epcList": [f"{EPC}{n}" for n in range(1001)]},
            "epcList: 1001 references, at most 1000",
        ),
        ({"color": "blue"}, "color: is no field that EPCIS 2.0 knows here"),
        ({"childEPCs": [EPC]}, "childEPCs: is no field that EPCIS 2.0 knows here"),
        ({"ilmd": {"acme:x": 1}}, "ilmd: is said where things begin to be"),
        ({"action": "ADD", "ilmd": {"lot": "1"}}, "ilmd.lot: is no field that EPCIS 2.0 knows"),
        (
            {"type": "AggregationEvent", "action": "ADD", "childEPCs": [EPC], **NO_LIST},
            "parentID: is required",
        ),
        ({"type": "AggregationEvent", **NO_LIST}, "childEPCs: one of childEPCs"),
        (
            {"type": "AssociationEvent", "childEPCs": [EPC], **NO_LIST},
            "parentID: is required",
        ),
        ({"type": "TransactionEvent"}, "bizTransactionList: is required"),
        (
            {
                "type": "TransactionEvent",
                "bizTransactionList": [{"bizTransaction": EPC}],
                **NO_LIST,
            },
            "epcList: one of epcList, quantityList",
        ),
        (TRANSFORMATION, "inputEPCList: inputs and outputs"),
        ({**TRANSFORMATION, "transformationID": EPC}, "inputEPCList: inputs or outputs"),
        ({"quantityList": [{"quantity": 1}]}, "quantityList[0].epcClass: is required"),
        (
            {"quantityList": [{"epcClass": EPC, "quantity": "150"}]},
            "quantityList[0].quantity: must be a number",
        ),
        (
            {"quantityList": [{"epcClass": EPC, "quantity": 1, "uom": "kilos"}]},
            "quantityList[0].uom: must be a code of UN/CEFACT",
        ),
        ({"quantityList": [{"epcClass": EPC, "weight": 5}]}, "quantityList[0].weight: is no field"),
        ({"errorDeclaration": {}}, "errorDeclaration.declarationTime: is required"),
        (
            {"errorDeclaration": {"declarationTime": "2026-11-20T07:00:12Z", "reason": "oops"}},
            "errorDeclaration.reason: is no word of the CBV",
        ),
        ({"bizTransactionList": ["PO-1"]}, "bizTransactionList[0]: must be a JSON object"),
        (
            {"bizTransactionList": [{"type": "order", "bizTransaction": EPC}]},
            "bizTransactionList[0].type: is no word of the CBV",
        ),
        ({"sourceList": [{"source": EPC}]}, "sourceList[0].type: is required"),
        ({"readPoint": {}}, "readPoint.id: is required"),
        ({"sensorElementList": [{}]}, "sensorElementList[0].sensorReport: is required"),
        (sensors(type=None), "sensorElementList[0].sensorReport[0].type: is required"),
        (sensors(value="3"), "sensorElementList[0].sensorReport[0].value: must be a number"),
        (sensors(component="up"), "sensorReport[0].component: is no word of the CBV"),
        (sensors(booleanValue="yes"), "sensorReport[0].booleanValue: must be true or false"),
        (
            {
                "sensorElementList": [
                    {
                        "sensorMetadata": {
                            "startTime": "2026-11-20T07:00:12Z",
                            "endTime": "2026-11-20T06:00:12Z",
                        },
                        "sensorReport": [REPORT],
                    }
                ]
            },
            "sensorElementList[0].sensorMetadata.endTime: is before startTime",
        ),
        ({"certificationInfo": ["x"]}, "certificationInfo[0]: must be a URI"),
        (
            {
                "certificationInfo": [
                    {"gs1:CertificationDetails": {"gs1:certificationEndDate": "soon"}}
                ]
            },
            "gs1:CertificationDetails.gs1:certificationEndDate: must be a date",
        ),
    ],
)
def test_a_broken_epcis_event_refuses_its_document_by_the_fields_path(change, said):
    """The whole or nothing: half a document would look complete."""
    with pytest.raises(Rejected) as caught:
        EPCIS.map(epcis(epcis_event(), epcis_event(**change)))
    assert str(caught.value).startswith("epcisBody.eventList[1].")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"@context": None}, "@context: is required"),
        ({"schemaVersion": None}, "schemaVersion: is required"),
        ({"schemaVersion": "two"}, "schemaVersion: must be like 2.0"),
        ({"creationDate": None}, "creationDate: is required"),
        ({"creationDate": "2026-11-20"}, "creationDate: must be an RFC 3339 time"),
        ({"epcisBody": None}, "epcisBody: is required"),
        ({"epcisBody": {"eventList": []}}, "epcisBody.eventList: is empty"),
        ({"epcisBody": {"eventList": {}}}, "epcisBody.eventList: must be an array"),
        ({"epcisBody": []}, "epcisBody: must be a JSON object"),
        ({"title": "Receipt"}, "title: is no field that EPCIS 2.0 knows here"),
        ({"type": "EPCISMasterDataDocument"}, "type: must be EPCISDocument or one of"),
    ],
)
def test_a_broken_epcis_document_is_refused(change, said):
    """Each by its own field."""
    document = {**epcis(epcis_event()), **change}
    with pytest.raises(Rejected) as caught:
        EPCIS.map({name: value for name, value in document.items() if value is not None})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("queryName", "epcisBody.queryResults.queryName: is required"),
        ("resultsBody", "epcisBody.queryResults.resultsBody: is required"),
    ],
)
def test_a_broken_query_result_is_refused(field, said):
    """§8.2.7.1."""
    document = example("sources/epcis/query-result.json")
    del document["epcisBody"]["queryResults"][field]
    with pytest.raises(Rejected, match=said):
        EPCIS.map(document)


def test_a_field_that_may_be_personal_is_not_quoted():
    """A field's name is its producer's word: it is told where it is one."""
    with pytest.raises(Rejected) as caught:
        EPCIS.map(epcis(epcis_event(**{"meera@example.com": 1})))
    assert "meera" not in str(caught.value)
