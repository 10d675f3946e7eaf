"""The judge: reads all that was written, compares it with what was published and the oracle."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Message, TopicPartition

from infra.resilience.load import Published
from schemas.automation.action import Action, ActionRequested
from schemas.automation.decision import CaseDecided
from topics.automation import ACTION_REQUESTED, CASE_DECIDED
from topics.dead_letters import ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS, INTAKE_DEAD_LETTERS

Place = tuple[str, int, int]
DEAD = tuple(t.name for t in (INTAKE_DEAD_LETTERS, ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS))


@dataclass
class Found:
    """Everything the flow wrote."""

    decided: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    bodies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rulings: dict[str, str] = field(default_factory=dict)
    dead: dict[Place, list[Message]] = field(default_factory=lambda: defaultdict(list))
    actions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    records: int = 0


def read(bootstrap_servers: str) -> Found:
    """Read decisions, actions and dead letters from the beginning to the current end."""
    found = Found()
    for message in _all(bootstrap_servers, (CASE_DECIDED.name, ACTION_REQUESTED.name, *DEAD)):
        found.records += 1
        value = message.value() or b""
        if message.topic() == CASE_DECIDED.name:
            decision = CaseDecided.from_json(value).decision
            origin = decision.origin
            case = str(decision.case_id)
            found.decided[(origin.topic, origin.partition, origin.offset)].add(case)
            found.bodies[case].add(hashlib.sha256(value).hexdigest())
            rule = decision.policy.rule if decision.policy else ""
            found.rulings[case] = f"{decision.verdict}/{decision.reason}/{rule}"
        elif message.topic() == ACTION_REQUESTED.name:
            action = ActionRequested.from_json(value).action
            found.actions[str(action.action_id)].add(_essence(action))
        else:
            found.dead[_origin(message)].append(message)
    return found


def _essence(action: Action) -> str:
    """What an action does, without when and by which offsets it came about."""
    parameters = sorted(action.parameters.items())
    return f"{action.type} {action.target.model_dump_json()} {parameters}"


def _origin(message: Message) -> Place:
    headers = {name: (value or b"").decode() for name, value in message.headers() or ()}
    return (
        headers["sluice-origin-topic"],
        int(headers["sluice-origin-partition"]),
        int(headers["sluice-origin-offset"]),
    )


def _all(bootstrap_servers: str, topics: Iterable[str]) -> Iterator[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "judge",
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
        }
    )
    try:
        there = consumer.list_topics(timeout=30).topics
        left: dict[tuple[str, int], int] = {}
        for topic in topics:
            for partition in there[topic].partitions:
                low, high = consumer.get_watermark_offsets(
                    TopicPartition(topic, partition), timeout=30
                )
                if high > low:
                    left[(topic, partition)] = high
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
        while left:
            for message in consumer.consume(2_000, 1.0):
                if message.error() is not None:
                    continue
                place = (message.topic() or "", message.partition() or 0)
                if place in left:
                    if (message.offset() or 0) + 1 >= left[place]:
                        del left[place]
                    yield message
    finally:
        consumer.close()


def ended(published: Sequence[Published], found: Found) -> int:
    """How many published events have reached an end."""
    return sum(
        1 for each in published if _place(each) in found.decided or _place(each) in found.dead
    )


def _place(each: Published) -> Place:
    return (each.given.topic, each.partition, each.offset)


def faults(published: Sequence[Published], found: Found, oracle: Found | None = None) -> list[str]:
    """Every broken promise, one line each; empty when all were kept."""
    said: list[str] = []
    for each in published:
        decided, dead = found.decided.get(_place(each), set()), found.dead.get(_place(each), [])
        name = f"{each.given.id} at {each.given.topic}[{each.partition}]@{each.offset}"
        if not decided and not dead:
            said.append(f"lost: {name}")
        elif len(decided) > 1:
            said.append(f"decided as {len(decided)} cases: {name}")
        elif each.given.must == "dead-letter" and decided:
            said.append(f"decided though it is broken: {name}")
        elif each.given.must == "decision" and not decided:
            said.append(f"dead-lettered though it is sound: {name}: {_reason(dead[0])}")
        said.extend(
            f"dead letter differs from what came: {name}"
            for m in dead
            if m.value() != each.given.value
        )
    said.extend(
        f"case {case} was decided in {len(bodies)} different ways"
        for case, bodies in found.bodies.items()
        if len(bodies) > 1
    )
    said.extend(
        f"action {action} says {len(essences)} different things"
        for action, essences in found.actions.items()
        if len(essences) > 1
    )
    if oracle is not None:
        said.extend(_against(oracle, found))
    return said


def _against(oracle: Found, found: Found) -> Iterator[str]:
    for action, essences in found.actions.items():
        if not essences <= oracle.actions.get(action, set()):
            yield f"action {action} is not the oracle's: {sorted(essences)}"
    for case, ruling in found.rulings.items():
        if oracle.rulings.get(case) not in (None, ruling):
            yield f"case {case}: the oracle says {oracle.rulings[case]}, here {ruling}"


def _reason(message: Message) -> str:
    headers = {name: (value or b"").decode() for name, value in message.headers() or ()}
    return f"{headers.get('sluice-dead-letter-reason')}: {headers.get('sluice-dead-letter-detail')}"
