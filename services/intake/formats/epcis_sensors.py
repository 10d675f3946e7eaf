"""Sensor data of an EPCIS 2.0 event (§7.3.7): what was measured, over which window, by what."""

import re
from datetime import datetime
from typing import Any

from services.intake.domain.subjects import fitting
from services.intake.formats import cbv
from services.intake.formats.base import Reader

_KINDS = {"RelativeHumidity": "humidity"}
_NUMBERS = {
    "value": "value",
    "minimum": "minValue",
    "maximum": "maxValue",
    "mean": "meanValue",
}
# What a measurement of ours takes of a report and of what is said of all reports beside it.
_TAKEN = {"type", "exception", "deviceID", "time", "uom", "stringValue", *_NUMBERS.values()}
_TAKEN_OF_ALL = {"time", "startTime", "endTime", "deviceID"}
_SHORT = 500


def measurements(event: Reader, happened: datetime) -> list[dict[str, Any]]:
    """Each report with the window that it sums up, or the time that it is of."""
    found: list[dict[str, Any]] = []
    for element in event.items("sensorElementList"):
        window = element.child("sensorMetadata") or Reader({}, "")
        start, end = window.instant("startTime"), window.instant("endTime")
        if start is not None and end is not None and end < start:
            raise window.refuse("endTime", "is before startTime")
        of_all = window.instant("time") or (None if start or end else happened)
        device = window.text("deviceID")
        for report in element.items("sensorReport"):
            own = report.text("deviceID") or device
            found.append(
                _measurement(report)
                | {
                    "at": report.instant("time") or of_all,
                    "start": start,
                    "end": end,
                    "device": fitting(own) if own else None,
                }
            )
    return found


def _measurement(report: Reader) -> dict[str, Any]:
    # A device that tells that it is out of order measures nothing: the standard's own example of
    # an error condition has no type.
    exception = report.text("exception")
    given = report.required("type") if exception is None else report.text("type")
    word = cbv.web_word(given or cbv.OTHER)
    known = cbv.URI.fullmatch(word) is None
    uom, said = report.text("uom"), report.text("stringValue")
    return {
        "kind": fitting(_KINDS.get(word) or _snake(word)) if known else cbv.OTHER,
        "source_kind": None if known or given is None else given[:_SHORT],
        **{ours: report.decimal(theirs) for ours, theirs in _NUMBERS.items()},
        "uom": fitting(uom) if uom else None,
        "alert": _alert(exception),
        "text": said[:_SHORT] if said else None,
    }


def _snake(word: str) -> str:
    """AbsoluteHumidity -> absolute_humidity."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower()


def _alert(given: str | None) -> str | None:
    return None if given is None else cbv.ALERTS.get(cbv.web_word(given), cbv.OTHER)


def says_more(event: Reader) -> bool:
    """Whether a measurement of ours cannot hold all that the event says of its sensors."""
    return any(
        _beyond(element.data, {"sensorMetadata", "sensorReport"})
        or _beyond(element.data.get("sensorMetadata") or {}, _TAKEN_OF_ALL)
        or any(
            _beyond(report.data, _TAKEN)
            or len(report.text("stringValue") or "") > _SHORT
            or _alert(report.text("exception")) == cbv.OTHER
            for report in element.items("sensorReport")
        )
        for element in event.items("sensorElementList")
    )


def _beyond(data: dict[str, Any], taken: set[str]) -> bool:
    return any(name not in taken for name, value in data.items() if value is not None)
