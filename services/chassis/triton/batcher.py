"""Micro-batches: texts of many records travel together, each gets its own answer or error."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.chassis.errors import Outage
from services.chassis.names import Attr
from services.chassis.ports import Metrics, Trace, Tracing
from services.chassis.triton.examiner import Examiner
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.flood import Floods
from services.chassis.triton.gate import Gate
from services.chassis.triton.memory import Memory, narrower
from services.chassis.triton.settings import TritonSettings
from services.chassis.triton.usage import describe
from services.chassis.triton.wire import Row


class Model(Protocol):
    """What answers. `client.ServedModel` is the real one."""

    @property
    def name(self) -> str:
        """The model's name on the server."""
        ...

    async def infer(self, texts: Sequence[bytes], traceparent: str) -> Sequence[Row]:
        """One row per text, in order; raises `Fault`."""
        ...

    async def canary(self) -> Row:
        """The answer to a known tiny text; raises `Fault`."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A text's row, and the trace of the request that it travelled in."""

    row: Row
    batch_trace_id: str


@dataclass(slots=True, eq=False)
class Item:
    """A text on its way. `id` is opaque, the same at every redelivery of the same text."""

    id: str
    text: bytes
    tenant: str
    trace: Trace
    future: asyncio.Future[Answer] = field(repr=False)

    def fail(self, error: Exception) -> None:
        """End it, unless its record was let go meanwhile."""
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(frozen=True, slots=True)
class Parts:
    """What batchers of one server share."""

    gate: Gate
    memory: Memory
    floods: Floods
    tracing: Tracing
    metrics: Metrics
    settings: TritonSettings


class Batcher:
    """Collects the texts for one model. To be made on a running loop, and closed."""

    def __init__(self, model: Model, parts: Parts) -> None:
        self._model = model
        self._parts = parts
        self._examiner = Examiner(self, parts.gate, parts.memory, parts.floods)
        self._waiting: list[Item] = []
        self._ready: deque[list[Item]] = deque()
        self._filled = asyncio.Event()
        self._full = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered_at = float("-inf")
        self._dispatching = asyncio.create_task(self._dispatch())

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def answered_at(self) -> float:
        """When the model last answered, by time.monotonic()."""
        return self._answered_at

    def submit(self, id: str, text: bytes, tenant: str, trace: Trace) -> asyncio.Future[Answer]:  # noqa: A002 - it is the id
        """Send a text with the next request.

        The future raises `Outage` when the model does not work for anybody now, and
        `InferenceFailed` when it works and this text alone breaks it.
        """
        item = Item(id, text, tenant, trace, asyncio.get_running_loop().create_future())
        self._waiting.append(item)
        self._filled.set()
        if len(self._waiting) >= self._parts.settings.max_rows:
            self._full.set()
        return item.future

    async def canary(self) -> Row:
        """Ask the known tiny text.

        Raises:
            Outage: there is no answer, so nothing can be said about any text.
        """
        try:
            row = await self._model.canary()
        except Fault as fault:
            raise Outage(f"the canary fails: {fault}") from fault
        self._answered_at = time.monotonic()
        return row

    async def close(self) -> None:
        """Stop asking; whoever still waits is let go."""
        self._dispatching.cancel()
        tasks = [self._dispatching, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for batch in (self._waiting, *self._ready):
            _release(batch)

    async def _dispatch(self) -> None:
        while True:
            await self._filled.wait()
            await self._linger()
            window, self._waiting = self._waiting, []
            self._filled.clear()
            self._full.clear()
            clean: list[Item] = []
            suspicious: list[Item] = []
            for item in window:
                (suspicious if self._parts.memory.suspicion(item.id) else clean).append(item)
            if suspicious:
                self._spawn(self._examine(suspicious))
            self._ready.extend(self._cut(clean))
            while self._ready:
                # While we wait for a place, the next window grows.
                await self._parts.gate.enter()
                self._spawn(self._travel(self._ready.popleft()))

    async def _linger(self) -> None:
        """Give a lone text time for company; a full request leaves after this turn of the loop."""
        try:
            async with asyncio.timeout(self._parts.settings.linger_ms / 1000):
                await self._full.wait()
        except TimeoutError:
            pass

    def _cut(self, window: list[Item]) -> list[list[Item]]:
        """Requests of similar lengths: the server computes equal lengths together."""
        limit, room = self._parts.settings.max_rows, self._parts.settings.max_bytes
        batches: list[list[Item]] = []
        size = room
        for item in sorted(window, key=lambda each: len(each.text)):
            if not batches or len(batches[-1]) == limit or size + len(item.text) > room:
                batches.append([])
                size = 0
            batches[-1].append(item)
            size += len(item.text)
        return batches

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _travel(self, batch: list[Item]) -> None:
        batch = [each for each in batch if not each.future.done()]
        try:
            if not batch:
                return
            try:
                await self.ask(batch)
            finally:
                self._parts.gate.leave()
        except Fault as fault:
            if fault.kind is Kind.UNREACHABLE:
                _fail(batch, Outage(str(fault)))
            else:
                await self._examine(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            _fail(batch, error)
        finally:
            _release(batch)

    async def _examine(self, items: list[Item]) -> None:
        try:
            await self._examiner.examine(items)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            _fail(items, error)
        finally:
            _release(items)

    async def ask(self, items: list[Item]) -> None:
        """One request, its span linked from every record's; resolves the items' futures.

        Raises:
            Fault: and the items still wait; after a loss they are suspicious.
        """
        started = time.monotonic()
        result = "ok"
        members = [each.trace for each in items]
        with self._parts.tracing.batch(f"infer {self.name}", members) as span:
            flight = self._parts.memory.depart([each.id for each in items])
            try:
                rows = await self._model.infer([each.text for each in items], span.traceparent)
            except Fault as fault:
                result = fault.kind.value
                if fault.kind in {Kind.LOST, Kind.STUB}:
                    self._parts.memory.suspect([each.id for each in items], narrower(len(items)))
                raise
            finally:
                self._parts.memory.arrive(flight)
                self._measure(len(items), time.monotonic() - started, result)
            self._answered_at = time.monotonic()
            self._account(span, rows)
            for item, row in zip(items, rows, strict=True):
                if not item.future.done():
                    item.future.set_result(Answer(row, span.trace_id))

    def _account(self, span: Trace, rows: Sequence[Row]) -> None:
        attributes = describe(rows)
        span.note(attributes)
        metrics = self._parts.metrics
        metrics.count(
            "sluice_model_compute_seconds_total",
            float(attributes[Attr.MODEL_COMPUTE_US]) / 1_000_000,
            model=self.name,
        )
        metrics.count(
            "sluice_model_tokens_total", float(attributes[Attr.MODEL_TOKENS]), model=self.name
        )

    def _measure(self, texts: int, seconds: float, result: str) -> None:
        metrics = self._parts.metrics
        metrics.observe("sluice_batch_texts", texts, model=self.name)
        metrics.observe("sluice_infer_seconds", seconds, model=self.name, result=result)


def _fail(items: Sequence[Item], error: Exception) -> None:
    for item in items:
        item.fail(error)


def _release(items: Sequence[Item]) -> None:
    """Whoever was not answered, because we are closed, waits no longer."""
    for item in items:
        if not item.future.done():
            item.future.cancel()
