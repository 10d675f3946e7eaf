"""Effect keys: one string for what happens once, another for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decider.domain.actions import ACTIONS
from services.decider.domain.effects import effect_key, key_of
from services.decider.domain.ruling import Target
from tests.fakes_policy import make_view

TICKET = Target(system="helpdesk", kind="ticket", id="1")
LOT = Target(system="wms", kind="lot", id="L1")


@pytest.mark.parametrize(
    ("action", "target", "parameters", "expected"),
    [
        ("support.route", TICKET, {"queue": "a"}, "acme|support.route|ticket:1|a"),
        ("support.reply.macro", TICKET, {"macro": "m"}, "acme|support.reply.macro|ticket:1"),
        ("supply.hold_lot", LOT, {"reason": "r"}, "acme|supply.hold_lot|lot:L1"),
        ("support.tag", TICKET, {"tags": ["b", "a"]}, "acme|support.tag|ticket:1|a,b"),
    ],
)
def test_a_key_names_tenant_type_and_what_is_changed(action, target, parameters, expected):
    """A reply is one per ticket whatever its text, a route one per queue, a hold the lot's."""
    assert effect_key(ACTIONS[action], make_view(), target, parameters) == expected


def test_without_what_tells_effects_apart_there_is_no_key():
    """An action that misses it is withheld anyway; it must not claim somebody else's effect."""
    assert effect_key(ACTIONS["support.route"], make_view(), TICKET, {}) is None


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_two_lists_never_give_one_key(one, other):
    """An id with a separator in it must not claim another ticket's effect."""
    if len(one) == len(other):
        assert (key_of(*one) == key_of(*other)) == (one == other)


def test_a_long_key_stays_within_the_wire_and_unique():
    """Ids may have 200 characters each; the key has 500 in all."""
    first, second = (key_of("t", "a" * 490, "b" * 200 + end) for end in "xy")
    assert len(first) == 500
    assert first != second
