"""Every way a record may be wrapped, and every way it may be wrapped wrongly."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Rejected, Undecodable
from services.intake import envelope
from tests.fakes_intake import cloud, record

DATA = {"ticket_id": "T-1", "revision": 1}
JSON = json.dumps(DATA).encode()
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


def structured(**changes):
    """A structured CloudEvent; None takes an attribute away."""
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/s",
        "type": "t",
        "data": DATA,
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def test_binary_mode_has_its_attributes_in_headers():
    """CloudEvents' Kafka binding §3.2."""
    headers = cloud("a.b.c.v1", "/s", "e-9", time="2026-11-20T10:00:00+05:30")
    found = envelope.read(record(JSON, headers=headers))
    assert (found.form, found.data, found.id, found.source, found.type) == (
        "binary",
        DATA,
        "e-9",
        "/s",
        "a.b.c.v1",
    )
    assert found.time == datetime(2026, 11, 20, 4, 30, tzinfo=UTC)


def test_structured_mode_has_them_in_the_value():
    """§3.3; its content type may have parameters."""
    found = envelope.read(record(structured(time="2026-11-20T10:00:00Z"), headers=STRUCTURED))
    assert (found.form, found.data, found.id, found.source) == ("structured", DATA, "e-1", "/s")
    assert found.time == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_bare_record_has_none():
    """Its origin becomes its id, the operator's file its source."""
    found = envelope.read(record(JSON, headers=(("content-type", b"application/json"),)))
    assert found == envelope.Envelope("bare", DATA)


@pytest.mark.parametrize("frame", [b"\0\0\0\0\x07", b"\x01" + bytes(range(16)), b"\xef\xbb\xbf"])
@pytest.mark.parametrize("form", ["bare", "binary", "structured"])
def test_a_registrys_frame_and_a_byte_order_mark_are_taken_off(frame, form):
    """Confluent's serializers and .NET put them there; JSON text begins with none of them."""
    value = json.dumps(structured()).encode() if form == "structured" else JSON
    headers = {"bare": (), "binary": cloud("t", "/s"), "structured": STRUCTURED}[form]
    found = envelope.read(record(frame + value, headers=headers))
    assert (found.form, found.data) == (form, DATA)


def test_the_last_of_two_headers_of_one_name_counts():
    """Kafka's headers are a multimap; one rule for all readers."""
    headers = (*cloud("t", "/s", "first"), ("ce_id", b"last"))
    assert envelope.read(record(JSON, headers=headers)).id == "last"


@pytest.mark.parametrize("time", ["yesterday", "2026-11-20T10:00:00", "", "2026-13-01T00:00:00Z"])
def test_a_malformed_time_counts_as_none(time):
    """It is optional: the record's own timestamp stands for it, and no event is lost over it."""
    assert envelope.read(record(JSON, headers=cloud("t", "/s", time=time))).time is None
    assert envelope.read(record(structured(time=time), headers=STRUCTURED)).time is None


def without(name):
    """Binary headers that lack one."""
    return tuple(header for header in cloud("t", "/s") if header[0] != name)


@pytest.mark.parametrize(
    ("value", "headers", "error", "said"),
    [
        (None, (), Undecodable, "value: null"),
        (b"", (), Undecodable, "value: not JSON in UTF-8, at character 0"),
        (b"   ", (), Undecodable, "not JSON"),
        (b"{not json", (), Undecodable, "at character 1"),
        (b'{"a": 1} x', (), Undecodable, "at character 9"),
        (b"\xff\xfe{\0}\0", (), Undecodable, "not JSON"),
        (b'{"a": "\xff"}', (), Undecodable, "not JSON"),
        (b'"\\ud800"', (), Undecodable, "not JSON"),
        (b'"\xed\xa0\x80"', (), Undecodable, "not JSON"),
        (b'{"a": NaN}', (), Undecodable, "not JSON"),
        (b'{"a": 1e999}', (), Undecodable, "not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, (), Undecodable, "not JSON"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, (), Undecodable, "not JSON"),
        (b"\0\0\0\0\x07Obj\x01", (), Undecodable, "registry's frame, at character 5"),
        (b"\0", (), Undecodable, "registry's frame"),
        (b"\x01short", (), Undecodable, "registry's frame"),
        (JSON, (("content-type", b"application/avro"), *cloud("t", "/s")[1:]), Undecodable,
         "content-type: is not JSON; send application/json"),
        (JSON, (("content-type", b"application/cloudevents-batch+json"),), Rejected,
         "content-type: a CloudEvents batch; send one event per record"),
        (JSON, without("ce_id"), Rejected, "ce_id: missing"),
        (JSON, without("ce_source"), Rejected, "ce_source: missing"),
        (JSON, without("ce_type"), Rejected, "ce_type: missing"),
        (JSON, without("ce_specversion"), Rejected, "ce_specversion: missing"),
        (JSON, (("ce_source", b"/s"),), Rejected, "ce_id: missing"),
        (JSON, (*cloud("t", "/s"), ("ce_id", b"")), Rejected, "ce_id: missing"),
        (JSON, (*cloud("t", "/s"), ("ce_specversion", b"0.3")), Rejected, "ce_specversion: only"),
        (b"[]", STRUCTURED, Rejected, "value: a structured CloudEvent is a JSON object"),
        (structured(id=None), STRUCTURED, Rejected, "id: missing"),
        (structured(source=7), STRUCTURED, Rejected, "source: missing"),
        (structured(type=""), STRUCTURED, Rejected, "type: missing"),
        (structured(specversion="2.0"), STRUCTURED, Rejected, "specversion: only 1.0"),
        (structured(data=None, data_base64="e30="), STRUCTURED, Rejected, "data: missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_unwrapped_is_refused_by_field_and_remedy(value, headers, error, said):
    """Whoever reads the dead letter knows what to change, without its value being quoted."""
    with pytest.raises(error, match=said):
        envelope.read(record(value, headers=headers))


@given(
    st.binary(max_size=80),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["content-type", "ce_id", "ce_source", "ce_type", "ce_specversion", "x"]
            ),
            st.one_of(st.binary(max_size=30), st.just(b"1.0"), st.just(b"application/cloudevents")),
        ),
        max_size=6,
    ).map(tuple),
)
def test_any_bytes_and_headers_are_unwrapped_or_refused(value, headers):
    """Nothing outside can make the door raise what it does not expect."""
    with contextlib.suppress(Undecodable, Rejected):
        assert envelope.read(record(value, headers=headers)).form in (
            "binary",
            "structured",
            "bare",
        )
