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


class Worker(Part):
    """One process of a service. Its state directory and its log outlive it."""

    stop_within_s = 35.0

    def __init__(
        self,
        service: str,
        number: int,
        home: Path,
        environment: Mapping[str, str],
        *,
        special: bool = False,
    ) -> None:
        self.service, self.number, self.special = service, number, special
        self.name = f"{service}-{number}"
        super().__init__(home / f"{self.name}.log")
        self.state = home / self.name
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
                "SLUICE_STATE_DIR": str(self.state),
                "SLUICE_HEALTH_PORT": str(self._port),
                **once,
            },
            ROOT,
        )

    @override
    def is_ready(self) -> bool:
        return bool(self.health().get("ready"))

    def health(self) -> dict[str, object]:
        """What it says of itself; nothing where it does not answer."""
        try:
            address = f"http://127.0.0.1:{self._port}/health/ready"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except (OSError, ValueError):
            return {}
