"""What may be committed: the closed prefix of one generation, and never over a hole of ours."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Crash
from services.chassis.kafka.ledger import Ledger


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_only_the_closed_prefix_is_committable(count: int, dice: random.Random):
    """Whatever the order of acknowledgements."""
    ledger = Ledger("t[0]", expected=100, continuity="own")
    acks = [ledger.open(offset) for offset in range(100, 100 + count)]
    order = list(range(count))
    dice.shuffle(order)
    closed: set[int] = set()
    for index in order:
        acks[index]()
        closed.add(index)
        prefix = next((n for n in range(count) if n not in closed), count)
        assert ledger.committable == 100 + prefix
    assert ledger.open_count == 0


def test_nothing_counts_after_the_end():
    """A late acknowledgement does not speak for the partition's next owner."""
    ledger = Ledger("t[0]", expected=0, continuity="own")
    ack = ledger.open(0)
    ledger.end()
    ack()
    assert ledger.committable == 0


@pytest.mark.parametrize("offset", [4, 6], ids=["seen before", "one missing"])
def test_an_offset_of_ours_that_is_not_the_next_is_a_crash(offset: int):
    """Also backwards: the log is not the one it was."""
    ledger = Ledger("t[0]", expected=5, continuity="own")
    with pytest.raises(Crash, match=rf"t\[0\]: expected offset 5, got {offset}"):
        ledger.open(offset)


def test_outside_topics_may_have_holes():
    """Transactions, compaction and retention; what is committed lies behind the last record."""
    ledger = Ledger("t[0]", expected=5, continuity="outside")
    ledger.open(9)()
    assert ledger.committable == 10


def test_an_acknowledgement_given_twice_counts_once():
    """And moves nothing."""
    ledger = Ledger("t[0]", expected=0, continuity="own")
    first, _ = ledger.open(0), ledger.open(1)
    first()
    first()
    assert ledger.committable == 1
