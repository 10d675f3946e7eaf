"""Status messages of EDI as decoded JSON: X12 214 and EDIFACT IFTSTA.

EDI has no JSON of its own. Whatever decodes it hands over this much, in EDI's own codes:

    {
      "standard": "X12",              or "EDIFACT"
      "message": "214",               or "IFTSTA"
      "sender": "FDEG",               ISA06 or B10-03; UNB 0004                        optional
      "interchange": "000000123",     ISA13; UNB 0020                                  optional
      "reference": "0001",            ST02; UNH 0062                                   optional
      "sent_at": "2026-11-20T09:20:00Z",                                               optional
      "references": [{"qualifier": "PO", "value": "4711"}],    B10, L11, N9; RFF       optional
      "statuses": [                   one for each AT7 or STS: each becomes an event
        {
          "code": "SD",               AT7-01 (1650); STS 4405 by UN/ECE Recommendation 24
          "code_list": "HAPAG",       only where the code is of another list than these
          "reason": "AI",             AT7-02 (1651); STS 9013                          optional
          "at": "2026-11-20T09:15:00-06:00",     AT7-05 to 07; DTM, with its offset
          "estimated": true,          where the time is one that is expected           optional
          "equipment": "MSKU4812093", MS2; EQD                                         optional
          "references": [],           of this status alone                             optional
          "location": {"unlocode": "USMEM", "city": "Memphis", "region": "TN", "country": "US"},
          "text": ["DELIVERY WILL BE RESCHEDULED"]      K1; FTX                         optional
        }
      ]
    }

Further fields survive as custom fields. The event id is made of sender, interchange, reference and
the status' place in the message, where both control references are given; else it is the origin.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.supply import SupplyEventReceived
from services.chassis.errors import Rejected
from services.intake.domain.subjects import fitting
from services.intake.formats import edi_codes
from services.intake.formats.base import Format, Mapped, Reader, validated
from services.intake.formats.dcsa_things import UNLOCODE
from services.intake.formats.edi_codes import Status
from services.intake.formats.leftovers import read_whole
from services.intake.formats.tickets import Taken, flag, left_over
from topics.supply import SUPPLY_EVENT_RECEIVED

# Per standard: its message, how codes and reasons are told, the statuses, the qualifiers.
_STANDARDS: Mapping[str, tuple[str, str, str, Mapping[str, Status], Mapping[str, str]]] = {
    "X12": ("214", "x12:214", "x12", edi_codes.X12, edi_codes.X12_QUALIFIERS),
    "EDIFACT": (
        "IFTSTA",
        "edifact:IFTSTA",
        "un-9013",
        edi_codes.REC_24,
        edi_codes.EDIFACT_QUALIFIERS,
    ),
}
_OTHER_LIST = Status()


def _recognise(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and data.get("standard") in list(_STANDARDS)
        and "message" in data
        and "statuses" in data
    )


def _map(data: Any) -> Sequence[Mapped]:
    message = Reader(data, "")
    standard = message.one_of("standard", tuple(_STANDARDS)) or ""
    message.one_of("message", (_STANDARDS[standard][0],))
    statuses = message.items("statuses")
    if not statuses:
        raise Rejected("statuses: is empty; there is no event to accept")
    return [_event(message, standard, each, n) for n, each in enumerate(statuses)]


def _event(message: Reader, standard: str, status: Reader, n: int) -> Mapped:
    _, told, reasons, _, qualifiers = _STANDARDS[standard]
    code = status.required("code")
    meaning = _meaning(status, standard, code)
    at, sent = status.instant("at"), message.instant("sent_at")
    if at is None:
        raise status.refuse("at", "is required, with its offset")
    expected = meaning.estimated or bool(flag(status, "estimated"))
    reason, code_list = status.text("reason"), status.text("code_list")
    event_id = _event_id(message, n)
    body = {
        "event_id": fitting(event_id) if event_id else None,
        "source_code": fitting(f"{code_list or told}:{code}"),
        "family": "transport",
        "milestone": meaning.milestone or "other",
        "source_milestone": None if meaning.milestone else code[:500],
        "classifier": "estimated" if expected else "actual",
        "occurred_at": _happened(at, sent, expected=expected),
        "recorded_at": sent,
        "new_time": at if expected else None,
        "refs": _references(message, status, qualifiers),
        "place": _place(status),
        "reason_code": fitting(f"{reasons}:{reason}") if reason else None,
        "disposition": meaning.disposition,
        "text": "\n".join(_texts(status)) or None,
        "custom_fields": left_over(message.data, _of_message(message, event_id))
        | left_over(status.data, _OF_STATUS | read_whole(status, _REFERENCE), f"{status.at}."),
    }
    mapped = validated(SupplyEventReceived, body, f"{status.at}: ")
    return Mapped(mapped, event_id)


def _meaning(status: Reader, standard: str, code: str) -> Status:
    """What a code means; one of another list than the standard's is kept and means nothing yet."""
    if status.text("code_list"):
        return _OTHER_LIST
    known = _STANDARDS[standard][3].get(code)
    if known is None:
        raise status.refuse("code", f"is no status of {standard}; name the code_list that it is of")
    return known


def _happened(at: datetime, sent: datetime | None, *, expected: bool) -> datetime:
    """What is expected was said when the message was sent."""
    return (sent or at) if expected else at


def _event_id(message: Reader, n: int) -> str | None:
    interchange, reference = message.text("interchange"), message.text("reference")
    if interchange is None or reference is None:
        return None
    return "/".join([message.text("sender") or "-", interchange, reference, str(n)])


def _references(
    message: Reader, status: Reader, qualifiers: Mapping[str, str]
) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    if equipment := status.text("equipment"):
        found.append({"type": "container", "value": fitting(equipment)})
    for each in [*status.items("references"), *message.items("references")]:
        qualifier = each.required("qualifier")
        kind = qualifiers.get(qualifier)
        found.append(
            {
                "type": kind or "document",
                "value": fitting(each.required("value")),
                "source_type": None if kind else qualifier[:500],
            }
        )
    if sender := message.text("sender"):
        found.append({"type": "carrier", "value": fitting(sender)})
    if not found:
        raise message.refuse("references", "is empty: say what the statuses are about")
    return found


def _place(status: Reader) -> dict[str, Any] | None:
    where = status.child("location")
    if where is None:
        return None
    code = where.text("unlocode")
    if code is not None and UNLOCODE.fullmatch(code) is None:
        raise where.refuse("unlocode", "is no UN/LOCODE, e.g. USMEM")
    named = ", ".join(filter(None, map(where.text, ("name", "city", "region", "country"))))
    return {"unlocode": code, "facility": named[:500] or None}


def _texts(status: Reader) -> list[str]:
    texts = status.array("text")
    for n, each in enumerate(texts):
        if not isinstance(each, str):
            raise status.refuse(f"text[{n}]", "must be a string")
    return texts


_REFERENCE = {"references": ("qualifier", "value")}
_OF_STATUS: dict[str, Taken | None] = dict.fromkeys(
    ("code", "code_list", "reason", "at", "estimated", "equipment", "text")
) | {"location": dict.fromkeys(("unlocode", "name", "city", "region", "country"))}


def _of_message(message: Reader, event_id: str | None) -> Taken:
    """Of the control references nothing is left where they made the event's id."""
    taken: dict[str, Taken | None] = dict.fromkeys(
        ("standard", "message", "sender", "sent_at", "statuses")
    )
    numbers = dict.fromkeys(("interchange", "reference")) if event_id else {}
    return taken | numbers | read_whole(message, _REFERENCE)


FORMAT = Format("edi", 1, SUPPLY_EVENT_RECEIVED.name, _recognise, _map, split=True)
