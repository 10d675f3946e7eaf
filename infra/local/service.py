"""One process of one of our services, as a part of the local stack."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from infra.local import places
from infra.local.child import Command
from infra.local.part import Part
from infra.local.zipkin import answers

ROOT = Path(__file__).parents[2]


class Service(Part):
    """`python -m services.NAME`; it knows nothing of the stack, only its settings."""

    ready_within_s = 90.0
    # In-flight work has five seconds (the chassis); the last spans and the group need some more.
    stop_within_s = 12.0

    def __init__(
        self,
        service: str,
        instance: str,
        *,
        needs: tuple[str, ...],
        env: Mapping[str, str],
        state_dir: Path,
        log: Path,
        ports: places.Ports,
    ) -> None:
        super().__init__(log)
        self.name = instance
        self.needs = needs
        self.service = service
        self._port = ports.take(instance)
        self._env = {
            **env,
            "SLUICE_INSTANCE": instance,
            "SLUICE_STATE_DIR": str(state_dir),
            "SLUICE_HEALTH_PORT": str(self._port),
            "OTEL_SERVICE_NAME": service,
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def url(self) -> str:
        """Of /health/live, /health/ready and /metrics."""
        return f"http://127.0.0.1:{self._port}"

    @override
    def addresses(self) -> Mapping[str, str]:
        return {"url": self.url}

    @override
    def command(self) -> Command:
        return Command((sys.executable, "-m", f"services.{self.service}"), self._env, ROOT)

    @override
    def is_ready(self) -> bool:
        return answers(f"{self.url}/health/ready")


def readiness(url: str, timeout_s: float = 2.0) -> dict[str, Any]:
    """What a service says about itself: `ready` and its `checks`; also when nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=timeout_s) as reply:  # noqa: S310 - our own address
            report: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as refusal:  # 503 carries the same report
        with refusal:
            report = json.load(refusal)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return {"ready": False, "checks": {"answers": {"ok": False, "detail": str(reason)}}}
    return report
