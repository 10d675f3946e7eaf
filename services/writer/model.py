"""The model on Triton: whose fault it is when it does not answer."""

import asyncio
import time

from typing_extensions import override

from services.chassis.errors import InferenceFailed, Outage
from services.chassis.names import Attr
from services.chassis.ports import Metrics, Trace
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.generating import GenerativeModel, Turn
from services.chassis.triton.generating import Prompt as Asked
from services.chassis.triton.generating import Written as Answered
from services.writer.domain.prompting import Prompt
from services.writer.ports import LateError, Model, Written

# After a loss each: the deadline bounds them all, so nothing is remembered across a restart.
_FAILURES = 3
_CANARY = Asked(
    (Turn("user", "Answer ok."),), {"type": "object", "properties": {"ok": {"const": "ok"}}}, 16
)
_CANARY_S = 15.0


class TritonModel(Model):
    """One text at a time, as the server takes them; who waits here is not on the wire yet."""

    def __init__(self, model: GenerativeModel, metrics: Metrics) -> None:
        self._model = model
        self._metrics = metrics
        self._turn = asyncio.Lock()

    @override
    async def served(self) -> bool:
        try:
            return await self._model.served()
        except Fault as fault:
            raise Outage(str(fault)) from fault

    @override
    async def write(self, prompt: Prompt, *, within_s: float, trace: Trace) -> Written:
        late = time.monotonic() + within_s
        try:
            async with asyncio.timeout(within_s), self._turn:
                return await self._patiently(_asked(prompt), late, trace)
        except TimeoutError:
            raise LateError(f"not written within {within_s:.0f} s") from None

    async def _patiently(self, asked: Asked, late: float, trace: Trace) -> Written:
        for _ in range(_FAILURES):
            try:
                return await self._once(asked, late, trace)
            except Fault as fault:
                if fault.kind is Kind.REFUSED:
                    raise InferenceFailed(str(fault)) from fault
                if fault.kind is Kind.UNREACHABLE:
                    raise Outage(str(fault)) from fault
                # Lost, with the server or the model's process: the text's fault, or nobody's?
                await self._canary()
        raise InferenceFailed(f"lost {_FAILURES} times while the canary passes")

    async def _canary(self) -> None:
        try:
            await self._model.write(_CANARY, deadline_s=_CANARY_S, traceparent="")
        except Fault as fault:
            raise Outage(f"the canary fails: {fault}") from fault

    async def _once(self, asked: Asked, late: float, trace: Trace) -> Written:
        name, began, result = self._model.name, time.monotonic(), "ok"
        with trace.child(f"infer {name}") as span:
            try:
                answer = await self._model.write(
                    asked,
                    deadline_s=max(0.1, late - time.monotonic()),
                    traceparent=span.traceparent,
                )
            except Fault as fault:
                result = fault.kind.value
                raise
            finally:
                took = time.monotonic() - began
                self._metrics.observe("sluice_infer_seconds", took, model=name, result=result)
            self._account(span, answer)
        return Written(answer.text, answer.whole, answer.model, answer.tokens, answer.compute_us)

    def _account(self, span: Trace, answer: Answered) -> None:
        span.note(
            {
                Attr.MODEL_NAME: answer.model.get("name", ""),
                Attr.MODEL_VERSION: answer.model.get("version", ""),
                Attr.MODEL_DIGEST: answer.model.get("digest", ""),
                Attr.MODEL_TOKENS: answer.tokens,
                Attr.MODEL_COMPUTE_US: answer.compute_us,
            }
        )
        name, seconds = self._model.name, answer.compute_us / 1_000_000
        self._metrics.count("sluice_model_compute_seconds_total", seconds, model=name)
        self._metrics.count("sluice_model_tokens_total", answer.tokens, model=name)


def _asked(prompt: Prompt) -> Asked:
    turns = tuple(Turn(each.role, each.content) for each in prompt.turns)
    return Asked(turns, prompt.schema, prompt.max_tokens)
