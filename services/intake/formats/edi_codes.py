"""Codes of EDI status messages: what they mean, and which qualifiers name what.

X12: data elements 1650 (AT7-01 of a 214) and 128 (L11, N9), releases 004010 to 008030. EDIFACT:
UN/ECE Recommendation 24, which data element 4405 (9011 until D.97) points to, and 1153 (RFF).

A code that is listed and has no milestone of ours is kept, and `other`; one that is not listed is
refused. `disposition` is the CBV's word for what the code says of the goods.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """What a code means. `estimated`: its time is yet to come."""

    milestone: str | None = None
    estimated: bool = False
    disposition: str | None = None


def _meaning(codes: Mapping[str, str]) -> dict[str, Status]:
    """From milestones to the codes that say them."""
    return {code: Status(each) for each, listed in codes.items() for code in listed.split()}


def _listed(codes: str) -> dict[str, Status]:
    return dict.fromkeys(codes.split(), Status())


X12: Mapping[str, Status] = {
    **_listed(
        "A3 AH AI AJ AN AP AV AW BA BC BO BR CB CD CL DE DO J1 L1 NB OO OP PA RH S1 SD UC X6 XB Y1"
    ),
    **_meaning(
        {
            "arrived": "AR K1 X1 X3 X4 X5 X8",
            "cancelled": "CA",
            "customs_hold": "PR",
            "departed": "AF P1 RL",
            "discharged": "D1",
            "gate_in": "I1",
            "gate_out": "OA",
            "loaded": "AM CP",
            "received": "R1",
            "rejected": "A7",
        }
    ),
    "A9": Status(disposition="damaged"),
    "AG": Status("delivered", estimated=True),
    "B6": Status("arrived", estimated=True),
    "C1": Status("departed", estimated=True),
    "X2": Status("arrived", estimated=True),
}

REC_24: Mapping[str, Status] = {
    **_listed(" ".join(str(code) for code in range(1, 104))),
    **_meaning(
        {
            "arrived": "1 40",
            "booked": "6",
            "cancelled": "7",
            "customs_hold": "17",
            "customs_released": "8 9 12",
            "delivered": "21 22",
            "departed": "24",
            "discharged": "26 29 59",
            "loaded": "48 70 79 92",
            "packed": "15 93 94",
            "picked_up": "13",
            "received": "28 72 73 74",
            "rejected": "77",
            "shipped": "27",
            "stored": "91",
        }
    ),
    "3": Status("arrived", disposition="damaged"),
    "18": Status(disposition="damaged"),
    "49": Status(disposition="unknown"),
    "66": Status(disposition="stolen"),
    "85": Status(disposition="mismatch_quantity"),
    "86": Status(disposition="mismatch_quantity"),
}

X12_QUALIFIERS = {
    "2I": "shipment",
    "BM": "bl",
    "BN": "booking",
    "CO": "so",
    "EQ": "container",
    "IV": "invoice",
    "LT": "lot",
    "MB": "bl",
    "OC": "container",
    "PO": "po",
    "SO": "so",
}
EDIFACT_QUALIFIERS = {
    "AAK": "asn",
    "AAS": "bl",
    "BM": "bl",
    "BN": "booking",
    "BT": "lot",
    "EQ": "container",
    "IV": "invoice",
    "ON": "po",
    "VN": "so",
}
