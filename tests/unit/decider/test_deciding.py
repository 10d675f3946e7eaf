"""One case, one ruling: what goes, what waits, what is withheld, and why."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.decider.domain.autonomy import Level, in_control_group
from services.decider.domain.case import Joined
from services.decider.domain.deciding import decide
from services.decider.domain.ruling import Reason, Ruling, Target, Undo, Verdict, Withheld
from tests.fakes_decider import NOW
from tests.fakes_policy import (
    HOLD,
    NOTIFY,
    REPLY,
    ROUTE,
    TAG,
    FakeControl,
    FakeMemory,
    make_policy,
    make_view,
)

ORDER = {"ticket.order_id": "SO-1"}


class Desk:
    """The arguments of `decide`, one by one for a test to change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.control, self.memory = FakeControl(), FakeMemory()

    def decide(self, *steps, view=None, **policy) -> Ruling:
        """Decide over a policy of these steps."""
        made = make_policy(self.folder, *steps, **policy)
        return decide(view or make_view(), made, self.memory, self.control, NOW)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Everything is granted, nothing was done before."""
    return Desk(tmp_path)


def withheld(ruling: Ruling) -> list[Withheld | None]:
    """Of each action, in their order."""
    return [each.withheld for each in ruling.actions]


# --- cases that ask no policy -------------------------------------------------------------------


def test_an_echo_of_our_own_action_does_nothing(desk: Desk) -> None:
    """Else two robots write to each other for ever."""
    ruling = desk.decide(ROUTE, view=make_view(echo=True))
    assert (ruling.verdict, ruling.reason) == (Verdict.NO_ACTION, Reason.ECHO)
    assert (ruling.rule, ruling.actions) == (None, ())


def test_an_older_revision_is_superseded(desk: Desk) -> None:
    """What is no longer so is not acted upon."""
    desk.memory.revisions["acme|ticket:1"] = 5
    ruling = desk.decide(ROUTE, view=make_view(revision=4))
    assert (ruling.verdict, ruling.reason) == (Verdict.NO_ACTION, Reason.SUPERSEDED)


@pytest.mark.parametrize("revision", [5, 6, None])
def test_an_equal_revision_is_not_older(desk: Desk, revision: int | None) -> None:
    """Two events may share a revision and say different things: both are kept."""
    desk.memory.revisions["acme|ticket:1"] = 5
    assert desk.decide(ROUTE, view=make_view(revision=revision)).verdict is Verdict.ACT


def test_a_message_that_comes_late_is_seen_as_such(desk: Desk) -> None:
    """Its revision is old, its words are new: the policy decides, knowing it."""
    desk.memory.revisions["acme|ticket:1"] = 5
    late = make_view(revision=4, message_id="m4")
    ruling = desk.decide(ROUTE, view=late)
    assert ruling.rule == "all"
    assert ruling.facts["subject.superseded"] is True
    desk.memory.messages.add(("acme|ticket:1", "m4"))
    assert desk.decide(ROUTE, view=late).reason is Reason.SUPERSEDED


# --- what goes ----------------------------------------------------------------------------------


def test_an_action_has_all_its_terms(desk: Desk) -> None:
    """Type, target, parameters, grant, effect, expiry and the way back."""
    ruling = desk.decide(ROUTE, view=make_view({"ticket.queue": "inbox"}))
    assert (ruling.verdict, ruling.reason, ruling.rule) == (Verdict.ACT, Reason.RULE, "all")
    [action] = ruling.actions
    assert action.ordinal == 0
    assert action.target == Target(system="helpdesk", kind="ticket", id="1")
    assert action.parameters == {"queue": "a"}
    assert (action.level, action.granted_by) == (Level.ACT, "ctl-1")
    assert action.effect_key == "acme|support.route|ticket:1|a"
    assert action.effect_until == NOW + timedelta(minutes=10)
    assert action.expires_at == NOW + timedelta(hours=4)
    assert action.undo == Undo(type="support.route", parameters={"queue": "inbox"})


def test_the_way_back_to_an_empty_field_is_empty(desk: Desk) -> None:
    """A ticket that was in no queue goes back into none."""
    [action] = desk.decide(ROUTE).actions
    assert action.undo == Undo(type="support.route", parameters={"queue": None})


def test_a_policy_may_shorten_the_expiry(desk: Desk) -> None:
    """Never lengthen it: that is refused at load."""
    [action] = desk.decide({**ROUTE, "expires": "15m"}).actions
    assert action.expires_at == NOW + timedelta(minutes=15)


def test_the_explanation_shows_facts_and_no_person(desk: Desk, tmp_path: Path) -> None:
    """Short, from the facts that the rule asks; who the customer is explains nothing."""
    rule = {
        "id": "vip",
        "when": {"ticket.vip": True, "ticket.requester_ref": {"exists": True}},
        "then": [ROUTE],
    }
    view = make_view({"ticket.vip": True, "ticket.requester_ref": "p-7f3a"})
    expect = [{"name": "t", "given": {}, "expect": {"rule": "default"}}]
    [action] = desk.decide(view=view, rules=[rule], tests=expect).actions
    assert action.explanation == "vip: ticket.vip=true"


def test_no_rule_is_a_reason_of_its_own(desk: Desk) -> None:
    """Whether the default does something or nothing: nobody wrote a rule for this case."""
    rules = [{"id": "vip", "when": {"ticket.vip": True}, "then": []}]
    expect = [{"name": "t", "given": {}, "expect": {"rule": "default"}}]
    nothing = desk.decide(rules=rules, tests=expect)
    assert (nothing.verdict, nothing.reason) == (Verdict.NO_ACTION, Reason.NO_RULE)
    assert nothing.trail == (("vip", "ticket.vip is missing, not eq true"),)
    something = desk.decide(rules=rules, tests=expect, default=[ROUTE])
    assert (something.verdict, something.reason) == (Verdict.ACT, Reason.NO_RULE)


def test_a_rule_may_decide_to_do_nothing(desk: Desk) -> None:
    """That is a rule's decision and not the lack of one."""
    ruling = desk.decide()
    assert (ruling.verdict, ruling.reason) == (Verdict.NO_ACTION, Reason.RULE)


def test_a_step_with_a_condition_of_its_own_is_left_out_where_it_fails(desk: Desk) -> None:
    """The ordinals count what is planned."""
    steps = {**ROUTE, "only_if": {"ticket.vip": True}}, TAG
    [action] = desk.decide(*steps).actions
    assert (action.type, action.ordinal) == ("support.tag", 0)


# --- what is missing ----------------------------------------------------------------------------


def test_a_reply_carries_the_macro_and_its_variables(desk: Desk) -> None:
    """Never words of its own, and in the customer's language and script."""
    view = make_view(ORDER, language="hi-Latn")
    [action] = desk.decide(REPLY, view=view).actions
    assert action.parameters == {
        "macro": "sorry",
        "locale": "hi-Latn",
        "variables": {"order_id": "SO-1"},
    }
    assert action.undo == Undo(
        type="support.reply.macro", parameters={"macro": "correction", "locale": "hi-Latn"}
    )


def test_a_region_is_no_other_language(desk: Desk) -> None:
    """en-IN is answered in English."""
    [action] = desk.decide(REPLY, view=make_view(ORDER, language="en-IN")).actions
    assert action.parameters["locale"] == "en"


@pytest.mark.parametrize(
    ("facts", "language", "said"),
    [
        ({}, "en", "ticket.order_id"),
        (ORDER, "hi", "sorry in hi"),
        (ORDER, None, "language.code"),
        ({"ticket.order_id": "see http://evil.example"}, "en", "ticket.order_id"),
        ({"ticket.order_id": "now call +91 98 to get your money back please"}, "en", "order_id"),
    ],
    ids=["variable", "locale", "language", "link", "prose"],
)
def test_what_is_missing_is_withheld_and_said(desk: Desk, facts, language, said) -> None:
    """The other actions of the rule go all the same."""
    ruling = desk.decide(REPLY, ROUTE, view=make_view(facts, language=language))
    assert withheld(ruling) == [Withheld.MISSING_FACT, None]
    assert said in ruling.actions[0].explanation
    assert ruling.verdict is Verdict.ACT


def test_a_hold_without_a_lot_is_not_made_up(desk: Desk) -> None:
    """The shipment is not what should be held."""
    ruling = desk.decide(HOLD, view=make_view(domain="supply"), domain="supply")
    assert withheld(ruling) == [Withheld.MISSING_FACT]
    assert (ruling.verdict, ruling.reason) == (Verdict.NO_ACTION, Reason.OTHER)


def test_the_best_named_target_is_taken(desk: Desk) -> None:
    """An order before its shipment; and the effect is the target's, not the subject's."""
    facts = {"ref.shipment": "SH-1", "ref.so": "SO-1"}
    view = make_view(facts, domain="supply", subject="SH-1")
    [action] = desk.decide(NOTIFY, view=view, domain="supply").actions
    assert action.target == Target(system="crm", kind="so", id="SO-1")
    assert action.effect_key == "acme|supply.notify_customer|so:SO-1|delay"


ESCALATE = {
    "action": "support.escalate",
    "parameters": {"queue": "a", "severity": "major", "amount_at_risk": "$order.amount"},
}


def test_an_amount_is_a_joined_fact(desk: Desk) -> None:
    """As its owner gave it."""
    [action] = desk.decide(ESCALATE, view=make_view(joined={"order.amount": 14.5})).actions
    assert action.parameters["amount_at_risk"] == 14.5


@pytest.mark.parametrize(
    ("value", "age"),
    [(-1.0, timedelta()), (float("inf"), timedelta()), (14.5, timedelta(days=1, seconds=1))],
    ids=["negative", "infinite", "stale"],
)
def test_a_doubtful_amount_is_none(desk: Desk, value: float, age: timedelta) -> None:
    """Left out where it is optional; what cannot do without it is withheld."""
    joined = Joined(name="order.amount", value=value, as_of=NOW - age)
    view = replace(make_view(), joined=(joined,))
    [action] = desk.decide(ESCALATE, view=view).actions
    assert "amount_at_risk" not in action.parameters


# --- what is not allowed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted", "asked", "level", "why", "verdict"),
    [
        (Level.ACT, "act", Level.ACT, None, Verdict.ACT),
        (Level.NOTICE, "act", Level.NOTICE, None, Verdict.ACT),
        (Level.ACT, "act_with_notice", Level.NOTICE, None, Verdict.ACT),
        (Level.ACT, "approve", Level.APPROVE, Withheld.AWAITS_APPROVAL, Verdict.PROPOSE),
        (Level.APPROVE, "act", Level.APPROVE, Withheld.AWAITS_APPROVAL, Verdict.PROPOSE),
        (Level.SHADOW, "act", Level.SHADOW, Withheld.SHADOW, Verdict.NO_ACTION),
        (Level.ACT, "shadow", Level.SHADOW, Withheld.SHADOW, Verdict.NO_ACTION),
    ],
)
def test_the_lower_of_grant_and_mode_counts(desk: Desk, granted, asked, level, why, verdict):
    """A policy lowers what the operator granted and never raises it."""
    desk.control.level = granted
    ruling = desk.decide({**ROUTE, "mode": asked})
    [action] = ruling.actions
    assert (action.level, action.withheld, ruling.verdict) == (level, why, verdict)


def test_autonomy_is_of_tenant_action_and_language(desk: Desk) -> None:
    """What was released for English is not released for Hindi."""
    desk.control.level = Level.SHADOW
    desk.control.levels["acme", "support.route", "en"] = Level.ACT
    assert withheld(desk.decide(ROUTE, TAG)) == [None, Withheld.SHADOW]
    assert withheld(desk.decide(ROUTE, view=make_view(language="hi"))) == [Withheld.SHADOW]
    assert withheld(desk.decide(ROUTE, view=make_view(tenant="evil"))) == [Withheld.SHADOW]


def test_a_stop_withholds_and_is_the_reason(desk: Desk) -> None:
    """Before shadow and budget: the operator's hand is on the switch."""
    desk.control.stops.add(("acme", "support.route"))
    desk.control.level = Level.SHADOW
    ruling = desk.decide(ROUTE)
    assert withheld(ruling) == [Withheld.STOPPED]
    assert (ruling.verdict, ruling.reason) == (Verdict.NO_ACTION, Reason.STOPPED)
    assert ruling.actions[0].explanation == "all: case.age_s=2.0; withheld: stopped by the operator"


def test_the_control_group_is_kept_out_though_it_was_allowed(desk: Desk) -> None:
    """Always the same subjects; their level tells it from shadow."""
    percent = {"support.tag": 50}
    out = next(n for n in range(99) if in_control_group("acme", "support.tag", _subject(n), 50))
    ins = next(n for n in range(99) if not in_control_group("acme", "support.tag", _subject(n), 50))
    kept = desk.decide(TAG, view=make_view(subject=str(out)), control_group=percent)
    assert (withheld(kept), kept.reason) == ([Withheld.SHADOW], Reason.CONTROL_GROUP)
    assert kept.actions[0].level is Level.ACT
    treated = desk.decide(TAG, view=make_view(subject=str(ins)), control_group=percent)
    assert withheld(treated) == [None]


def _subject(number: int) -> str:
    return f"acme|ticket:{number}"


def test_the_first_action_says_why_nothing_goes(desk: Desk) -> None:
    """One reason for people who read a list of decisions; each action keeps its own."""
    desk.control.levels["acme", "support.tag", "en"] = Level.SHADOW
    desk.control.stops.add(("acme", "support.route"))
    assert desk.decide(TAG, ROUTE).reason is Reason.SHADOW
    assert desk.decide(ROUTE, TAG).reason is Reason.STOPPED


def test_one_that_goes_makes_it_an_act_one_that_waits_a_proposal(desk: Desk) -> None:
    """The verdict says the most that happens."""
    desk.control.levels["acme", "support.tag", "en"] = Level.SHADOW
    waiting = {**ROUTE, "mode": "approve"}
    assert desk.decide(TAG, waiting).verdict is Verdict.PROPOSE
    assert desk.decide(waiting, REPLY, view=make_view(ORDER)).verdict is Verdict.ACT


def test_a_proposal_is_explained_as_it_will_go_out(desk: Desk) -> None:
    """The warrant of an approved action must not say that it awaits approval."""
    [action] = desk.decide({**ROUTE, "mode": "approve"}).actions
    assert action.explanation == "all: case.age_s=2.0"


# --- effects ------------------------------------------------------------------------------------


def test_what_was_done_within_the_window_is_not_done_again(desk: Desk) -> None:
    """Three messages do not make three replies."""
    desk.memory.effects["acme|support.route|ticket:1|a"] = NOW + timedelta(seconds=1)
    ruling = desk.decide(ROUTE)
    assert withheld(ruling) == [Withheld.EFFECT_CLAIMED]
    assert ruling.reason is Reason.EFFECT_CLAIMED
    desk.memory.effects["acme|support.route|ticket:1|a"] = NOW
    assert withheld(desk.decide(ROUTE)) == [None]


def test_another_effect_of_the_class_is_free(desk: Desk) -> None:
    """Another queue, another ticket, another tenant."""
    desk.memory.effects["acme|support.route|ticket:1|b"] = NOW + timedelta(hours=1)
    desk.memory.effects["acme|support.route|ticket:2|a"] = NOW + timedelta(hours=1)
    desk.memory.effects["evil|support.route|ticket:1|a"] = NOW + timedelta(hours=1)
    assert withheld(desk.decide(ROUTE)) == [None]


def test_steps_of_one_case_see_each_other(desk: Desk) -> None:
    """The second of two equal steps is withheld; also where the first waits for a person."""
    assert withheld(desk.decide(ROUTE, ROUTE)) == [None, Withheld.EFFECT_CLAIMED]
    waiting = {**ROUTE, "mode": "approve"}
    assert withheld(desk.decide(waiting, ROUTE)) == [
        Withheld.AWAITS_APPROVAL,
        Withheld.EFFECT_CLAIMED,
    ]


def test_what_is_withheld_claims_nothing(desk: Desk) -> None:
    """A shadow of an action must not keep the action out."""
    shadow = {**ROUTE, "mode": "shadow"}
    assert withheld(desk.decide(shadow, ROUTE)) == [Withheld.SHADOW, None]
