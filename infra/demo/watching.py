"""A reader of the flow's topics: what became of each published example."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from confluent_kafka import Consumer, TopicPartition

from infra.demo.producing import Published
from schemas.automation.assessment import CaseAssessed, Reading
from schemas.automation.decision import CaseDecided, Decision
from topics.automation import CASE_ASSESSED, CASE_DECIDED
from topics.dead_letters import ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS, INTAKE_DEAD_LETTERS

DEAD = tuple(t.name for t in (INTAKE_DEAD_LETTERS, ASSESSOR_DEAD_LETTERS, DECIDER_DEAD_LETTERS))


@dataclass
class Row:
    """One case on its way: filled as its records arrive."""

    published: Published
    index: int
    readings: tuple[Reading, ...] = ()
    decision: Decision | None = None
    trace_id: str = ""
    dead_letter: str | None = None

    @property
    def ended(self) -> bool:
        """Decided, or dead-lettered."""
        return self.decision is not None or self.dead_letter is not None


@dataclass
class Board:
    """Every case that the published examples must become."""

    rows: dict[tuple[str, int, int, int], Row] = field(default_factory=dict)

    def expect(self, published: Published) -> None:
        """One row per event of the example."""
        for index in range(published.events):
            key = (published.topic, published.partition, published.offset, index)
            self.rows[key] = Row(published, index)

    @property
    def ended(self) -> bool:
        """Whether every case has reached its end."""
        return all(row.ended for row in self.rows.values())

    def assessed(self, event: CaseAssessed) -> None:
        """Note what was understood."""
        origin = event.case.origin
        row = self.rows.get((origin.topic, origin.partition, origin.offset, origin.index))
        if row is not None:
            row.readings = event.assessment.readings

    def decided(self, decision: Decision, trace_id: str) -> None:
        """Note the decision; a repeat changes nothing."""
        origin = decision.origin
        row = self.rows.get((origin.topic, origin.partition, origin.offset, origin.index))
        if row is not None:
            row.decision, row.trace_id = decision, trace_id

    def dead(self, headers: dict[str, str]) -> None:
        """Note a dead letter, for all events of its record."""
        at = tuple(
            headers.get(f"sluice-origin-{part}", "") for part in ("topic", "partition", "offset")
        )
        for (topic, partition, offset, _), row in self.rows.items():
            if at == (topic, str(partition), str(offset)):
                reason = headers.get("sluice-dead-letter-reason", "?")
                row.dead_letter = f"{reason}: {headers.get('sluice-dead-letter-detail', '')}"


def at_the_end(bootstrap_servers: str, topics: Iterable[str]) -> Consumer:
    """A consumer of what is written to these topics from now on; no group, nothing is committed."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "demo", "enable.auto.commit": False}
    )
    there = consumer.list_topics(timeout=30).topics
    parts = [
        TopicPartition(topic, partition)
        for topic in topics
        for partition in there[topic].partitions
    ]
    for part in parts:
        part.offset = consumer.get_watermark_offsets(part, timeout=30)[1]
    consumer.assign(parts)
    return consumer


class Watcher:
    """Reads from where the topics ended when it was made."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = at_the_end(
            bootstrap_servers, (CASE_ASSESSED.name, CASE_DECIDED.name, *DEAD)
        )

    def follow(self, board: Board, patience_s: float = 0.2) -> Iterator[None]:
        """Put what arrives on the board; yields after every poll, for ever."""
        while True:
            for message in self._consumer.consume(100, patience_s):
                if message.error() is not None:
                    continue
                headers = {name: (value or b"").decode() for name, value in message.headers() or ()}
                value = message.value() or b""
                if message.topic() == CASE_ASSESSED.name:
                    board.assessed(CaseAssessed.from_json(value))
                elif message.topic() == CASE_DECIDED.name:
                    trace_id = headers.get("traceparent", "--").split("-")[1]
                    board.decided(CaseDecided.from_json(value).decision, trace_id)
                else:
                    board.dead(headers)
            yield

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()
