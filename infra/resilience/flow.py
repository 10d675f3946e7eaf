"""A whole flow for one run: broker, topics, autonomy, workers."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.demo.producing import grant
from infra.local.kafka import KafkaBroker
from infra.resilience import judge, load
from infra.resilience.workers import Worker, environment
from services.chassis.kafka import provisioning

PARTITIONS = 4


class Flow:
    """Everything of one run, in a folder of its own. Start it, use it, stop it."""

    def __init__(
        self,
        home: Path,
        triton_url: str,
        *,
        workers: Mapping[str, int],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.broker = KafkaBroker(home / "kafka")
        self._settings = dict(settings or {})
        self._triton_url = triton_url
        self._counts = dict(workers)
        self.workers: list[Worker] = []

    def start(self) -> None:
        """Broker, topics, grants, workers; returns when every worker is ready."""
        self.broker.prepare()
        self.broker.start()
        self.broker.wait_ready()
        servers = self.broker.bootstrap_servers
        provisioning.apply({"bootstrap.servers": servers}, partitions=PARTITIONS, replication=1)
        for tenant in load.TENANTS:
            grant(servers, tenant)
        variables = {**environment(servers, self._triton_url), **self._settings}
        self.workers = [
            Worker(service, number, self.home, variables)
            for service, count in self._counts.items()
            for number in range(1, count + 1)
        ]
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            worker.wait_ready()

    def stop(self) -> None:
        """End everything, the workers first."""
        for worker in self.workers:
            worker.resume()
            worker.stop()
        self.broker.stop()

    def of(self, service: str) -> list[Worker]:
        """The workers of one service."""
        return [worker for worker in self.workers if worker.service == service]

    def settle(
        self,
        published: Sequence[load.Published],
        *,
        within_s: float,
        say: Callable[[str], None] = lambda _: None,
    ) -> judge.Found:
        """Wait until every published event has ended and nothing more is written for a moment.

        Returns what was found; when time runs out, what there is.
        """
        deadline = time.monotonic() + within_s
        before = -1
        while True:
            found = judge.read(self.broker.bootstrap_servers)
            done = judge.ended(published, found)
            say(f"{done} of {len(published)} events have ended")
            quiet = found.records == before
            if (done == len(published) and quiet) or time.monotonic() > deadline:
                return found
            before = found.records
            time.sleep(1.0)
