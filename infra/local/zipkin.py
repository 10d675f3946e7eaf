"""Zipkin's server as trace store with its page; spans live in memory and end with it."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from infra.local import jars, places, preflight
from infra.local.child import Command
from infra.local.part import Part

VERSION = "3.6.1"

# The oldest go first. Zipkin's own 500,000 do not fit the heap: at 130,000 it collected garbage all
# the time and refused spans. These fill 160 of its 384 MB.
_MAX_SPANS = 50_000


class Zipkin(Part):
    """The store, on loopback only (by itself it would listen on every interface)."""

    name = "zipkin"
    ready_within_s = 60.0

    def __init__(self, log: Path, *, ports: places.Ports | None = None) -> None:
        super().__init__(log)
        self._port = (ports or places.Ports()).take("zipkin")

    @property
    def url(self) -> str:
        """Of the API; the page is below /zipkin/."""
        return f"http://127.0.0.1:{self._port}"

    @override
    def addresses(self) -> Mapping[str, str]:
        return {"page": f"{self.url}/zipkin/", "url": self.url}

    @override
    def prepare(self) -> None:
        preflight.java()
        jars.fetch("zipkin", VERSION)

    @override
    def command(self) -> Command:
        listen = {"ip": "127.0.0.1", "port": self._port, "protocols[0]": "http"}
        return Command(
            (
                preflight.java(),
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",  # it starts sooner and takes less from the models
                "-Dspring.main.banner-mode=off",
                "-jar",
                str(jars.folder("zipkin", VERSION) / f"zipkin-server-{VERSION}-exec.jar"),
                f"--zipkin.storage.mem.max-spans={_MAX_SPANS}",
                *(f"--armeria.ports[0].{key}={value}" for key, value in listen.items()),
            )
        )

    @override
    def is_ready(self) -> bool:
        return answers(f"{self.url}/health")


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a loopback page answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)  # noqa: PLR2004 - HTTP OK
    except (urllib.error.URLError, OSError):
        return False
