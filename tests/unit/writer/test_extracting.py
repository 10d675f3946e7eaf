"""What was picked out of a notice counts where the notice says it, and is left out where not."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.writer import dates
from services.writer.domain.asking import Fact, Task
from services.writer.domain.guarding import Guard
from services.writer.domain.judging import judge, unwritable
from tests.fakes_writer import NOTICE, ask

SAID = {
    "type": "delay",
    "references": ["SH-88120", "PO-4698"],
    "new_date": "",
    "delay": "about four days late",
    "quantity": "1,200",
    "cause": "heavy weather",
}


def judged(asked=None, **changed):
    """What may be used of an answer."""
    return judge(json.dumps(SAID | changed), asked or ask(), dates.read, whole=True)


def test_a_supported_answer_stands_with_its_spans():
    """Each value can be looked up in the notice; four days late counts from the promised date."""
    found = judged()
    assert found.faults == ()
    kept = found.extraction
    assert kept is not None
    assert (kept.type, kept.references) == ("delay", ("SH-88120", "PO-4698"))
    assert (kept.delay_days, kept.new_date) == (4, datetime(2026, 11, 26, tzinfo=UTC))
    assert (int(kept.quantity or 0), kept.cause) == (1200, "heavy weather")
    quoted = {each.field: NOTICE[each.start : each.end] for each in kept.support}
    assert quoted["delay"] == "about four days late"
    assert quoted["quantity"] == "1,200"
    assert [each.rule for each in kept.support if each.field == "delay"] == ["dates"]


@pytest.mark.parametrize(
    ("changed", "guard", "field"),
    [
        ({"references": ["PO-9999"]}, Guard.UNSUPPORTED_ID, "references"),
        ({"references": ["4698"], "cause": "a strike"}, Guard.UNSUPPORTED_WORDS, "cause"),
        ({"quantity": "1,300"}, Guard.UNSUPPORTED_QUANTITY, "quantity"),
        ({"delay": "six days"}, Guard.UNSUPPORTED_DATE, "delay"),
        ({"new_date": "1 January"}, Guard.UNSUPPORTED_DATE, "new_date"),
        ({"delay": "affected"}, Guard.UNSUPPORTED_DATE, "delay"),
        ({"type": "refund"}, Guard.FORM, "type"),
    ],
)
def test_what_the_notice_does_not_say_is_left_out_and_named(changed, guard, field):
    """Nothing invented gets through, and a person is told what it was about."""
    found = judged(**changed)
    assert (guard, field) in {(each.guard, each.field) for each in found.faults}
    kept = found.extraction
    assert kept is not None
    assert "PO-9999" not in kept.references
    assert kept.cause in {"heavy weather", None}
    assert kept.type in {"delay", None}


def test_a_date_and_a_delay_that_disagree_are_both_left_out():
    """One of them is wrong, and nobody knows which."""
    text = "PO-1 comes on 30 November, four days late."
    found = judged(ask(text), references=[], quantity="", cause="",
                   new_date="30 November", delay="four days late")  # fmt: skip
    assert found.extraction is not None
    assert (found.extraction.new_date, found.extraction.delay_days) == (None, None)
    assert [each.guard for each in found.faults] == [Guard.UNSUPPORTED_DATE]


def test_a_new_date_says_the_delay_and_a_delay_alone_no_date():
    """Both follow from what was promised; without that only what is said."""
    text = "PO-1 comes on 30 November."
    said = {"references": [], "quantity": "", "cause": "", "new_date": "30 November", "delay": ""}
    kept = judged(ask(text), **said).extraction
    assert kept is not None
    assert kept.delay_days == 8
    kept = judged(ask(expected_at=None)).extraction
    assert kept is not None
    assert (kept.new_date, kept.delay_days) == (None, 4)


@pytest.mark.parametrize(
    ("answer", "whole"),
    [("", True), ("[]", True), ('{"type": "de', True), (json.dumps(SAID), False)],
)
def test_an_answer_that_is_no_whole_object_is_for_a_person(answer, whole):
    """Cut off for length, it may lack the one "not" that counted."""
    found = judge(answer, ask(), dates.read, whole=whole)
    assert [each.guard for each in found.faults] == [Guard.FORM]
    assert found.extraction is None


def test_a_draft_may_say_the_facts_and_nothing_else():
    """Joined facts are as good as the text."""
    asked = ask("My cup is broken.", Task.DRAFT, facts=(Fact("order.id", "SO-48377"),))
    good = judge(
        '{"reply": "Your message about SO-48377 has arrived."}', asked, dates.read, whole=True
    )
    assert (good.text, good.faults) == ("Your message about SO-48377 has arrived.", ())
    bad = judge('{"reply": "We will refund SO-48378."}', asked, dates.read, whole=True)
    assert {each.guard for each in bad.faults} == {Guard.PROMISE, Guard.UNSUPPORTED_ID}


def test_no_draft_is_begun_in_a_language_that_is_not_guarded():
    """It would cost seconds, and a person would have to write it anew."""
    assert unwritable(ask(task=Task.DRAFT, language="de")) is not None
    assert unwritable(ask(task=Task.DRAFT, language=None)) is not None
    assert unwritable(ask(task=Task.DRAFT, language="hi-Latn")) is None
    assert unwritable(ask(task=Task.SUMMARISE, language="de")) is None
    assert unwritable(ask(language="de")) is None


ANY = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.lists(st.text(max_size=20)))


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(sorted(SAID)), ANY))
def test_whatever_is_said_every_word_that_is_kept_stands_in_the_notice(text, said):
    """The promise of the service, for answers that no grammar bound."""
    found = judge(json.dumps(said), ask(text), dates.read, whole=True)
    kept = found.extraction
    assert kept is not None
    folded = " ".join(text.split()).casefold()
    for each in (*kept.references, kept.cause):
        assert each is None or " ".join(each.split()).casefold() in folded
    assert kept.type in {None, "delay", "shortage", "other"}
