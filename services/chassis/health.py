"""Health over HTTP: alive is not ready; ready means a member of the group that gets on."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import AdapterSettings


class HealthSettings(AdapterSettings):
    """Where the health and metrics page listens."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_HEALTH_", frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Loopback: a container sets 0.0.0.0 itself.")
    port: int = Field(0, ge=0, le=65_535, description="0 takes a free one, logged at start.")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that readiness depends on."""

    ok: bool
    detail: str
    since: float


class Health:
    """What is well and what is not, as the parts of the process last said."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._checks: dict[str, Check] = {}

    def set(self, name: str, ok: bool, detail: str = "") -> None:  # noqa: FBT001 - it is the value
        """State a check; `since` moves only when `ok` changes."""
        before = self._checks.get(name)
        since = before.since if before and before.ok == ok else self._clock()
        self._checks[name] = Check(ok, detail, since)

    @property
    def ready(self) -> bool:
        """Whether every check is ok; a process without any is not ready."""
        return bool(self._checks) and all(check.ok for check in self._checks.values())

    def report(self) -> dict[str, object]:
        """For people and for `sluice status`."""
        return {
            "ready": self.ready,
            "checks": {
                name: {"ok": check.ok, "detail": check.detail, "since": round(check.since, 3)}
                for name, check in sorted(self._checks.items())
            },
        }


async def serve(
    health: Health, registry: CollectorRegistry, settings: HealthSettings
) -> web.AppRunner:
    """Serve /health/live, /health/ready and /metrics; returns the runner to be cleaned up."""

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(
            body=orjson.dumps(health.report()),
            status=200 if health.ready else 503,
            content_type="application/json",
        )

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.add_routes(
        [
            web.get("/health/live", live),
            web.get("/health/ready", ready),
            web.get("/metrics", metrics),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    return runner
