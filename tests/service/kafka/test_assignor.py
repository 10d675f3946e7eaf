"""Who gets which lanes: even, sticky, the same number of every topic together."""

from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.kafka.assignor import LaneAssignor, share

_LANES = st.frozensets(st.integers(0, 23), max_size=24)


@given(count=st.integers(1, 24), held=st.dictionaries(st.text("abcdef"), _LANES, min_size=1))
def test_every_lane_has_one_owner_and_shares_differ_by_one_at_most(count, held):
    """Whatever the members claim, also the same lane twice."""
    shares = share(range(count), held)
    assert sorted(lane for lanes in shares.values() for lane in lanes) == list(range(count))
    sizes = [len(lanes) for lanes in shares.values()]
    assert max(sizes) - min(sizes) <= 1


def test_a_member_that_joins_takes_only_its_share():
    """Nobody's lane moves between those who stay."""
    before = share(range(24), {"a": frozenset(), "b": frozenset()})
    after = share(range(24), {"c": frozenset()} | {m: frozenset(x) for m, x in before.items()})
    assert set(after["a"]) <= set(before["a"])
    assert set(after["b"]) <= set(before["b"])


def test_a_member_that_leaves_moves_only_its_own_lanes():
    """The others keep what they had."""
    before = share(range(24), dict.fromkeys("abc", frozenset()))
    after = share(range(24), {m: frozenset(before[m]) for m in "ab"})
    assert set(after["a"]) >= set(before["a"])
    assert set(after["b"]) >= set(before["b"])


class _Cluster:
    def partitions_for_topic(self, topic):
        return set(range(4)) if topic != "gone" else None


def _member(topics, told):
    return ConsumerProtocolMemberMetadata(0, topics, told)


def _got(answer, member):
    return {topic: set(lanes) for topic, lanes in answer[member].assignment}


def test_partition_n_of_every_topic_goes_to_one_member():
    """What round robin does not do: three members, two topics."""
    members = {name: _member(["one", "other"], b"0:") for name in "abc"}
    answer = LaneAssignor.assign(_Cluster(), members)
    for name in "abc":
        assert _got(answer, name)["one"] == _got(answer, name)["other"]


def test_a_claim_from_an_old_generation_counts_for_nothing():
    """Who was away must not take back what others work on by now."""
    members = {
        "sleeper": _member(["one"], b"3:0,1,2,3"),
        "owner": _member(["one"], b"5:0,1"),
        "helper": _member(["one"], b"5:2,3"),
    }
    answer = LaneAssignor.assign(_Cluster(), members)
    assert _got(answer, "owner")["one"] <= {0, 1}
    assert _got(answer, "helper")["one"] <= {2, 3}


def test_unreadable_claims_and_missing_topics_break_nothing():
    """A member of another version and a topic that is being made."""
    members = {"a": _member(["one", "gone"], b"\xff\xfe"), "b": _member(["one"], b"x:y")}
    answer = LaneAssignor.assign(_Cluster(), members)
    assert _got(answer, "a")["one"] | _got(answer, "b")["one"] == {0, 1, 2, 3}


def test_what_is_told_at_a_join_is_what_was_assigned():
    """The claim comes from the last assignment and its generation."""
    assignor = LaneAssignor()
    answer = LaneAssignor.assign(_Cluster(), {"a": _member(["one"], b"0:")})
    assignor.on_assignment(answer["a"])
    assignor.generation = 7
    assert assignor.metadata({"one"}).user_data == b"7:0,1,2,3"
