"""What the flow wrote, read as it grows: decisions, actions, dead letters, cancellations."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from pydantic import ValidationError

from infra.resilience.load import Place
from schemas.automation.action import Action, ActionRequested
from schemas.automation.case import CaseAccepted
from schemas.automation.decision import CaseDecided, Decision
from schemas.automation.journal import Cancelled, JournalAppended
from services.chassis.dead_letters import DEAD, ORIGIN
from topics.automation import (
    ACTION_REQUESTED,
    CASE_ACCEPTED,
    CASE_ASSESSED,
    CASE_DECIDED,
    JOURNAL_APPENDED,
)
from topics.dead_letters import ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS, INTAKE_DEAD_LETTERS

RecordPlace = tuple[str, int, int]

_DEAD = tuple(t.name for t in (INTAKE_DEAD_LETTERS, ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS))
# Empty polls in a row, of a tenth of a second, before the broker counts as away.
_PATIENCE = 50

_INNER = {CASE_ACCEPTED.name, CASE_ASSESSED.name}
_TOPICS = (CASE_DECIDED.name, ACTION_REQUESTED.name, JOURNAL_APPENDED.name, *_DEAD)


@dataclass(frozen=True, slots=True)
class Original:
    """A record as it came."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: what it keeps of the original, and why it is one.

    `came` is the original as it still stands on a topic of ours; None where it came from outside.
    """

    kept: Original
    came: Original | None
    reason: str
    detail: str


@dataclass(slots=True)
class Case:
    """What was said about one case."""

    origin: Place
    ruling: str
    promised: frozenset[str]
    bodies: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """Everything that was written, by what it is about."""

    cases: dict[str, Case] = field(default_factory=dict)
    letters: dict[RecordPlace, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    # What each action does, in every way it was said; and the effect that it claims.
    actions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    bodies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    effects: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Action ids, and whether it may have gone out before.
    cancelled: dict[str, bool] = field(default_factory=dict)
    records: int = 0

    @property
    def owed(self) -> set[str]:
        """Actions that a decision promised and that neither went out nor were cancelled."""
        promised = {action for case in self.cases.values() for action in case.promised}
        return promised - self.actions.keys() - self.cancelled.keys()


class Reading:
    """Reads on from where it was; a broker that is away is waited for. Close it."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.found = Found()
        settings = {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "judge",
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
            "log_level": 0,
        }
        self._consumer, self._single = Consumer(settings), Consumer(settings)
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
        self._next: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._consumer.close()
        self._single.close()

    def catch_up(self) -> Found:
        """Read to the current end; where the broker does not answer, as far as it goes."""
        try:
            self._assign_new()
            ends = self._ends()
        except KafkaException:
            return self.found
        patience = _PATIENCE
        while patience and any(self._next[tp] < end for tp, end in ends.items()):
            messages = self._consumer.consume(500, 0.1)
            patience = _PATIENCE if messages else patience - 1
            for message in messages:
                if message.error() is None:
                    self._take(message)
        return self.found

    def _assign_new(self) -> None:
        """Also topics that were made after the start, or made anew."""
        there = self._admin.list_topics(timeout=10).topics
        tps = {(t, p) for t in _TOPICS if t in there for p in there[t].partitions}
        if tps != self._next.keys():
            self._next = {tp: self._next.get(tp, 0) for tp in tps}
            self._consumer.assign([TopicPartition(*tp, at) for tp, at in self._next.items()])

    def _ends(self) -> dict[tuple[str, int], int]:
        asked = self._admin.list_offsets(
            {TopicPartition(*tp): OffsetSpec.latest() for tp in self._next}, request_timeout=10
        )
        return {(tp.topic, tp.partition): future.result().offset for tp, future in asked.items()}

    def _take(self, message: Message) -> None:
        topic, value = message.topic(), message.value() or b""
        self._next[(topic, message.partition())] = message.offset() + 1
        self.found.records += 1
        if topic == CASE_DECIDED.name:
            self._decision(CaseDecided.from_json(value).decision, value)
        elif topic == ACTION_REQUESTED.name:
            self._action(ActionRequested.from_json(value).action, value)
        elif topic == JOURNAL_APPENDED.name:
            self._journal(value, message.offset())
        else:
            self._letter(message)

    def _decision(self, decision: Decision, value: bytes) -> None:
        origin = decision.origin
        rule = decision.policy.rule if decision.policy else ""
        case = Case(
            (origin.topic, origin.partition, origin.offset, origin.index),
            f"{decision.verdict}/{decision.reason}/{rule}",
            frozenset(
                str(planned.action.action_id)
                for planned in decision.actions
                if planned.withheld is None
            ),
        )
        self.found.cases.setdefault(str(decision.case_id), case).bodies.add(_digest(value))

    def _action(self, action: Action, value: bytes) -> None:
        name = str(action.action_id)
        parameters = sorted(action.parameters.items())
        # What it does, without when and by which offsets it came about.
        does = f"{action.type} {action.target.model_dump_json()} {parameters}"
        self.found.actions[name].add(does)
        self.found.bodies[name].add(_digest(value))
        if action.effect_key is not None:
            self.found.effects[action.effect_key].add(name)

    def _journal(self, value: bytes, offset: int) -> None:
        if b'"cancelled"' not in value:
            return
        entry = JournalAppended.from_json(value)
        # At another offset than it was meant for it is void.
        if entry.offset == offset and isinstance(entry.body, Cancelled):
            for action in entry.body.action_ids:
                self.found.cancelled.setdefault(str(action), entry.body.uncertain)

    def _letter(self, message: Message) -> None:
        headers = tuple(message.headers() or ())
        ours = {k: (v or b"").decode() for k, v in headers if k.startswith((ORIGIN, DEAD))}
        origin = (
            ours[f"{ORIGIN}topic"],
            int(ours[f"{ORIGIN}partition"]),
            int(ours[f"{ORIGIN}offset"]),
        )
        value = message.value()
        kept = Original(message.key(), value, tuple((k, v) for k, v in headers if k not in ours))
        entered = _entered(value or b"") if origin[0] in _INNER else None
        came = None if entered is None else self._original(origin)
        self.found.letters[entered or origin].append(
            Letter(kept, came, ours[f"{DEAD}reason"], ours[f"{DEAD}detail"])
        )

    def _original(self, place: RecordPlace) -> Original | None:
        self._single.assign([TopicPartition(*place)])
        message = self._single.poll(10)
        if message is None or message.error() is not None:
            return None
        return Original(message.key(), message.value(), tuple(message.headers() or ()))


def _entered(value: bytes) -> RecordPlace | None:
    """Where the case entered that a record of ours is about; None where it is none."""
    try:
        origin = CaseAccepted.from_json(value).case.origin
    except ValidationError:
        return None
    return origin.topic, origin.partition, origin.offset


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
