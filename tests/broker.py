"""The one real broker of a test session: a given one, a container, or our own jars."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.local.kafka import VERSION, KafkaBroker
from infra.local.places import Ports

IMAGE = f"apache/kafka:{VERSION}"

# What the end of the run tells: which broker served, and why not the one before it.
served: list[str] = []


@dataclass(frozen=True)
class Broker:
    """What tests may know of it. Who wants to kill one starts a KafkaBroker of his own."""

    bootstrap_servers: str


@contextmanager
def any_broker(folder: Path) -> Iterator[Broker]:
    """The first that can be had: SLUICE_TEST_BOOTSTRAP_SERVERS, testcontainers, native.

    SLUICE_TEST_BROKER=container takes nothing but the second.
    """
    given = os.environ.get("SLUICE_TEST_BOOTSTRAP_SERVERS")
    missing = None if given else _no_docker()
    if missing and os.environ.get("SLUICE_TEST_BROKER") == "container":
        pytest.fail(f"no container can serve Kafka: {missing}", pytrace=False)
    if given:
        served.append(f"the given one at {given}")
        yield Broker(given)
    elif missing is None:
        with _container() as bootstrap_servers:
            served.append(f"container {IMAGE} by testcontainers")
            yield Broker(bootstrap_servers)
    else:
        with native_broker(folder) as native:
            served.append(f"native Apache Kafka {VERSION} (no container: {missing})")
            yield Broker(native.bootstrap_servers)


@contextmanager
def native_broker(folder: Path) -> Iterator[KafkaBroker]:
    """Our own jars, for whoever wants it to himself: declared topics, or to kill it."""
    native = KafkaBroker(folder)
    native.prepare()
    native.start()
    try:
        native.wait_ready()
        yield native
    finally:
        native.stop()


def _no_docker() -> str | None:
    """Why no container can serve; None if one can. Images are never pulled behind one's back."""
    try:
        asked = subprocess.run(
            ["docker", "image", "inspect", IMAGE],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError:
        return "no docker command"
    except subprocess.TimeoutExpired:
        return "the Docker daemon does not answer"
    if asked.returncode == 0:
        return None
    return f"no image {IMAGE}" if "No such image" in asked.stderr else "no Docker daemon"


@contextmanager
def _container() -> Iterator[str]:
    # The reaper is an image of its own; the fixture's end removes the container.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - heavy

    port = Ports().take("container")
    address = f"127.0.0.1:{port}"
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        # The broker also talks to itself, and our port is not its.
        "KAFKA_LISTENERS": "HOST://:9092,SELF://localhost:19092,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"HOST://{address},SELF://localhost:19092",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "SELF",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": ",".join(
            f"{name}:PLAINTEXT" for name in ("CONTROLLER", "HOST", "SELF")
        ),
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    container = DockerContainer(IMAGE).with_bind_ports(9092, port)
    for name, value in environment.items():
        container = container.with_env(name, value)
    with container:
        _await_answer(address)
        yield address


def _await_answer(address: str, within_s: float = 60) -> None:
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    deadline = time.monotonic() + within_s
    while True:
        try:
            admin.list_topics(timeout=1)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
        else:
            return
