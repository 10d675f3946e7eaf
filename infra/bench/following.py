"""What became of the published events, and when an outside reader could see it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from infra.bench.target import BenchError
from infra.demo.watching import DEAD, at_the_end
from topics.automation import ACTION_REQUESTED, CASE_ASSESSED, CASE_DECIDED

PATIENCE_S = 60.0

Headers = Mapping[str, bytes | str | None]


@dataclass
class Ends:
    """Seconds since the epoch per case of this run: published, decision read, action read."""

    run: str
    published: dict[str, float] = field(default_factory=dict)
    decided: dict[str, float] = field(default_factory=dict)
    acted: dict[str, float] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)
    dead: list[str] = field(default_factory=list)

    def note(self, topic: str, value: bytes, headers: Headers, now: float) -> None:
        """One record; those of other runs are none of ours, and only the first of a case counts."""
        if topic in DEAD:
            if self.run.encode() in value.lower():
                self.dead.append(_reason(headers))
            return
        event = orjson.loads(value)
        if topic == CASE_DECIDED.name:
            decision = event["decision"]
            if _of(self.run, decision):
                self.published.setdefault(decision["case_id"], _seconds(decision["origin"]))
                self.decided.setdefault(decision["case_id"], now)
        elif _of(self.run, action := event["action"]):
            warrant = action["warrant"]
            self.actions.add(action["action_id"])
            self.published.setdefault(warrant["case_id"], _seconds(warrant["origin"]))
            self.acted.setdefault(warrant["case_id"], now)

    def decision_waits(self) -> list[float]:
        """Seconds from the producer's timestamp to the decision, per case."""
        return [at - self.published[case] for case, at in self.decided.items()]

    def action_waits(self) -> list[float]:
        """The same to its first action, of the cases that have one."""
        return [at - self.published[case] for case, at in self.acted.items()]


class Follower:
    """Reads decisions, actions and dead letters from where the topics ended when it was made."""

    def __init__(self, bootstrap_servers: str, run: str) -> None:
        self._consumer = at_the_end(
            bootstrap_servers, (CASE_DECIDED.name, ACTION_REQUESTED.name, *DEAD)
        )
        self.ends = Ends(run)

    def follow(self, wanted: Callable[[], int | None], say: Callable[[int], None]) -> None:
        """Until as many cases are decided as were published; `wanted` is None while they are.

        Raises:
            BenchError: one became a dead letter, or nothing happened for a minute.
        """
        moved_at = time.monotonic()
        while (count := wanted()) is None or len(self.ends.decided) < count:
            before = len(self.ends.decided)
            self._take(0.1)
            if self.ends.dead:
                raise BenchError(
                    f"events of the bench became dead letters ({self.ends.dead[0]}), so the"
                    " measurement is void; `sluice dead-letters list` shows them"
                )
            if len(self.ends.decided) > before or count is None:
                moved_at = time.monotonic()
                say(len(self.ends.decided))
            elif time.monotonic() - moved_at > PATIENCE_S:
                raise BenchError(
                    f"{len(self.ends.decided)} of {count} events were decided, then none for"
                    f" {PATIENCE_S:.0f} s; `make status` shows what is not well"
                )
        while self._take(0.5):  # actions follow their decision
            pass

    def _take(self, patience_s: float) -> bool:
        """What is there, as soon as something is: waiting for more would be measured as ours."""
        first = self._consumer.poll(patience_s)
        if first is None:
            return False
        messages, now = [first, *self._consumer.consume(500, 0)], time.time()
        for message in messages:
            if message.error() is None:
                headers = dict(message.headers() or ())
                self.ends.note(message.topic() or "", message.value() or b"", headers, now)
        return True

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


@dataclass
class Read:
    """What the assessments of a run say: the texts as the model got them, and what each cost."""

    texts: list[str] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    compute_us: list[int] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


class Assessments:
    """Reads assessments afterwards: doing it meanwhile would cost the flow CPU."""

    def __init__(self, bootstrap_servers: str, run: str) -> None:
        self._run = run
        self._consumer = at_the_end(bootstrap_servers, (CASE_ASSESSED.name,))

    def take(self, count: int) -> Read:
        """The next `count` of this run, in the order of the topic."""
        read = Read()
        deadline = time.monotonic() + PATIENCE_S
        while len(read.texts) < count:
            for message in self._consumer.consume(500, 0.2):
                if message.error() is None:
                    self._note(orjson.loads(message.value() or b"{}"), read)
            if time.monotonic() > deadline:
                raise BenchError(f"only {len(read.texts)} of {count} assessments were found")
        return read

    def _note(self, event: dict[str, Any], read: Read) -> None:
        case, assessment = event["case"], event["assessment"]
        if not _of(self._run, case):
            return
        usage = assessment["usage"]
        read.texts.append(case["text"])
        read.tokens.append(usage["tokens"])
        read.compute_us.append(usage["compute_us"])
        for reading in assessment["readings"]:
            if len(reading["models"]) > 1:  # encoder and head; one alone has no encoder
                read.digests.add(reading["models"][0]["digest"])

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()


def _of(run: str, event: dict[str, Any]) -> bool:
    """Subjects hold the run's name; some schemes write it in capitals."""
    return run in event["subject"].lower()


def _seconds(origin: dict[str, Any]) -> float:
    return datetime.fromisoformat(origin["timestamp"]).timestamp()


def _reason(headers: Headers) -> str:
    def said(name: str) -> str:
        value = headers.get(name) or b"?"
        return value.decode() if isinstance(value, bytes) else value

    return f"{said('sluice-dead-letter-reason')}: {said('sluice-dead-letter-detail')}"
