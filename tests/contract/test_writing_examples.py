"""The examples of what is written are what the writer's own rules would say."""

from pathlib import Path

from schemas import snapshots
from schemas.automation.writing import WritingCompleted, WritingRequested
from services.chassis.identity import stable_id
from services.writer.domain.guarding import faults

EXAMPLES = Path(snapshots.__file__).parent / "examples"


def told(event):
    """All examples of a type, by the id of the writing."""
    files = sorted((EXAMPLES / event.event_type).glob("*.json"))
    found = [event.from_json(path.read_text("utf-8")) for path in files]
    return {each.writing_id: each for each in found}


REQUESTED, COMPLETED = told(WritingRequested), told(WritingCompleted)


def test_every_example_of_an_answer_has_its_request():
    """One id for both, made of the case and the task."""
    assert REQUESTED.keys() == COMPLETED.keys()
    for asked in REQUESTED.values():
        made = stable_id("writing", str(asked.case_id), asked.task.value)
        assert asked.writing_id == made


def test_every_supported_value_stands_where_the_example_says():
    """Spans are code points of the request's text."""
    for answer in COMPLETED.values():
        if answer.extraction is not None:
            text = REQUESTED[answer.writing_id].text
            quoted = {text[each.start : each.end] for each in answer.extraction.support}
            assert {*answer.extraction.references, answer.extraction.cause} <= quoted


def test_the_example_of_a_guarded_draft_is_found_by_the_guards():
    """The fault that it names is the one that a reader would get."""
    for answer in COMPLETED.values():
        if answer.text is not None:
            asked = REQUESTED[answer.writing_id]
            found = faults(answer.text, "reply", asked.language, asked.text)
            assert [(each.guard.value, each.start, each.end) for each in found] == [
                (each.guard.value, each.start, each.end) for each in answer.faults
            ]
