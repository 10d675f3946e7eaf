"""What a ruling comes to, in two words."""

from collections.abc import Sequence

from services.decider.domain.autonomy import Level
from services.decider.domain.policy import DEFAULT
from services.decider.domain.ruling import Planned, Reason, Verdict, Withheld

_REASONS = {
    Withheld.SHADOW: Reason.SHADOW,
    Withheld.EFFECT_CLAIMED: Reason.EFFECT_CLAIMED,
    Withheld.BUDGET: Reason.BUDGET,
    Withheld.STOPPED: Reason.STOPPED,
    Withheld.MISSING_FACT: Reason.OTHER,
}


def judge(rule: str, actions: Sequence[Planned]) -> tuple[Verdict, Reason]:
    """The verdict and its reason; where nothing goes, the first action's says why."""
    asked = Reason.NO_RULE if rule == DEFAULT else Reason.RULE
    withheld = [each.withheld for each in actions]
    if None in withheld:
        return Verdict.ACT, asked
    if Withheld.AWAITS_APPROVAL in withheld:
        return Verdict.PROPOSE, asked
    if not actions:
        return Verdict.NO_ACTION, asked
    return Verdict.NO_ACTION, _why(actions[0])


def _why(planned: Planned) -> Reason:
    if kept_out(planned):
        return Reason.CONTROL_GROUP
    assert planned.withheld is not None  # noqa: S101 - it would have gone
    return _REASONS[planned.withheld]


def kept_out(planned: Planned) -> bool:
    """Whether the control group withheld it: in shadow, though it was allowed to go further."""
    return planned.withheld is Withheld.SHADOW and planned.level is not Level.SHADOW
