"""Reading an entry off the wire: ours, nobody's, or from a newer decider than this one."""

import structlog
from pydantic import ValidationError

from schemas.automation.journal import JournalAppended
from services.chassis.errors import Crash
from services.chassis.record import Record

_log = structlog.get_logger()


def read(record: Record) -> JournalAppended | None:
    """The entry, or None where the record is none of ours: then it counts for nobody.

    Raises:
        Crash: a newer decider wrote a kind of entry that this one cannot fold.
    """
    try:
        return JournalAppended.from_json(record.value or b"")
    except ValidationError as error:
        if any(fault["type"] == "union_tag_invalid" for fault in error.errors(include_input=False)):
            raise Crash(
                f"journal {record.partition}, offset {record.offset}: a kind of entry that this"
                " version does not know; run the version that wrote it, or a later one"
            ) from error
        _log.error(
            "journal: a record that is no entry",
            lane=record.partition,
            offset=record.offset,
            faults=error.error_count(),
        )
        return None
