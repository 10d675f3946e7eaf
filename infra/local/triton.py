"""Triton's own server on loopback, with the models that this machine has made."""

import contextlib
import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from infra.local import memory, places
from infra.local.child import Command
from infra.local.part import Part, StackError
from infra.local.zipkin import answers
from infra.triton import building, planning, server, writers
from infra.triton.environment import Environment
from infra.triton.errors import ModelsError
from infra.triton.settings import ModelsSettings
from services.assessor.settings import AssessorSettings
from services.chassis.settings import load

# Asked for readiness: Triton's own word for it sees neither a dead stub nor a wrong output.
QUESTIONS = ("read_ticket", "read_notice")
_PATIENCE_S = 0.6  # for each of three calls: is_ready has two seconds


class TritonPart(Part):
    """The server; `prepare` makes its environment and the models where they are missing."""

    name = "triton"
    ready_within_s = 120.0
    # What is in flight ends, then its own exit takes three seconds.
    stop_within_s = 15.0
    watch_every_s = 15.0

    def __init__(
        self,
        log: Path,
        *,
        ports: places.Ports | None = None,
        repository: Path | None = None,
        packs: Path | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`repository`: other models than ours, for tests. `packs`: others than configured."""
        super().__init__(log)
        ports = ports or places.Ports()
        self._grpc, self._http, self._metrics = (
            ports.take(name) for name in ("triton", "triton-http", "triton-metrics")
        )
        self._settings = load(ModelsSettings)
        self._repository = repository
        self._packs = packs
        self._told = say
        self._beside: tuple[Path, ...] = ()
        self._environment: Environment | None = None
        self._questions = QUESTIONS if repository is None else ()
        self._answered: dict[str, int] = {}

    @property
    def url(self) -> str:
        """Of gRPC, as clients want it."""
        return f"127.0.0.1:{self._grpc}"

    @override
    def addresses(self) -> Mapping[str, str]:
        return {
            "grpc": self.url,
            "http": f"http://127.0.0.1:{self._http}",
            "metrics": f"http://127.0.0.1:{self._metrics}/metrics",
        }

    @override
    def prepare(self) -> None:
        self._environment = building.environment_of(self._settings, self._say)
        if self._repository is None:
            packs = self._packs or load(AssessorSettings).packs
            plan = planning.plan(self._settings, packs)
            self._repository = building.build(plan, self._environment, self._say)
            self._beside = self._writer()

    def _writer(self) -> tuple[Path, ...]:
        """Its repository, where one is asked for and can be had: nothing else waits for it."""
        asked = writers.plan(self._settings)
        if asked is None:
            return ()
        try:
            return (writers.build(asked, self._say),)
        except ModelsError as error:
            self._say(f"no writer is served: {error}")
            return ()

    @override
    def command(self) -> Command:
        if self._environment is None or self._repository is None:
            raise StackError("triton: prepare() comes before the start")
        env = self._environment
        ports = {"grpc": self._grpc, "http": self._http, "metrics": self._metrics}
        called = server.arguments(
            self._repository, env.backends, host="127.0.0.1", ports=ports, beside=self._beside
        )
        regions = f"--backend-config=python,shm-region-prefix-name={memory.prefix(self.log)}"
        return Command((str(server.program(env)), *called, regions), server.variables(env))

    @override
    def is_ready(self) -> bool:
        """Every question is answered: ours, or at least others' before ours in the queue."""
        if not answers(f"{self.addresses()['http']}/v2/health/live", timeout_s=_PATIENCE_S):
            return False
        try:
            return all(self._answers(question) for question in self._questions)
        except TimeoutError:
            return False

    @override
    def clean(self) -> None:
        """Remove the shared memory of our processes that were killed, and of orphans."""
        if not self.running:
            for region in memory.regions(memory.prefix(self.log)):
                region.unlink(missing_ok=True)
        memory.remove_orphans()

    def _say(self, line: str) -> None:
        """Into the log, which is shown, or to whoever waits for it."""
        if self._told is not None:
            self._told(line)
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as output:
            output.write(f"{line}\n")

    def _answers(self, question: str) -> bool:
        tensor = {"name": "TEXT", "shape": [1, 1], "datatype": "BYTES", "data": ["ready?"]}
        try:
            reply = self._ask(f"{question}/infer", {"inputs": [tensor]})
        except TimeoutError:
            return self._is_busy(question)
        return bool(reply and reply.get("outputs"))

    def _is_busy(self, question: str) -> bool:
        """Whether anybody got an answer to it since we last looked."""
        reply = self._ask(f"{question}/stats") or {"model_stats": []}
        count = sum(int(s["inference_stats"]["success"]["count"]) for s in reply["model_stats"])
        before, self._answered[question] = self._answered.get(question, count), count
        return before < count

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """None for an error of any kind; raises TimeoutError when no answer comes."""
        url = f"{self.addresses()['http']}/v2/models/{path}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(url, data, timeout=_PATIENCE_S) as reply:  # noqa: S310 - our own address
                answer: dict[str, Any] = json.load(reply)
        except TimeoutError:
            raise
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise error.reason from error
            return None
        except (OSError, ValueError):
            return None
        return answer


@contextlib.contextmanager
def serving(
    say: Callable[[str], None] = lambda _: None, packs: Path | None = None
) -> Iterator[str]:
    """A server of its own on free ports, gone at the end; yields host:port of gRPC.

    `packs`: as SLUICE_ASSESSOR_PACKS would name them, instead of it.

    Raises:
        StackError: it cannot be made ready; with the end of its log.
    """
    with tempfile.TemporaryDirectory(prefix="sluice-triton-") as folder:
        part = TritonPart(Path(folder) / "triton.log", packs=packs, say=say)
        say("making the models where they are missing")
        part.prepare()
        say("starting Triton")
        part.start()
        try:
            part.wait_ready()
            yield part.url
        finally:
            part.stop()
