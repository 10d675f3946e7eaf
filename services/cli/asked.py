"""A text for the writer's own handler, with nothing before and behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import ValidationError

from schemas.automation.assessment import JoinedFact
from schemas.automation.writing import WritingCompleted, WritingRequested, WritingTask
from services.assessor.domain.asking import Task
from services.assessor.packs import load_packs
from services.chassis.clock import SystemClock
from services.chassis.errors import ConfigurationError
from services.chassis.spans import OtelTracing
from services.chassis.telemetry import PrometheusMetrics, TelemetrySettings, provider
from services.chassis.triton.client import TritonClient
from services.chassis.triton.generating import GenerativeModel
from services.chassis.triton.settings import TritonSettings
from services.writer import dates
from services.writer.handler import WriteTexts
from services.writer.model import TritonModel
from services.writer.settings import WriterSettings

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody says about a text at the command line."""

    task: str
    text: str
    language: str | None = None
    expected: datetime | None = None
    written: datetime | None = None
    facts: Sequence[tuple[str, str]] = ()
    within_s: float = 60.0


def request(told: Told) -> WritingRequested:
    """The request of nobody's case, with the labels of the shipped pack.

    Raises:
        ConfigurationError: naming each field at fault.
    """
    now = datetime.now(UTC)
    extract = told.task == WritingTask.EXTRACT
    try:
        return WritingRequested(
            writing_id=_NOBODY,
            tenant="nobody",
            case_id=_NOBODY,
            subject="nobody|text:1",
            task=WritingTask(told.task),
            text=told.text,
            language=told.language,
            labels=tuple(load_packs()[Task.EXCEPTION].labels) if extract else (),
            facts=tuple(
                JoinedFact(name=name, value=value, as_of=now, source="told")
                for name, value in told.facts
            ),
            occurred_at=_day(told.written) or now,
            expected_at=_day(told.expected),
            requested_at=now,
            deadline=now + timedelta(seconds=told.within_s),
        )
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = (f"{fault['loc'][0]}: {fault['msg']}" for fault in faults)
        raise ConfigurationError("; ".join(lines)) from error


async def answer(asked: WritingRequested, triton: str) -> WritingCompleted:
    """What the service would answer.

    Raises:
        Outage: the server does not.
    """
    metrics = PrometheusMetrics()
    spans = provider("write", "1", TelemetrySettings(otel_traces_exporter="none"))
    async with TritonClient(TritonSettings(url=triton)) as client:
        model = TritonModel(GenerativeModel(client), metrics)
        handler = WriteTexts(model, dates.read, WriterSettings(), SystemClock(), metrics)
        with OtelTracing(spans).batch("write", ()) as trace:
            return await handler.answer(asked, trace)


def _day(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=UTC)
