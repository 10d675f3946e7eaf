"""What the mappings of helpdesks share: what is left over, ids, times, words, lengths."""

from datetime import UTC, datetime

import pytest

from services.chassis.errors import Rejected
from services.intake.domain.echoes import action_of
from services.intake.formats.base import Reader
from services.intake.formats.tickets import (
    derived_id,
    epoch,
    ident,
    language,
    left_over,
    mapped,
    revision_of,
)

NOW = datetime(2026, 11, 20, 3, 45, 7, 123_456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "taken", "left"),
    [
        ({"a": "x", "b": 1, "c": True, "d": False, "e": 0}, {"a": None},
         {"b": "1", "c": "true", "d": "false", "e": "0"}),
        ({"a": None, "b": "", "c": [], "d": {}}, {}, {}),
        ({"a": {"b": 1, "c": [1, "é"]}}, {}, {"a": '{"b":1,"c":[1,"é"]}'}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a.c": "2"}),
        ({"a": "by name"}, {"a": {"name": None}}, {}),
        ({"a": "x"}, {"a": {}}, {"a": "x"}),
        ({"a.b": 1, "a": {"b": 2}}, {"a": {}}, {"a.b": "1", "a.b'": "2"}),
        ({"": "x"}, {}, {"?": "x"}),
        ({"k" * 300: "v" * 70_000}, {}, None),
    ],
)  # fmt: skip
def test_what_no_mapping_takes_is_left_over_by_its_path(data, taken, left):
    """Null and empty say nothing; two fields of one name are two."""
    found = left_over(data, taken)
    if left is None:
        ((key, value),) = found.items()
        assert (len(key), len(value)) == (200, 65_536)
    else:
        assert found == left


def test_what_is_nested_beyond_what_can_be_written_is_refused():
    """A thousand levels can be read, 250 be written."""
    deep = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(Rejected, match="a: nested too deeply; flatten it"):
        left_over({"a": deep}, {})
    with pytest.raises(Rejected, match="value: nested too deeply"):
        derived_id("T-1", 1, deep)


def test_a_derived_id_is_of_the_content_not_of_its_order():
    """JSON objects have none."""
    one = derived_id("T-1", 5, {"a": 1, "b": 2})
    assert one == derived_id("T-1", 5, {"b": 2, "a": 1})
    assert len({one, derived_id("T-1", 6, {"a": 1, "b": 2}), derived_id("T-1", 5, {"a": 1})}) == 3
    assert derived_id("T-1", None, {}) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [("en", "en"), ("EN_us", "en-us"), ("pt-BR", "pt-BR"), ("hi-Latn-IN", "hi-Latn-IN"),
     ("English", None), ("e", None), ("", None), (None, None), ("en-", None)],
)  # fmt: skip
def test_a_language_is_a_tag_or_none(said, meant):
    """What is none is not declared; it is found out from the text."""
    assert language(said) == meant


def test_a_revision_is_the_time_of_the_change_in_ms():
    """It grows with every change; before there were tickets it is 0."""
    assert revision_of(NOW) == 1_795_146_307_123
    assert revision_of(None) == revision_of(datetime(1, 1, 1, tzinfo=UTC)) == 0
    assert epoch(Reader({"t": 1_795_146_307_123}, ""), "t", per_second=1000) == NOW.replace(
        microsecond=123_000
    )


def test_ids_are_texts_or_whole_numbers():
    """A float or a flag is none; a long one ends in a hash of the whole."""
    reader = Reader({"s": "x", "n": 7, "f": 7.5, "b": True, "e": "", "l": "y" * 300}, "at")
    assert (ident(reader, "s"), ident(reader, "n"), ident(reader, "e")) == ("x", "7", None)
    assert len(ident(reader, "l")) == 200
    for name in ("f", "b"):
        with pytest.raises(Rejected, match=rf"at.{name}: must be a string or a whole number"):
            ident(reader, name)


def test_what_is_too_long_for_its_field_is_cut_there_and_kept_whole():
    """A subject of a page: the ticket is not refused over it."""
    event = mapped({"ticket_id": "T-1", "revision": 0, "subject": "s" * 600}, {}, None).event
    assert (len(event.subject), event.custom_fields["subject"]) == (500, "s" * 600)


@pytest.mark.parametrize(
    ("tag", "action"),
    [
        ("sluice-7f6a0f64-52f1-5b57-9d0c-0e4f1b7a2c33", "7f6a0f64-52f1-5b57-9d0c-0e4f1b7a2c33"),
        ("SLUICE_7F6A0F6452F1", "7f6a0f6452f1"),
        ("sluice:7f6a0f6452f15b579d0c0e4f1b7a2c33", "7f6a0f6452f15b579d0c0e4f1b7a2c33"),
        ("sluice", None),
        ("sluice-customers", None),
        ("sluice-7f6a", None),
        ("not-sluice-7f6a0f6452f1", None),
    ],
)
def test_the_mark_of_an_action_is_its_name_and_id(tag, action):
    """As much of the id as a source has room for; other tags are nobody's mark."""
    assert action_of(tag) == action
