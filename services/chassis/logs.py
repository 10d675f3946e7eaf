"""Logs as JSON lines on standard error. Never a text, a key or a header's value."""

import logging
import sys
import traceback
from typing import Any

import structlog

from services.chassis.errors import SluiceError


def configure(service: str, instance: str, *, level: str = "info") -> None:
    """Send structlog and the standard library's loggers through one JSON renderer.

    Bind `trace_id` where a record is at hand; ids, counts and closed words are all that is logged.
    """

    def whose(_logger: object, _method: str, event: structlog.typing.EventDict) -> Any:
        # Not a context variable: other threads would not have it.
        return {**event, "service": service, "instance": instance}

    shared: list[structlog.typing.Processor] = [
        whose,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_discreet),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # The libraries' own chatter tells nobody anything and costs time (faust.md: -16 %).
    for noisy in ("faust", "mode", "aiokafka", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _discreet(exc_info: structlog.typing.ExcInfo) -> str:
    """Classes and frames, outermost last; words only of errors that never quote a record."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        words = f": {error}" if isinstance(error, SluiceError | OSError) else ""
        frames = "".join(traceback.format_tb(error.__traceback__))
        lines.insert(0, f"{frames}{type(error).__qualname__}{words}")
        hidden = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or hidden
    return "\n".join(lines)
