"""Service processes that can be killed, paused and started again, and their environment."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from infra.local.child import Command
from infra.local.part import Part
from infra.local.places import Ports

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).with_name("sources.yaml")


class Worker(Part):
    """One process of a service. Its state directory and its log outlive it."""

    stop_within_s = 35.0

    def __init__(
        self, service: str, number: int, home: Path, environment: Mapping[str, str]
    ) -> None:
        self.service = service
        self.name = f"{service}-{number}"
        super().__init__(home / f"{self.name}.log")
        self.home = home
        self.environment = environment
        # Added to the environment of the next start alone: a crash point to be hit once.
        self.once: dict[str, str] = {}
        self._port = 0

    @override
    def command(self) -> Command:
        self._port = Ports().take(self.name)
        once, self.once = self.once, {}
        return Command(
            (sys.executable, "-m", f"services.{self.service}"),
            {
                **self.environment,
                "SLUICE_INSTANCE": self.name,
                "SLUICE_STATE_DIR": str(self.home / self.name),
                "SLUICE_HEALTH_PORT": str(self._port),
                **once,
            },
            ROOT,
        )

    @override
    def is_ready(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self._port}/health/ready"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return bool(json.load(answer)["ready"])
        except (OSError, urllib.error.URLError):
            return False


def environment(bootstrap_servers: str, triton_url: str) -> dict[str, str]:
    """What every service is told. Short group time-outs: a killed worker is replaced in seconds."""
    return {
        "SLUICE_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
        "SLUICE_TRITON_URL": triton_url,
        "SLUICE_INTAKE_MASKING_KEY": "resilience-tests-only-not-a-secret-key",
        "SLUICE_INTAKE_SOURCES": str(SOURCES),
        "OTEL_TRACES_EXPORTER": "none",
    }
