"""People and models read one text, nothing is hidden in it, and it costs linear time."""

import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.cleaning import MAX_BYTES, clean, shorten, shorten_masked


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("a\u200bb\u2060c\ufeffd", "abcd"),  # zero width
        ("\u202eabc\u202c \u2066x\u2069", "abc x"),  # bidirectional marks
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),  # controls
        ("a\U000e0041\U000e0042b", "ab"),  # tag characters spell ASCII unseen
        ("so\u00adft", "soft"),  # soft hyphen
        ("x\ufe0fy\ue000z", "xyz"),  # variation selector, private use
        ("one\u00a0two\u3000three", "one two three"),  # special spaces
        ("4111\u20131111\u22121111", "4111-1111-1111"),  # special dashes
        ("line\r\nline\rline\u2028line\u0085line", "line\nline\nline\nline\nline"),
        ("tab\there", "tab\there"),
        ("e\u0301", "é"),  # composed
        ("९८७६५ ৪৩২১০ ௯ ٤ \uff14 \U0001d7dc", "98765 43210 9 4 4 4"),  # digits of every script
        ("क\u094d\u200dष", "क\u094d\u200dष"),  # the joiner Hindi spells with
        ("a\u200db", "ab"),  # the same between Latin letters hides a number
        ("9\u200d8", "98"),
        ("\ud800x", "x"),  # a lone surrogate
    ],
)
def test_what_could_hide_something_is_gone_and_what_words_need_stays(given, seen):
    """An instruction that only the model sees, or a number that no rule sees, is an attack."""
    assert clean(given) == seen


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaning_twice_changes_nothing(text):
    """A cleaned text is what every rule after it may rely on, redriven or not."""
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_a_run_of_combining_marks_is_bounded():
    """Composing sorts such a run in quadratic time: 64 KiB of it would hold everybody up."""
    marks = "\u0301\u0323\u0345\u0315"
    started = perf_counter()
    seen = clean("a" + marks * 16_000 + "b" + marks * 3)
    assert perf_counter() - started < 3  # it takes 0.01 s; unbounded 4.7 s
    assert len(seen) < 60
    assert unicodedata.normalize("NFC", "b" + marks * 3) in seen


def test_a_long_run_of_emoji_or_punctuation_is_left_alone():
    """They are no marks."""
    text = "😂" * 100 + "。" * 100
    assert clean(text) == text


@given(st.text(max_size=60), st.integers(0, 80))
def test_shortening_keeps_a_whole_beginning(text, limit):
    """Bytes are counted, characters are kept whole."""
    cut = shorten(clean(text), limit)
    assert clean(text).startswith(cut)
    assert len(cut.encode()) <= limit
    rest = clean(text)[len(cut) :]
    assert not rest or len((cut + rest[0]).encode()) > limit


def test_the_bound_is_64_kib_of_utf8():
    """As DESIGN says of every text."""
    assert MAX_BYTES == 65_536
    assert shorten("x" * 65_536) == "x" * 65_536
    assert shorten("क" * 65_536) == "क" * (65_536 // 3)


@pytest.mark.parametrize("at", range(1, 24))
def test_a_placeholder_is_kept_whole_or_not_at_all(at):
    """Half of one would be neither text nor a placeholder."""
    text = "call [[PHONE:0be69cf404ca]] now"
    placeholder = text[5:27]
    cut = shorten_masked(text, 5 + at)
    assert cut in (("call ",) if at < len(placeholder) else (text[: 5 + at],))
