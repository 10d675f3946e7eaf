"""A whole flow for one run: broker, topics, autonomy, workers, and a judge who reads along."""

import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Producer

from infra.demo.producing import GRANTS
from infra.local.kafka import KafkaBroker
from infra.local.part import StackError
from infra.local.triton import TritonPart
from infra.resilience import judge, load
from infra.resilience.found import Found, Reading
from infra.resilience.workers import Worker
from schemas.automation.control import AutonomyGrant, ControlChanged, Stop
from services.chassis.kafka import provisioning
from services.chassis.process import EX_CONFIG
from services.decider.policies import SHIPPED
from topics.automation import CONTROL_CHANGED

PARTITIONS = 4
_READY_S = 120.0
_STARTS = 5

_SOURCES = Path(__file__).with_name("sources.yaml")

Say = Callable[[str], None]


class Flow:
    """Everything of one run, in a folder of its own. Start it, use it, stop it."""

    def __init__(
        self,
        home: Path,
        triton: TritonPart,
        *,
        workers: Mapping[str, int],
        settings: Mapping[str, str] | None = None,
        sources: str | None = None,
    ) -> None:
        self.home = home
        # The broker refuses shorter session time-outs than this.
        self.broker = KafkaBroker(home / "kafka", settings={"group.min.session.timeout.ms": "2000"})
        self.sources, self.policies = home / "sources.yaml", home / "policies"
        self.workers: list[Worker] = []
        self.published: list[load.Published] = []
        # Who ended and was not started again by whoever ended it. Triton may: a client that dies
        # in mid-inference can take it along (a race in its gRPC front, server#7877).
        self.deaths: Counter[str] = Counter()
        self._settings = dict(settings or {})
        self._sources = sources or _SOURCES.read_text(encoding="utf-8")
        # Shared with other flows; who sees it dead brings it back.
        self._triton = triton
        self._counts = dict(workers)
        self._reading: Reading | None = None

    def start(self) -> None:
        """Broker, topics, grants, workers; returns when every worker is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._operators_files()
        self.broker.prepare()
        self.broker.start()
        self.broker.wait_ready()
        servers = self.broker.bootstrap_servers
        provisioning.apply({"bootstrap.servers": servers}, partitions=PARTITIONS, replication=1)
        self._reading = Reading(servers)
        for tenant in load.TENANTS:
            self.grant(tenant)
        for service, number in self._baseline():
            self.add(service, number)
        self.await_ready()

    def stop(self) -> None:
        """End everything, the workers first."""
        for worker in self.workers:
            worker.resume()
        for worker in self.workers:
            worker.stop()
        if self._reading is not None:
            self._reading.__exit__(None, None, None)
        self.broker.stop()

    def add(self, service: str, number: int, **settings: str) -> Worker:
        """One more worker, started, perhaps with settings of its own; the others make room."""
        environment = {**self._environment(), **self._settings, **settings}
        worker = Worker(service, number, self.home, environment, special=bool(settings))
        self.workers.append(worker)
        worker.start()
        return worker

    def remove(self, worker: Worker) -> int:
        """SIGTERM, and it is gone for good; its exit code."""
        self.workers.remove(worker)
        assert worker.child is not None  # noqa: S101 - `add` started it
        return worker.child.stop(worker.stop_within_s)

    def of(self, service: str) -> list[Worker]:
        """The workers of one service."""
        return [worker for worker in self.workers if worker.service == service]

    def await_ready(self) -> None:
        """Until every worker is; who ends meanwhile is started again, a few times.

        Raises:
            StackError: one is not ready in time; with the end of its log.
        """
        deadline = time.monotonic() + _READY_S
        before = self.deaths.copy()
        for worker in self.workers:
            while not worker.is_ready():
                self.tend()
                again = (self.deaths - before)[worker.name] > _STARTS
                if again or time.monotonic() > deadline:
                    raise StackError(
                        f"{worker.name} is not ready in time: {worker.health()}"
                        f"{worker.last_words()}"
                    )
                time.sleep(0.2)

    def restore(self) -> None:
        """As it was after the start: nobody is paused, missing or one too many."""
        if not self.broker.running:
            self.broker.start()
            self.broker.wait_ready()
        wanted = self._baseline()
        for worker in list(self.workers):
            worker.resume()
            if (worker.service, worker.number) not in wanted or worker.special:
                self.remove(worker)
        there = {(worker.service, worker.number) for worker in self.workers}
        for service, number in wanted:
            if (service, number) not in there:
                self.add(service, number)
        self.await_ready()

    def tend(self) -> None:
        """Start again whoever ended by itself, as a supervisor would; Triton, too.

        Raises:
            StackError: a worker refuses its configuration; it would for ever.
        """
        if not self._triton.running:
            self.deaths[self._triton.name] += 1
            self._triton.kill()
            self._triton.start()
        for worker in self.workers:
            if worker.child is not None and not worker.running:
                if worker.child.kill() == EX_CONFIG:
                    raise StackError(f"{worker.name} refuses to start{worker.last_words()}")
                self.deaths[worker.name] += 1
                worker.start()

    def publish(self, events: Iterable[load.Given]) -> list[load.Published]:
        """As outside producers do; returns where each is."""
        done = load.publish(self.broker.bootstrap_servers, events)
        self.published += done
        return done

    def grant(self, tenant: str) -> None:
        """What an operator would grant this tenant, as in the demonstration."""
        for action_type, level in GRANTS:
            self.control(AutonomyGrant(tenant=tenant, action_type=action_type, level=level))

    def control(self, change: AutonomyGrant | Stop) -> None:
        """The operator's word, confirmed by the broker."""
        event = ControlChanged(
            control_id=str(uuid.uuid4()), by="operator", at=datetime.now(UTC), change=change
        )
        producer = Producer({"bootstrap.servers": self.broker.bootstrap_servers, "log_level": 0})
        producer.produce(CONTROL_CHANGED.name, event.to_json(), key=change.kind)
        if producer.flush(30):
            raise StackError("the control record was not confirmed")

    def look(self) -> Found:
        """All that is written so far."""
        assert self._reading is not None  # noqa: S101 - start() came first
        return self._reading.catch_up()

    def settle(
        self, published: Sequence[load.Published], *, within_s: float, say: Say = lambda _: None
    ) -> Found:
        """Wait until all published has ended, no action is owed and nothing more is written.

        Returns what was found; when time runs out, what there is.
        """
        deadline = time.monotonic() + within_s
        before = -1
        while True:
            self.tend()
            found = self.look()
            done = judge.ended(published, found)
            say(f"{done} of {len(published)} records have ended")
            quiet = found.records == before and not found.owed
            if (done == len(published) and quiet) or time.monotonic() > deadline:
                return found
            before = found.records
            time.sleep(1.0)

    def _operators_files(self) -> None:
        """What an operator edits: every flow has a copy of its own, which a test may change."""
        self.sources.write_text(self._sources, encoding="utf-8")
        self.policies.mkdir()
        for file in SHIPPED.glob("*.yaml"):
            # Which case is the first over a budget depends on the order of tenants and lanes, which
            # no promise is about: a run and its oracle could differ in it.
            text = re.sub(r"\bmax: \d+", "max: 1000000000", file.read_text(encoding="utf-8"))
            (self.policies / file.name).write_text(text, encoding="utf-8")

    def _baseline(self) -> list[tuple[str, int]]:
        return [(s, number) for s, count in self._counts.items() for number in range(1, count + 1)]

    def _environment(self) -> dict[str, str]:
        """What every service is told. Short time-outs: a killed worker is replaced in seconds."""
        return {
            "SLUICE_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "SLUICE_KAFKA_CHAIN_PARTITIONS": str(PARTITIONS),
            "SLUICE_KAFKA_SESSION_TIMEOUT_S": "4",
            "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
            "SLUICE_TRITON_URL": self._triton.url,
            "SLUICE_INTAKE_MASKING_KEY": "resilience-tests-only-not-a-secret-key",
            "SLUICE_INTAKE_SOURCES": str(self.sources),
            "SLUICE_DECIDER_POLICIES": str(self.policies),
            "OTEL_TRACES_EXPORTER": "none",
        }
