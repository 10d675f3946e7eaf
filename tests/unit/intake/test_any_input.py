"""Whatever a valid document is changed to, it ends in an outcome, and what passes is valid."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.automation.case import CaseAccepted
from schemas.automation.feedback import FeedbackAccepted
from services.chassis.outcome import DeadLetter, Done
from tests.fakes_intake import cloud, example, examples, record
from topics.automation import CASE_ACCEPTED

ODD = (
    "2026-11-20T06:30:00Z", "0001-01-01T00:00:00+14:00", "1E+999999", "-0", "9" * 5000, "\0", "/",
    "urn:epc:", "a@b.co", "[[", "\u200b", "OBSERVE", "ACT", "TRANSPORT", "REEFER",
)  # fmt: skip

# Any JSON value, and places in a valid document where one is put instead.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(ODD)
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value, path=()):
    """Every path into a document."""
    yield path
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


def changed(value, path, put):
    """The document with something else at that path; `...` takes it away."""
    if not path:
        return None if put is ... else put
    key, *rest = path
    if isinstance(value, dict):
        if not rest and put is ...:
            return {name: child for name, child in value.items() if name != key}
        return {**value, key: changed(value[key], rest, put)}
    made = list(value)
    if not rest and put is ...:
        del made[key]
    else:
        made[key] = changed(value[key], rest, put)
    return made


VALID = [(example(name), topic, cloud(kind, source)) for name, topic, source, kind in examples()]


@st.composite
def mutated(draw):
    """A valid document of some source with up to three places changed, its own headers or none."""
    value, topic, headers = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        value = changed(value, path, draw(st.just(...) | JSON_VALUES))
    return value, topic, draw(st.sampled_from([headers, ()]))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_whatever_a_document_is_changed_to_it_ends_in_an_outcome(door, case):
    """Nothing outside can make intake raise; what passes is valid behind the door."""
    value, topic, headers = case
    match door.open(record(json.dumps(value).encode(), topic=topic, headers=headers)):
        case DeadLetter(reason, detail):
            assert reason in ("undecodable", "rejected")
            assert detail
        case Done(messages):
            assert messages
            for message in messages:
                kind = dict(message.headers)["ce_type"].decode()
                event = CaseAccepted if kind == CaseAccepted.event_type else FeedbackAccepted
                event.from_json(message.value)
                assert len(message.value) < CASE_ACCEPTED.max_message_bytes
