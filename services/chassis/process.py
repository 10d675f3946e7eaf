"""What every service process needs before it reads a record: logs, spans, metrics, health."""

import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis import health, logs, telemetry
from services.chassis.clock import SystemClock
from services.chassis.errors import ConfigurationError
from services.chassis.ports import Clock, Metrics, Tracing
from services.chassis.settings import AdapterSettings, load
from services.chassis.spans import OtelTracing

# sysexits.h: a configuration error is not worth a restart, a supervisor can tell it from a crash.
EX_CONFIG = 78

# New containers before the collector looks at the young ones (Python: 700): a chunk in flight is
# tens of thousands of them, and none is garbage yet.
_YOUNG = 10_000


class ProcessSettings(AdapterSettings):
    """Who this process is and where it may keep what it can lose."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_", frozen=True, extra="ignore")

    instance: str = Field(
        "1", description="Tells processes of one service apart; names snapshot files."
    )
    state_dir: Path = Field(
        Path("state"), description="Snapshots and counts: losing it costs time, not correctness."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")


@dataclass(frozen=True, slots=True)
class Process:
    """The parts that handlers and adapters are given."""

    settings: ProcessSettings
    clock: Clock
    tracing: Tracing
    metrics: Metrics
    health: health.Health


@contextlib.asynccontextmanager
async def process(service: str) -> AsyncIterator[Process]:
    """Set up, and take down again: the last spans are exported before it returns."""
    settings = load(ProcessSettings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    logs.configure(service, settings.instance, level=settings.log_level)
    spans = telemetry.provider(service, settings.instance, load(telemetry.TelemetrySettings))
    metrics = telemetry.PrometheusMetrics()
    state = health.Health()
    runner = await health.serve(state, metrics.registry, load(health.HealthSettings))
    structlog.get_logger().info("listening", addresses=[str(a) for a in runner.addresses])
    try:
        yield Process(settings, SystemClock(), OtelTracing(spans), metrics, state)
    finally:
        await runner.cleanup()
        spans.shutdown()


def main(run: Callable[[], Awaitable[int]]) -> int:
    """Run a service's `run`; a configuration error becomes plain lines and its own exit code."""
    import asyncio  # noqa: PLC0415 - the one place that starts a loop

    async def _run() -> int:
        return await run()

    # What is loaded by now stays: looked at once more, and never again. Together with the higher
    # threshold the collector's share of the decider's CPU fell from 3 % to nearly nothing.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
    try:
        return asyncio.run(_run())
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201 - logs may not be set up yet
        return EX_CONFIG
