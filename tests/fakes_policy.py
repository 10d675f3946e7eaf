"""Deciding in memory: a case as a test wants it, an operator, a memory, a policy of a few lines."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from typing_extensions import override

from services.decider.domain.autonomy import Control, Level
from services.decider.domain.case import CaseView, Joined, Memory
from services.decider.domain.macros import LOCALES, Macro
from services.decider.domain.policy import Policy
from services.decider.domain.remembering import Expected, Remembered, Watched
from services.decider.domain.values import Scalar
from services.decider.policies.compiling import compile_file
from tests.fakes_decider import NOW

MACROS = {
    "sorry": Macro(
        id="sorry",
        title="Sorry",
        variables={"order_id": "ticket.order_id"},
        texts={"en": "Sorry for {order_id}.", "hi-Latn": "{order_id} ke liye maaf kijiye."},
    ),
    "correction": Macro(
        id="correction",
        title="Correction",
        variables={},
        texts=dict.fromkeys(LOCALES, "Please disregard."),
    ),
}

ROUTE = {"action": "support.route", "parameters": {"queue": "a"}}
TAG = {"action": "support.tag", "parameters": {"tags": ["x"]}}
REPLY = {
    "action": "support.reply.macro",
    "parameters": {"macro": "sorry", "locale": "$language.code"},
}
HOLD = {"action": "supply.hold_lot", "parameters": {"reason": "r"}}
NOTIFY = {"action": "supply.notify_customer", "parameters": {"template": "delay"}}


class FakeControl(Control):
    """An operator who grants everything, but what a test says."""

    def __init__(self, level: Level = Level.ACT) -> None:
        self.level = level
        self.levels: dict[tuple[str, str, str | None], Level] = {}
        self.stops: set[tuple[str, str]] = set()

    @override
    def autonomy(
        self, tenant: str, action_type: str, language: str | None, /
    ) -> tuple[Level, str | None]:
        return self.levels.get((tenant, action_type, language), self.level), "ctl-1"

    @override
    def stopped(self, tenant: str, action_type: str, /) -> bool:
        return (tenant, action_type) in self.stops


class FakeMemory(Memory):
    """What earlier cases left behind."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}
        self.messages: set[tuple[str, str]] = set()
        self.effects: dict[str, datetime] = {}
        self.used: dict[str, float] = {}
        self.expectations: dict[tuple[str, str], Expected] = {}
        self.readings: dict[tuple[str, str], Watched] = {}

    @override
    def highest_revision(self, subject: str, /) -> int | None:
        return self.revisions.get(subject)

    @override
    def message_decided(self, subject: str, message_id: str, /) -> bool:
        return (subject, message_id) in self.messages

    @override
    def effect_holder(self, effect_key: str, now: datetime, /) -> UUID | str | None:
        return "other" if self.effects.get(effect_key, now) > now else None

    @override
    def budget_used(self, budget_key: str, now: datetime, /) -> float:
        return self.used.get(budget_key, 0.0)

    @override
    def expected(self, subject: str, what: str, /) -> Expected | None:
        return self.expectations.get((subject, what))

    @override
    def watched(self, subject: str, device: str, /) -> Watched | None:
        return self.readings.get((subject, device))

    def learn(self, subject: str, learned: Remembered) -> None:
        """As the journal's fold does it."""
        if learned.expected is not None:
            self.expectations[subject, learned.expected.what] = learned.expected
        for device, told in learned.watched.items():
            self.readings[subject, device] = told


def make_view(
    facts: Mapping[str, Scalar] | None = None,
    *,
    domain: str = "support",
    tenant: str = "acme",
    subject: str = "1",
    age: timedelta = timedelta(seconds=2),
    language: str | None = "en",
    joined: Mapping[str, Scalar] | None = None,
    **fields: Any,
) -> CaseView:
    """A case with these facts."""
    kind = "ticket" if domain == "support" else "shipment"
    known: dict[str, Scalar] = {"subject.id": subject, **(facts or {})}
    if language is not None:
        known["language.code"] = language
    given: dict[str, Any] = {
        "case_id": "c-1",
        "revision": None,
        "message_id": None,
        "echo": False,
        **fields,
    }
    return CaseView(
        tenant=tenant,
        domain=domain,
        subject=f"{tenant}|{kind}:{subject}",
        subject_kind=kind,
        subject_id=subject,
        occurred_at=NOW - age,
        received_at=NOW - age,
        language=language,
        facts=known,
        joined=tuple(
            Joined(name=name, value=value, as_of=NOW) for name, value in (joined or {}).items()
        ),
        **given,
    )


def document(*steps: Mapping[str, Any], domain: str = "support", **fields: Any) -> dict[str, Any]:
    """A policy that does these steps for every case, unless the fields say otherwise."""
    always = {"case.age_s": {"gte": -1}}
    return {
        "policy": domain,
        "version": "1",
        "domain": domain,
        "description": "Of a test.",
        "queues": ["a", "b"],
        "rules": [{"id": "all", "when": always, "then": list(steps)}],
        "default": [],
        "tests": [{"name": "t", "given": {}, "expect": {"rule": "all"}}],
        **fields,
    }


def write(folder: Path, content: Mapping[str, Any] | str, name: str = "policy.yaml") -> Path:
    """The file of a policy."""
    file = folder / name
    text = (
        content
        if isinstance(content, str)
        else yaml.dump(content, sort_keys=False, Dumper=_NoAliases)
    )
    file.write_text(text, encoding="utf-8")
    return file


def make_policy(folder: Path, *steps: Mapping[str, Any], **fields: Any) -> Policy:
    """The policy, compiled as an operator's file is."""
    policy, _, wrong = compile_file(write(folder, document(*steps, **fields)), MACROS)
    assert not wrong, wrong
    assert policy is not None
    return policy


class _NoAliases(yaml.SafeDumper):
    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True
