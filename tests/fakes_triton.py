"""A model server in memory: answers by rule, and breaks where a test says so."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from typing_extensions import override

from services.chassis.ports import Attribute, Metrics, Trace, Tracing
from services.chassis.record import Record
from services.chassis.triton.batcher import Batcher, Model, Parts
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.flood import Floods
from services.chassis.triton.gate import Gate
from services.chassis.triton.memory import Memory, ShortMemory
from services.chassis.triton.settings import TritonSettings
from services.chassis.triton.wire import Row

IDENTITY = json.dumps({"name": "echo", "version": "1", "digest": "0" * 64}).encode()


@dataclass
class FakeTrace(Trace):
    """A span that remembers what was noted."""

    trace_id: str = "0" * 32
    noted: dict[str, Attribute] = field(default_factory=dict)
    members: Sequence[Trace] = ()

    @property
    def traceparent(self) -> str:
        """W3C."""
        return f"00-{self.trace_id}-{'0' * 16}-01"

    def note(self, attributes: dict[str, Attribute]) -> None:
        """Remember."""
        self.noted |= attributes

    @override
    @contextmanager
    def child(self, name: str, attributes=None) -> Iterator[Trace]:
        """Itself."""
        yield self

    case = child


@dataclass
class FakeTracing(Tracing):
    """Counts batches; their trace ids are 1, 2, 3."""

    batches: list[FakeTrace] = field(default_factory=list)

    @override
    @contextmanager
    def processing(self, service: str, record: Record) -> Iterator[Trace]:
        """A fresh span."""
        yield FakeTrace()

    @override
    @contextmanager
    def batch(self, name: str, members: Sequence[Trace]) -> Iterator[Trace]:
        """One span for a request."""
        trace = FakeTrace(f"{len(self.batches) + 1:032x}", members=tuple(members))
        self.batches.append(trace)
        yield trace


class FakeMetrics(Metrics):
    """Keeps what was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, float, dict[str, str]]] = []

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Remember."""
        self.counted.append((name, value, labels))

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Remember."""
        self.counted.append((name, value, labels))

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Remember."""
        self.counted.append((name, value, labels))


class FakeModel(Model):
    """Echoes each text. `breaks` says what happens to a request; None is no fault.

    While `down` it answers nobody, its canary neither. A text for which `kills` is true takes the
    server down with it, until a test puts it up again.
    """

    name = "echo"

    def __init__(
        self,
        breaks: Callable[[Sequence[bytes]], Kind | None] = lambda _: None,
        kills: Callable[[bytes], bool] = lambda _: False,
        delay_s: float = 0,
    ) -> None:
        self.breaks = breaks
        self.kills = kills
        self.down = False
        self.delay_s = delay_s
        self.requests: list[list[bytes]] = []
        self.canaries = 0
        self.together = 0
        self.most_together = 0

    @override
    async def infer(self, texts: Sequence[bytes], traceparent: str) -> Sequence[Row]:
        """Echo."""
        self.requests.append(list(texts))
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self.together -= 1
        if self.down:
            raise Fault(Kind.UNREACHABLE, "down")
        if any(self.kills(text) for text in texts):
            self.down = True
            raise Fault(Kind.LOST, "killed")
        kind = self.breaks(texts)
        if kind is not None:
            self.down = self.down or kind is Kind.UNREACHABLE
            raise Fault(kind, "as the test wants")
        return [row(text) for text in texts]

    @override
    async def canary(self) -> Row:
        """Echo a known text."""
        self.canaries += 1
        await asyncio.sleep(0)
        if self.down:
            raise Fault(Kind.UNREACHABLE, "down")
        return row(b"canary")


def row(text: bytes) -> Row:
    """What the echo answers."""
    return {"ECHO": (text,), "TOKENS": (len(text),), "COMPUTE_US": (7,), "MODEL": (IDENTITY,)}


def parts(memory: Memory | None = None, floods: Floods | None = None, **settings) -> Parts:
    """What a batcher needs, small and quick."""
    chosen = TritonSettings(url="unused:1", **({"linger_ms": 0.5} | settings))
    return Parts(
        Gate(chosen.in_flight),
        memory or ShortMemory(),
        floods or Floods(),
        FakeTracing(),
        FakeMetrics(),
        chosen,
    )


async def ask(batcher: Batcher, texts: Sequence[bytes], tenant: str = "acme") -> list[object]:
    """Submit all at once; answers as echoed bytes, errors as they are."""
    futures = [batcher.submit(f"id:{text.decode()}", text, tenant, FakeTrace()) for text in texts]
    ends = await asyncio.gather(*futures, return_exceptions=True)
    return [end if isinstance(end, BaseException) else end.row["ECHO"][0] for end in ends]
