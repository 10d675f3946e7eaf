"""Nothing is said that neither the source nor a fact says; nothing is promised at all."""

import string
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.writer.domain.guarding import Guard, faults, occurs
from services.writer.domain.promises import promises
from services.writer.domain.tokens import Known, tokens, values

SOURCE = (
    "Dear team, PO 4500123 for container MSKU 123456-7 will be two weeks late; 2,400 pieces ship"
    " on 27 November. The price stays $500, see https://kiln.example/news or ask ann@kiln.example."
)


def found(text, source=SOURCE, language="en"):
    """The guards that object, and to which words."""
    return [
        (each.guard, text[each.start : each.end]) for each in faults(text, "t", language, source)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "PO-4500123 is 2 weeks late.",
        "The 2400 pieces leave on 27 Nov.",
        "Container MSKU1234567 is delayed, the price is 500 dollars.",
        "More at https://kiln.example/news.",
        "They may march on, one of them sat down.",
    ],
)
def test_what_the_source_says_may_be_said_in_other_words(text):
    """A guard that objects to everything sends everything to people."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "guard", "words"),
    [
        ("PO 4500124 is late.", Guard.UNSUPPORTED_QUANTITY, "4500124"),
        ("PO-4500124 is late.", Guard.UNSUPPORTED_ID, "PO-4500124"),
        ("Order SO-77 is late.", Guard.UNSUPPORTED_ID, "SO-77"),
        ("It ships on 28/11/2026.", Guard.UNSUPPORTED_DATE, "28/11/2026"),
        ("It ships in December.", Guard.UNSUPPORTED_DATE, "December"),
        ("It ships on Friday.", Guard.UNSUPPORTED_DATE, "Friday"),
        ("It ships tomorrow.", Guard.UNSUPPORTED_DATE, "tomorrow"),
        ("It ships on May 27.", Guard.UNSUPPORTED_DATE, "May"),
        ("It takes three weeks.", Guard.UNSUPPORTED_QUANTITY, "three"),
        ("About 2,401 pieces.", Guard.UNSUPPORTED_QUANTITY, "2,401"),
        ("About 240 pieces.", Guard.UNSUPPORTED_QUANTITY, "240"),
        ("A sum of $600 is due.", Guard.UNSUPPORTED_AMOUNT, "600"),
        ("It costs 600 EUR.", Guard.UNSUPPORTED_AMOUNT, "600"),
        ("Write to bob@kiln.example.", Guard.UNSUPPORTED_ADDRESS, "bob@kiln.example"),
        ("See www.evil.example now.", Guard.UNSUPPORTED_ADDRESS, "www.evil.example"),
        ("Call [[PHONE:abc]].", Guard.UNSUPPORTED_ADDRESS, "[[PHONE:abc]]"),
    ],
)
def test_what_nobody_said_is_found(text, guard, words):
    """With the guard that a person reads, and where it stands."""
    assert (guard, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "We will refund the charges today.",
        "We'll look into it.",
        "I\u2019ll call you.",
        "You will receive a replacement.",
        "Your money will be refunded.",
        "We guarantee it.",
        "I can assure you.",
        "This is free of charge.",
        "हम आपके पैसे वापस करेंगे।",
        "यह हमारा वादा है।",
        "aapka refund jaldi mil jayega",
        "আমরা টাকা ফেরত দেব।",
        "இது எங்கள் வாக்குறுதி.",
    ],
)
def test_words_that_bind_are_found_in_every_guarded_language(text):
    """Also where the customer used them first: saying them again would be agreeing."""
    assert list(promises(text))
    assert Guard.PROMISE in {each.guard for each in faults(text, "t", "en", text)}


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your message. A colleague looks into it.",
        "We are sorry that the cup arrived broken.",
        "आपका संदेश मिल गया है। एक सहकर्मी इसे देख रहे हैं।",
        "उम्मीद है आप ठीक हैं।",
    ],
)
def test_plain_words_bind_nobody(text):
    """A reply must be possible."""
    assert not list(promises(text))


@pytest.mark.parametrize(
    ("text", "language"),
    [("Danke für Ihre Nachricht.", "de"), ("Thank you.", None), ("Thank you, we look.", "ta")],
)
def test_a_language_whose_promises_we_would_miss_is_for_a_person(text, language):
    """And so is a text that is in another script than its language."""
    assert Guard.LANGUAGE in {each.guard for each in faults(text, "t", language, text)}


NUMBERS = st.integers(2, 10**9).map(str)
WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=8)
IDS = st.builds("{}-{}".format, st.sampled_from(["PO", "SO", "SKU", "LOT"]), st.integers(1, 10**8))


@given(st.lists(st.one_of(WORDS, NUMBERS, IDS), max_size=20), st.one_of(NUMBERS, IDS), st.data())
def test_an_invented_number_or_id_never_passes(words, invented, data):
    """Whatever stands around it, and however near it comes to what the source says."""
    source = " ".join(words)
    compact = "".join(c for c in source if c.isalnum()).casefold()
    assume("".join(c for c in invented if c.isalnum()).casefold() not in compact)
    place = data.draw(st.integers(0, len(words)))
    text = " ".join([*words[:place], invented, *words[place:]])
    assert invented in [words for _, words in found(text, source)]


@given(st.lists(st.one_of(WORDS, NUMBERS, IDS), min_size=1, max_size=20), st.data())
def test_words_of_the_source_are_always_supported(words, data):
    """In any order and choice: what is quoted is never held against a text."""
    source = " ".join(words)
    said = data.draw(st.lists(st.sampled_from(words), max_size=10))
    known = Known(source)
    assert all(known.supports(token) for token in tokens(" ".join(said)) if token.counts)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_judged(text, source):
    """No characters make a guard fail, and every fault lies within the text."""
    for each in faults(text, "t", "en", source):
        assert 0 <= each.start <= each.end <= len(text)


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_a_quotation_is_found_where_it_stands(source, start, end):
    """What `occurs` names is the quotation, whatever its spaces."""
    span = occurs(source[start:end], source)
    if span is not None:
        assert source[span[0] : span[1]].split() or not source[start:end].split()
    assert occurs("", source) is None


def test_a_part_of_a_word_is_no_quotation():
    """4711 is not what PO-47110 says."""
    assert occurs("4711", "PO-47110") is None
    assert occurs("4711", "PO-4711 is late") == (3, 7)
    assert occurs("Two  Weeks", "it is two\nweeks late") == (6, 15)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2,400", {2400}),
        ("1,20,000", {120000}),
        ("2400", {2400}),
        ("2.4", {Decimal("2.4")}),
        ("2,4", {Decimal("2.4")}),
        ("2.400", {2400, Decimal("2.4")}),
        ("1.234,50", {Decimal("1234.5")}),
        ("1,234.50", {Decimal("1234.5")}),
        ("twelve", {12}),
        ("१२", {12}),
        ("PO-12", set()),
        ("9" * 50, set()),
    ],
)
def test_a_number_is_compared_by_what_it_may_mean(text, meant):
    """Separators differ from country to country; where two readings are possible both are."""
    assert values(text) == meant
