"""One case, one ruling: the only function that says what is to be done."""

from datetime import datetime

from services.decider.domain.autonomy import Control
from services.decider.domain.awaiting import Asking
from services.decider.domain.case import CaseView, Memory
from services.decider.domain.observing import Observed, facts_at
from services.decider.domain.planning import plan
from services.decider.domain.policy import Policy, asking, evaluate
from services.decider.domain.remembering import NOTHING, Remembered
from services.decider.domain.ruling import Reason, Ruling, Verdict
from services.decider.domain.verdicts import judge


def decide(
    view: CaseView, policy: Policy, memory: Memory, control: Control, now: datetime
) -> Ruling:
    """Decide a case that was not decided before. Same arguments, same ruling.

    An echo of our own actions asks no policy, nor does an older revision of the subject, unless it
    brings a message that no decided case carried: then the policy sees `subject.superseded`.
    """
    if view.echo:
        return _unasked(Reason.ECHO)
    superseded = _is_older(view, memory)
    if superseded and not _brings_a_message(view, memory):
        return _unasked(Reason.SUPERSEDED)
    seen = _seen(view, policy, memory, now, superseded=superseded)
    match = evaluate(policy, seen.facts, seen.stale)
    actions = plan(view, policy, match, memory, control, now)
    verdict, reason = judge(match.rule, actions)
    return Ruling(
        verdict=verdict,
        reason=reason,
        rule=match.rule,
        actions=actions,
        trail=match.trail,
        facts=match.facts,
        learned=seen.learned,
    )


def waits_for(view: CaseView, policy: Policy, memory: Memory, now: datetime) -> Asking | None:
    """The text that this case is to wait for, where its policy would be asked at all."""
    if not policy.writing or view.echo or not view.facts.get("text.present"):
        return None
    superseded = _is_older(view, memory)
    if superseded and not _brings_a_message(view, memory):
        return None
    return asking(policy, _seen(view, policy, memory, now, superseded=superseded).facts)


def _seen(
    view: CaseView, policy: Policy, memory: Memory, now: datetime, *, superseded: bool
) -> Observed:
    return facts_at(
        view,
        now,
        superseded=superseded,
        standards=policy.standards,
        remembered=_remembered(view, memory),
    )


def _unasked(reason: Reason) -> Ruling:
    return Ruling(
        verdict=Verdict.NO_ACTION, reason=reason, rule=None, actions=(), trail=(), facts={}
    )


def _is_older(view: CaseView, memory: Memory) -> bool:
    """An equal revision is not older: what it says may be something else, and both are kept."""
    if view.revision is None:
        return False
    highest = memory.highest_revision(view.subject)
    return highest is not None and view.revision < highest


def _brings_a_message(view: CaseView, memory: Memory) -> bool:
    return view.message_id is not None and not memory.message_decided(view.subject, view.message_id)


def _remembered(view: CaseView, memory: Memory) -> Remembered:
    supply = view.supply
    if supply is None:
        return NOTHING
    expected = supply.expected and memory.expected(view.subject, supply.expected.what)
    told = (memory.watched(view.subject, each.name) for each in supply.devices)
    return Remembered(expected, {each.device: each for each in told if each is not None})
