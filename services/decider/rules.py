"""Asks the policy of the case's domain, and warrants what it says."""

from collections.abc import Mapping
from datetime import datetime

from typing_extensions import override

from schemas.automation.assessment import CaseAssessed
from schemas.automation.decision import Decision
from schemas.automation.journal import Decided
from services.chassis.ports import Trace
from services.decider.domain.autonomy import Control
from services.decider.domain.deciding import decide
from services.decider.domain.observing import case_view
from services.decider.domain.policy import Policy
from services.decider.handler import Rules
from services.decider.journal.state import State
from services.decider.warranting import warrant


class PolicyRules(Rules):
    """One policy per domain, the operator's control, and nothing else."""

    def __init__(self, policies: Mapping[str, Policy], control: Control) -> None:
        self._policies = policies
        self._control = control

    @override
    def decide(
        self, assessed: CaseAssessed, memory: State, now: datetime, trace: Trace
    ) -> tuple[Decision, Decided]:
        case = assessed.case
        policy = self._policies[case.domain.value]
        view = case_view(case.model_dump(), assessed.assessment.model_dump())
        ruling = decide(view, policy, memory, self._control, now)
        return warrant(assessed, view, ruling, policy, now, trace)
