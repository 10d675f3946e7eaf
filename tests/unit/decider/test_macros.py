"""Macros: approved texts, complete in every locale they claim, or refused with the place."""

from pathlib import Path

import pytest

from services.decider.domain.macros import LOCALES, approved_locale, fit_for_customers, render
from services.decider.policies import SHIPPED_MACROS
from services.decider.policies.macros import load_macros
from tests.fakes_policy import MACROS, write

GOOD = {
    "macro": "hello",
    "title": "Hello",
    "variables": {"order_id": "ticket.order_id"},
    "texts": {"en": "About {order_id}.", "hi": "{order_id} के बारे में।"},
}


def test_a_macro_is_its_texts_and_where_its_variables_come_from(tmp_path: Path) -> None:
    """What the action names."""
    write(tmp_path, GOOD)
    macros, wrong = load_macros(tmp_path)
    assert wrong == []
    assert render(macros["hello"], "en", {"order_id": "SO-1"}) == "About SO-1."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": None}, "title: must be a string, is empty; quote it"),
        ({"texts": {}}, "texts: is empty; write one for a locale of en"),
        ({"macro": "Hello!"}, "macro: 'Hello!' must be like"),
        ({"text": {}}, "text: unknown field text; did you mean texts?"),
        ({"texts": {"de": "Hallo {order_id}"}}, "texts.de: unknown locale de"),
        ({"texts": {"en": "Hello"}}, "texts.en: {order_id} is declared and not used"),
        ({"texts": {"en": "{order_id} {name}"}}, "texts.en: {name} is no variable"),
        ({"variables": {"order_id": "ticket.orderid"}}, "did you mean ticket.order_id?"),
        ({"variables": {"order_id": "ticket.requester_ref"}}, "unknown fact"),
        ({"variables": {"order_id": "intent.label"}}, "unknown fact"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, change, said: str) -> None:
    """A text with a hole in it must not reach a customer; nor a model's word, nor a person's id."""
    file = write(tmp_path, {**GOOD, **change})
    _, wrong = load_macros(tmp_path)
    assert any(line.startswith(f"{file}:") and said in line for line in wrong), wrong


def test_two_macros_of_one_id_are_refused(tmp_path: Path) -> None:
    """Which of the two was approved?"""
    write(tmp_path, GOOD, "a.yaml")
    write(tmp_path, GOOD, "b.yaml")
    _, [wrong] = load_macros(tmp_path)
    assert "hello is there twice" in wrong


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("en", "en"), ("en-IN", "en"), ("hi-Latn", "hi-Latn"), ("hi", None), ("ta", None)],
)
def test_another_language_or_script_is_never_a_fall_back(wanted: str, found: str | None) -> None:
    """Who writes Hindi in Latin letters may not read Devanagari, nor the other way round."""
    assert approved_locale(MACROS["sorry"], wanted) == found


@pytest.mark.parametrize(
    ("value", "fit"),
    [
        ("SO-48213", True),
        ("#4711 B", True),
        ("রওনা_হয়েছে", True),
        (14.5, True),
        ("http://evil.example", False),
        ("evil.example", False),
        ("a@b.example", False),
        ("{order_id}", False),
        ("two\nlines", False),
        ("send your card number", False),
        (" ", False),
        ("x" * 41, False),
        ("", False),
    ],
)
def test_only_plain_ids_words_and_numbers_are_repeated_to_customers(value, fit: bool) -> None:  # noqa: FBT001
    """A producer's field must not become our letter."""
    assert fit_for_customers(value) is fit


def test_the_shipped_macros_are_complete() -> None:
    """Every text in every language that we promise to answer in."""
    macros, wrong = load_macros(SHIPPED_MACROS)
    assert wrong == []
    assert {"correction", "delivery-status"} <= macros.keys()
    for macro in macros.values():
        assert set(macro.texts) == set(LOCALES), macro.id
        shown = {render(macro, each, dict.fromkeys(macro.variables, "SO-1")) for each in LOCALES}
        assert len(shown) == len(LOCALES), f"{macro.id}: one language twice"
