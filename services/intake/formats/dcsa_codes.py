"""DCSA Track & Trace codes, of 2.2 and 3.0 together: which there are, what they mean.

A code that stands for itself alone says `None`: the event is kept, and its milestone is `other`.
"""

from collections.abc import Mapping

FAMILIES = {
    "TRANSPORT": "transport",
    "EQUIPMENT": "equipment",
    "SHIPMENT": "document",
    "REEFER": "condition",
    "IOT": "condition",
}
CODE_FIELDS = {
    "TRANSPORT": "transportEventTypeCode",
    "EQUIPMENT": "equipmentEventTypeCode",
    "SHIPMENT": "shipmentEventTypeCode",
    "REEFER": "reeferEventTypeCode",
    "IOT": "iotEventTypeCode",
}
CLASSIFIERS = {"PLN": "planned", "EST": "estimated", "ACT": "actual", "REQ": "requested"}

MILESTONES: Mapping[str, Mapping[str, str | None]] = {
    "TRANSPORT": {"ARRI": "arrived", "DEPA": "departed"},
    "EQUIPMENT": {
        "AVDO": None,
        "AVPU": None,
        "CROS": None,
        "CUSI": "customs_hold",
        "CUSR": "customs_released",
        "CUSS": "customs_hold",
        "DISC": "discharged",
        "DROP": "delivered",
        "GTIN": "gate_in",
        "GTOT": "gate_out",
        "HOLD": None,
        "INSP": "inspected",
        "LOAD": "loaded",
        "PICK": "picked_up",
        "RMVD": None,
        "RSEA": "inspected",
        "STRP": "received",
        "STUF": "packed",
    },
    "SHIPMENT": {
        "AMCF": "changed",
        "AMCN": None,
        "AMDC": None,
        "AMPR": None,
        "AMRE": None,
        "APPR": "confirmed",
        "CACF": "cancelled",
        "CADC": None,
        "CANC": "cancelled",
        "CARE": None,
        "CMPL": None,
        "CONF": "confirmed",
        "DECL": "rejected",
        "DRFT": None,
        "HOLD": None,
        "ISSU": "confirmed",
        "PENA": None,
        "PENC": None,
        "PENM": None,
        "PENU": None,
        "PSAM": None,
        "PSDL": None,
        "RECE": "received",
        "REJE": "rejected",
        "RELS": None,
        "REQS": None,
        "SUAM": None,
        "SUBM": None,
        "SUDL": None,
        "SURR": None,
        "UPCF": "changed",
        "UPCN": None,
        "UPDC": None,
        "UPDT": None,
        "UPRE": None,
        "VOID": "cancelled",
    },
    "REEFER": {"ADJU": "changed", "MEAS": "measured"},
    "IOT": {"DETC": None},
}
# What a sensor detected, and how the measurement says it. A position is no alert.
DETECTED: Mapping[str, tuple[str | None, str | None]] = {
    "DRC": ("measured", "closed"),
    "DRO": ("alert", "open"),
    "LOC": (None, None),
}

# Types of documents and of references that have a name of ours; the others are documents.
REFERENCES = {
    "BID": "booking",
    "BKG": "booking",
    "CBR": "booking",
    "CSI": "shipment",
    "EQ": "container",
    "INV": "invoice",
    "PO": "po",
    "TRD": "bl",
}
