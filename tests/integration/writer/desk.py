"""A writer in a process of its own, who asks it, and what it answers."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from confluent_kafka import Consumer, Producer, TopicPartition

from infra.local.places import Ports
from schemas.automation.writing import WritingCompleted, WritingRequested
from topics import Topic
from topics.automation import WRITING_COMPLETED, WRITING_REQUESTED

ROOT = Path(__file__).parents[3]
PARTITIONS = 4


class Desk:
    """One process of the service, and both of its topics."""

    def __init__(
        self, bootstrap_servers: str, process: subprocess.Popen[bytes], port: int, log: Path
    ):
        self.process = process
        self._servers = bootstrap_servers
        self._port = port
        self._log = log

    def ask(self, *requests: WritingRequested) -> None:
        """As the decider would."""
        producer = Producer({"bootstrap.servers": self._servers, "partitioner": "murmur2_random"})
        for each in requests:
            producer.produce(WRITING_REQUESTED.name, each.to_json(), key=each.tenant.encode())
        assert producer.flush(20) == 0

    def answers(self) -> dict[UUID, list[WritingCompleted]]:
        """By request, everything that was said."""
        found: dict[UUID, list[WritingCompleted]] = {}
        for value in self.read(WRITING_COMPLETED):
            event = WritingCompleted.from_json(value)
            found.setdefault(event.writing_id, []).append(event)
        return found

    def answer(self, asked: WritingRequested, within_s: float) -> WritingCompleted:
        """The one answer to a request."""
        deadline = time.monotonic() + within_s
        while not (found := self.answers().get(asked.writing_id)):
            assert time.monotonic() < deadline, f"no answer in {within_s} s: {self.log()}"
            time.sleep(0.2)
        (event,) = found
        return event

    def read(self, topic: Topic) -> list[bytes]:
        """Every value on a topic."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "reading",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
            }
        )
        consumer.assign([TopicPartition(topic.name, number, 0) for number in range(PARTITIONS)])
        found, ended = [], 0
        while ended < PARTITIONS:
            message = consumer.poll(10)
            assert message is not None, f"{topic.name} cannot be read"
            if message.error():
                ended += 1
            else:
                found.append(message.value())
        consumer.close()
        return found

    def checks(self) -> dict[str, dict[str, object]]:
        """Its own word on how it is; empty while nobody answers."""
        url = f"http://127.0.0.1:{self._port}/health/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as reply:
                return json.load(reply)["checks"]
        except urllib.error.HTTPError as refused:
            return json.load(refused)["checks"]
        except OSError:
            return {}

    def log(self) -> str:
        """What it had to say."""
        return self._log.read_text()


@contextlib.contextmanager
def desk(bootstrap_servers: str, triton: str, folder: Path) -> Iterator[Desk]:
    """The service, running; no process survives its test."""
    port = Ports().take("health")
    log = folder / "writer.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.writer"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={
                **os.environ,
                "SLUICE_STATE_DIR": str(folder / "state"),
                "SLUICE_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
                "SLUICE_KAFKA_CHAIN_PARTITIONS": str(PARTITIONS),
                "SLUICE_KAFKA_SESSION_TIMEOUT_S": "6",
                "SLUICE_KAFKA_HEARTBEAT_INTERVAL_S": "1",
                "SLUICE_TRITON_URL": triton,
                "SLUICE_HEALTH_PORT": str(port),
                "SLUICE_WRITER_LOOK_EVERY_S": "1",
            },
        )
    try:
        yield Desk(bootstrap_servers, process, port, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
