"""From what a model wrote to what may be used of it."""

import json
from dataclasses import dataclass

from services.writer.domain.asking import Ask, Task
from services.writer.domain.extracting import Dates, Extraction, extract
from services.writer.domain.guarding import GUARDED, Fault, Guard, faults
from services.writer.domain.prompting import field_of, spoken


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands, and why a person has to look; of a text with faults nothing stands."""

    extraction: Extraction | None = None
    text: str | None = None
    faults: tuple[Fault, ...] = ()


def unwritable(ask: Ask) -> Judged | None:
    """Why nothing is to be written at all: in that language we would notice no promise."""
    if ask.task is Task.DRAFT and spoken(ask) not in GUARDED:
        return Judged(faults=(Fault(Guard.LANGUAGE, field_of(ask.task)),))
    return None


def judge(written: str, ask: Ask, dates: Dates, *, whole: bool) -> Judged:
    """Hold an answer against its source and its facts."""
    said = _object(written) if whole else None
    if said is None:
        return Judged(faults=(Fault(Guard.FORM, "answer", 0, len(written)),))
    if ask.task is Task.EXTRACT:
        extraction, found = extract(said, ask, dates)
        return Judged(extraction=extraction, faults=tuple(found))
    field = field_of(ask.task)
    text = said.get(field)
    if not isinstance(text, str) or not text.strip():
        return Judged(faults=(Fault(Guard.FORM, field),))
    facts = (f"{fact.name} {fact.value}" for fact in ask.facts)
    found = faults(text, field, spoken(ask), ask.text, *facts)
    return Judged(text=text.strip(), faults=tuple(found))


def _object(written: str) -> dict[str, object] | None:
    try:
        said = json.loads(written)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
