"""Reads texts with the models that Triton serves: rows of tensors to answers of the domain."""

from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from typing_extensions import override

from services.assessor.domain.asking import MAIN_TASK, Question, Task
from services.assessor.domain.reading import Answer, Bits, Candidate, Readings, Span, bearing
from services.assessor.ports import Reader, Text
from services.chassis.errors import InferenceFailed, Outage
from services.chassis.triton import usage
from services.chassis.triton.batcher import Batcher
from services.chassis.triton.faults import Fault
from services.chassis.triton.wire import Output, Row, Scalar, Signature

# Labels each head tells, best first.
_WIDTHS = {
    Task.INTENT: 3,
    Task.SENTIMENT: 3,
    Task.EXCEPTION: 3,
    Task.URGENCY: 3,
    Task.INJECTION: 2,
    Task.LANGUAGE: 1,
}

# Sentences that a text is told by, see infra/triton/repository/encoder/1/parts.py.
_PARTS = 12
_SPANS = "SPANS"
_SUSPECTED = f"{Task.INJECTION.name}_SPAN"

TASKS = {
    Question.TICKET: (
        Task.INTENT, Task.SENTIMENT, Task.URGENCY, Task.INJECTION, Task.LANGUAGE,
    ),
    Question.NOTICE: (Task.EXCEPTION, Task.INJECTION, Task.LANGUAGE),
}  # fmt: skip

# Heads that say, too, whether a text is about any of their labels.
_SCOPED = frozenset({Task.INTENT, Task.EXCEPTION})

# The language is read from the text itself, beside the encoder.
_WITHOUT_ENCODER = frozenset({Task.LANGUAGE})


def signature(question: Question) -> Signature:
    """The model that answers a question, with every output we insist on."""
    heads = [
        output
        for task in TASKS[question]
        for output in (
            Output(f"{task.name}_LABEL", "BYTES", _WIDTHS[task]),
            Output(f"{task.name}_SCORE", "FP32", _WIDTHS[task]),
            Output(f"{task.name}_HEAD", "BYTES"),
            *([Output(f"{task.name}_SCOPE", "FP32")] if task in _SCOPED else []),
        )
    ]
    places = (
        Output(_SUSPECTED, "INT32", 2),
        Output(f"{MAIN_TASK[question].name}_CARRIED", "FP32", _PARTS),
        Output(_SPANS, "INT32", 2 * _PARTS),
    )
    return Signature(question.value, (*heads, *places, *usage.OUTPUTS))


class TritonReader(Reader):
    """Texts of many cases travel together; each case waits for its own."""

    def __init__(self, batchers: Mapping[Question, Batcher]) -> None:
        self._batchers = batchers

    @override
    async def read(self, question: Question, text: Text) -> Readings:
        answer = await self._batchers[question].submit(
            text.id, text.text.encode(), text.tenant, text.trace
        )
        try:
            return readings(question, answer.row, answer.batch_trace_id)
        except (Fault, KeyError) as error:
            # Without name, version and digest of what answered there is no warrant, for any text.
            raise Outage(f"{question}: a model does not say which bits it is") from error


def readings(question: Question, row: Row, batch: str) -> Readings:
    """A row in the domain's words."""
    encoder = _bits(cast("bytes", row["MODEL"][0]))
    return Readings(
        tuple(_answer(task, row, encoder) for task in TASKS[question]),
        tokens=int(row["TOKENS"][0]),
        compute_us=int(row["COMPUTE_US"][0]),
        batch=batch,
    )


def encoder(row: Row) -> str:
    """The digest of the encoder that answered."""
    return usage.identity(cast("bytes", row["MODEL"][0]))["digest"]


def heads(question: Question, row: Row) -> dict[Task, dict[str, str]]:
    """What each head says of itself: name, version, digest, pack, pack_digest."""
    return {
        task: usage.identity(cast("bytes", row[f"{task.name}_HEAD"][0])) for task in TASKS[question]
    }


def _answer(task: Task, row: Row, encoder: Bits) -> Answer:
    raw = cast("bytes", row[f"{task.name}_HEAD"][0])
    head = usage.identity(raw)
    if head.get("encoder_digest", encoder.digest) != encoder.digest:
        # While models are exchanged one after the other; the start refuses it for good.
        raise Outage(f"{task}: its head was fitted to another encoder than the one that answers")
    labels = cast("tuple[bytes, ...]", row[f"{task.name}_LABEL"])
    scores = cast("tuple[float, ...]", row[f"{task.name}_SCORE"])
    models = (_bits(raw),) if task in _WITHOUT_ENCODER else (encoder, _bits(raw))
    # A head of fewer labels than it may tell fills up with empty ones.
    candidates = tuple(
        Candidate(label.decode(), _chance(score))
        for label, score in zip(labels, scores, strict=True)
        if label
    )
    if not candidates:
        raise InferenceFailed(f"the model has no {task} for this text")
    return Answer(
        task,
        candidates,
        models,
        pack=head.get("pack"),
        calibrated=head.get("calibrated", "True") == "True",
        scope=_chance(float(row[f"{task.name}_SCOPE"][0])) if task in _SCOPED else None,
        spans=_spans(task, row),
    )


def _chance(score: float) -> float:
    """Six digits are what a 32-bit float holds, and a hair above one is one."""
    return min(1.0, max(0.0, round(score, 6)))


def _spans(task: Task, row: Row) -> tuple[Span, ...]:
    """The sentences that it rests upon, as far as its head says which."""
    if task is Task.INJECTION:
        return tuple(span for span in _pairs(row[_SUSPECTED]) if span[1] > span[0])
    if task not in MAIN_TASK.values():
        return ()
    carried = cast("tuple[float, ...]", row[f"{task.name}_CARRIED"])
    return bearing(carried, _pairs(row[_SPANS]))


def _pairs(places: tuple[Scalar, ...]) -> list[Span]:
    return list(zip(*[iter(int(place) for place in places)] * 2, strict=True))


@lru_cache(maxsize=256)
def _bits(raw: bytes) -> Bits:
    identity = usage.identity(raw)
    return Bits(
        identity["name"],
        identity["version"],
        identity["digest"],
        identity.get("quantization"),
        identity.get("runtime"),
    )
