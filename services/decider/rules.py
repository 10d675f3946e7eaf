"""Asks the policy of the case's domain, and warrants what it says."""

from collections.abc import Mapping
from datetime import datetime

from typing_extensions import override

from schemas.automation.assessment import CaseAssessed
from schemas.automation.decision import Decision
from schemas.automation.journal import Decided, Waiting
from schemas.automation.writing import WritingCompleted
from services.chassis.ports import Trace
from services.decider import asking
from services.decider.domain.autonomy import Control
from services.decider.domain.awaiting import UNAVAILABLE, of_text
from services.decider.domain.case import CaseView
from services.decider.domain.deciding import decide, waits_for
from services.decider.domain.observing import case_view
from services.decider.domain.policy import Policy
from services.decider.domain.values import Facts
from services.decider.handler import Rules
from services.decider.journal.state import State
from services.decider.warranting import warrant


class PolicyRules(Rules):
    """One policy per domain, the operator's control, and whether there is a writer to wait for."""

    def __init__(
        self, policies: Mapping[str, Policy], control: Control, *, writer: bool = False
    ) -> None:
        self._policies = policies
        self._control = control
        self._writer = writer

    @override
    def wait(
        self, assessed: CaseAssessed, memory: State, now: datetime, trace: Trace
    ) -> Waiting | None:
        policy = self._policies[assessed.case.domain.value]
        if not self._writer or not policy.writing:
            return None
        wanted = waits_for(_view(assessed), policy, memory, now)
        return None if wanted is None else asking.waiting(assessed, wanted, now, trace)

    @override
    def decide(
        self,
        assessed: CaseAssessed,
        memory: State,
        now: datetime,
        trace: Trace,
        text: WritingCompleted | None = None,
    ) -> tuple[Decision, Decided]:
        policy = self._policies[assessed.case.domain.value]
        view = _view(assessed, None if text is None else of_text(text.model_dump()))
        if text is None and policy.writing and waits_for(view, policy, memory, now) is not None:
            view = _view(assessed, UNAVAILABLE)
        ruling = decide(view, policy, memory, self._control, now)
        writer = None if text is None else text.model
        return warrant(assessed, view, ruling, policy, now, trace, writer)


def _view(assessed: CaseAssessed, written: Facts | None = None) -> CaseView:
    return case_view(assessed.case.model_dump(), assessed.assessment.model_dump(), written)
