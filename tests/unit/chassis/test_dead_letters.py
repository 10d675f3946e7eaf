"""Dead letters: nothing of the original changes, the first origin stays, a bad deploy stops."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.dead_letters import (
    DETAIL_CHARS,
    DeadLetterLimit,
    RecordOrigin,
    accepted_loss,
    compose,
    origin_headers,
    origin_of,
    without_value,
)
from services.chassis.outcome import DeadLetter
from services.chassis.record import Message, Record
from services.chassis.redrive import Letter, Selection, letter_of, plan, redriven
from topics.automation import (
    CASE_ACCEPTED,
    CASE_ASSESSED,
    FEEDBACK_ACCEPTED,
    OUTCOME_REPORTED,
    REVIEW_GIVEN,
)
from topics.catalog import ALL
from topics.dead_letters import INTAKE_RETRY
from topics.supply import SUPPLY_EVENT_RECEIVED
from topics.support import TICKET_RECEIVED

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)

_NAMES = st.text(min_size=1, max_size=12).filter(lambda name: not name.startswith("sluice-"))
_HEADERS = st.lists(st.tuples(_NAMES, st.none() | st.binary(max_size=40)), max_size=6).map(tuple)


def _record(topic: str, headers=(), *, offset=17, value: bytes | None = b"v", key=b"acme|t:1"):
    return Record(topic, 2, offset, 1_790_000_000_123, key, value, headers)


def _letter(record: Record, service: str, reason="rejected", trusted=()) -> Message:
    return compose(
        record,
        DeadLetter(reason, "field: wrong"),
        service=service,
        topic=f"{service}.dead-letter.v1",
        at=NOW,
        trusted=trusted,
    )


def _written(message: Message, offset=0, at=NOW) -> Record:
    """As it is read from the topic it was written to."""
    stamp = round(at.timestamp() * 1000)
    return Record(
        message.topic, message.partition or 0, offset, stamp, message.key, message.value,
        message.headers,
    )  # fmt: skip


@given(
    headers=_HEADERS,
    value=st.none() | st.binary(max_size=200),
    key=st.none() | st.binary(max_size=20),
    stamp=st.integers(-1, 4_102_444_800_000),
)
def test_a_record_comes_back_byte_for_byte_with_its_origin(headers, value, key, stamp) -> None:
    """Whatever it was, also null, without a timestamp, with repeated or null headers."""
    first = Record(TICKET_RECEIVED.name, 3, 9, stamp, key, value, headers)
    again = redriven(_written(_letter(first, "intake")), INTAKE_RETRY.name)
    assert (again.key, again.value) == (key, value)
    origin = RecordOrigin(TICKET_RECEIVED.name, 3, 9, first.timestamp)
    assert again.headers == (*headers, *origin_headers(origin))
    assert origin_of(_written(again), {INTAKE_RETRY.name}) == origin


def test_a_dead_letter_of_a_redriven_record_keeps_the_first_origin() -> None:
    """However often it fails, and its headers do not pile up."""
    record = _record(TICKET_RECEIVED.name, (("ce_id", b"7"),))
    letter = _letter(record, "intake")
    for _ in range(3):
        again = redriven(_written(letter, offset=400), INTAKE_RETRY.name)
        letter = _letter(_written(again, offset=90), "intake", trusted={INTAKE_RETRY.name})
    found = letter_of(_written(letter), "intake", ALL)
    assert found.origin == RecordOrigin(TICKET_RECEIVED.name, 2, 17, record.timestamp)
    assert letter.headers == _letter(record, "intake").headers


def test_an_outside_producer_cannot_claim_another_origin() -> None:
    """Its headers count for nothing where anybody may write."""
    claimed = origin_headers(RecordOrigin("other", 0, 1, NOW))
    found = letter_of(_written(_letter(_record(TICKET_RECEIVED.name, claimed), "intake")), "", ALL)
    assert found.origin is not None
    assert found.origin.topic == TICKET_RECEIVED.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("partition", b"-1"),
        ("offset", "٣".encode()),
        ("offset", b""),
        ("timestamp", b"9" * 30),
        ("timestamp", b"--1"),
        ("topic", b""),
    ],
)
def test_a_malformed_origin_counts_nowhere(name, value) -> None:
    """The record's own place does, and nothing crashes."""
    headers = dict(origin_headers(RecordOrigin("t", 0, 1, NOW))) | {f"sluice-origin-{name}": value}
    record = _record(INTAKE_RETRY.name, tuple(headers.items()))
    assert origin_of(record, {INTAKE_RETRY.name}).topic == INTAKE_RETRY.name


def test_a_detail_is_bounded_and_printable() -> None:
    """It is shown on terminals and kept with millions of others."""
    letter = compose(
        _record("t"),
        DeadLetter("crashed", "\x1b[31m" + "x" * 2_000),
        service="s",
        topic="d",
        at=NOW,
        trusted=(),
    )
    detail = dict(letter.headers)["sluice-dead-letter-detail"].decode()
    assert len(detail) == DETAIL_CHARS
    assert "\x1b" not in detail


@pytest.mark.parametrize(
    ("service", "topic", "parent", "partition"),
    [
        ("intake", TICKET_RECEIVED.name, INTAKE_RETRY.name, None),
        ("intake", SUPPLY_EVENT_RECEIVED.name, INTAKE_RETRY.name, None),
        ("intake", OUTCOME_REPORTED.name, INTAKE_RETRY.name, None),
        ("intake", REVIEW_GIVEN.name, INTAKE_RETRY.name, None),
        ("intake", INTAKE_RETRY.name, INTAKE_RETRY.name, 2),
        ("assessor", CASE_ACCEPTED.name, CASE_ACCEPTED.name, 2),
        ("decider", CASE_ASSESSED.name, CASE_ASSESSED.name, 2),
        ("decider", FEEDBACK_ACCEPTED.name, FEEDBACK_ACCEPTED.name, 2),
    ],
)
def test_each_letter_goes_to_the_topic_its_service_reads_it_from(
    service, topic, parent, partition
) -> None:
    """Never to a topic that belongs to outside producers; on our own to its own partition."""
    record = _written(_letter(_record(topic), service), offset=5)
    planned = plan([letter_of(record, service, ALL)], ALL)
    assert dict(planned.routes) == {(0, 5): parent}
    assert redriven(record, parent).partition == partition


def test_every_input_of_every_service_has_a_way_back() -> None:
    """A topic that is added later must not be forgotten here."""
    for topic in ALL:
        for service in {"intake", "assessor", "decider"} & set(topic.readers):
            broadcast = topic.cleanup == "compact" or topic.retention is None
            if broadcast or service in topic.writers:  # read whole, or its own journal
                continue
            letter = letter_of(_written(_letter(_record(topic.name), service)), service, ALL)
            assert plan([letter], ALL).routes, f"{topic.name} of {service}"


def _found(service="intake", *, headers=None, reason="rejected", offset=0, at=NOW) -> Letter:
    letter = _letter(_record(TICKET_RECEIVED.name), service, reason)
    record = _written(letter, offset, at)
    if headers is not None:
        record = Record("t", 0, offset, record.timestamp_ms, None, b"", headers)
    return letter_of(record, service, ALL)


def test_what_cannot_be_redriven_is_left_and_says_why() -> None:
    """Nothing is guessed: an audit, a stranger's record, a topic that is not the service's."""
    lost = RecordOrigin(TICKET_RECEIVED.name, 0, 5, NOW)
    audit = accepted_loss(lost, 9, service="intake", topic="intake.dead-letter.v1", at=NOW)
    whole = _letter(_record(TICKET_RECEIVED.name), "intake")
    planned = plan(
        [
            letter_of(_written(audit), "intake", ALL),
            _found(headers=(("sluice-dead-letter-reason", b"rejected"),), offset=1),
            _found("decider", offset=2),
            letter_of(_written(without_value(whole), offset=3), "intake", ALL),
        ],
        ALL,
    )
    assert not planned.letters
    assert not planned.routes
    assert dict(planned.left) == {
        "records an accepted loss: there is nothing to redrive": 1,
        "says not where it came from: not written by Sluice": 1,
        f"came from {TICKET_RECEIVED.name}, which decider does not read": 1,
        "was too large to be kept: its value is at its origin alone": 1,
    }


def test_a_record_with_several_letters_goes_once() -> None:
    """It came back and failed again: one redrive sends it once, from its newest letter."""
    letters = [_found(offset=n, at=NOW + timedelta(hours=n)) for n in (2, 0, 1)]
    planned = plan(letters, ALL)
    assert dict(planned.routes) == {(0, 2): INTAKE_RETRY.name}
    assert sum(planned.left.values()) == 2


def test_a_selection_takes_what_fits_all_of_its_parts() -> None:
    """Reason, tenant and time; a tenant that is not known is nobody's."""
    own = letter_of(_written(_letter(_record(CASE_ACCEPTED.name), "assessor")), "assessor", ALL)
    outside = _found()
    assert own.tenant == "acme"
    assert outside.tenant is None
    assert [each for each in (own, outside) if Selection(tenant="acme").takes(each)] == [own]
    assert Selection(frozenset({"rejected"}), since=NOW).takes(own)
    assert not Selection(frozenset({"crashed"})).takes(own)
    assert not Selection(since=NOW + timedelta(seconds=1)).takes(own)


def _counted(limit: DeadLetterLimit, tenants: str, reason="crashed", every=timedelta(0)) -> int:
    """After how many the limit is exceeded; 0 if it never is."""
    for n, tenant in enumerate(tenants):
        if limit.exceeded(reason, tenant, NOW + n * every):
            return n + 1
    return 0


def test_two_tenants_stop_a_bad_deploy() -> None:
    """It hits everybody: the count is reached where half of it comes from another tenant."""
    assert _counted(DeadLetterLimit(10, 60), "ab" * 50) == 10


def test_the_flood_of_one_tenant_stops_nobody() -> None:
    """Alone never; with a single failure of another neither."""
    assert _counted(DeadLetterLimit(10, 60), "a" * 5_000) == 0
    assert _counted(DeadLetterLimit(10, 60), "a" * 2_500 + "b" + "a" * 2_500) == 0


def test_bad_input_never_counts() -> None:
    """Rejected and undecodable are the producer's, however many and of whomever."""
    assert _counted(DeadLetterLimit(10, 60), "ab" * 500, "rejected") == 0
    assert _counted(DeadLetterLimit(10, 60), "ab" * 500, "undecodable") == 0


def test_what_is_long_ago_does_not_count() -> None:
    """A failure now and then over days is no bad deploy."""
    assert _counted(DeadLetterLimit(10, 60), "ab" * 50, every=timedelta(seconds=13)) == 0
