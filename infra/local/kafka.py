"""Apache Kafka, one KRaft node on loopback: no replication, safe against kill, not power loss."""

import base64
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from typing_extensions import override

from infra.local import jars, places, preflight
from infra.local.child import Command
from infra.local.part import Part, StackError

VERSION = "4.3.1"
_LOGGING = Path(jars.__file__).with_name("log4j2.properties")


class KafkaBroker(Part):
    """A broker that keeps its ports and data over stop, kill and start."""

    name = "kafka"
    ready_within_s = 60.0
    stop_within_s = 15.0

    def __init__(
        self,
        data_dir: Path,
        *,
        ports: places.Ports | None = None,
        log: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are added to server.properties, for tests that need a special broker."""
        super().__init__(log or data_dir / "kafka.log")
        ports = ports or places.Ports()
        self._data = data_dir
        self._settings = dict(settings or {})
        self._port, self._controller_port = ports.take("kafka"), ports.take("kafka-controller")
        self._admin: AdminClient | None = None

    @property
    def bootstrap_servers(self) -> str:
        """For clients; the same after every restart."""
        return f"127.0.0.1:{self._port}"

    @override
    def addresses(self) -> Mapping[str, str]:
        return {"bootstrap_servers": self.bootstrap_servers}

    @override
    def prepare(self) -> None:
        preflight.java()
        jars.fetch("kafka", VERSION)
        self._data.mkdir(parents=True, exist_ok=True)
        self._properties().write_text(
            "".join(f"{key}={value}\n" for key, value in self._config().items())
        )
        if not (self._data / "log" / "meta.properties").exists():
            self._format()

    @override
    def command(self) -> Command:
        return Command(
            (
                *self._java("-Xms256m", "-Xmx512m", f"-Dlog4j2.configurationFile={_LOGGING}"),
                "kafka.Kafka",
                str(self._properties()),
            )
        )

    @override
    def is_ready(self) -> bool:
        """A real answer to a real client; an open port alone is no broker."""
        if places.is_free(self._port):
            return False
        self._admin = self._admin or AdminClient(
            {"bootstrap.servers": self.bootstrap_servers, "log_level": 0}
        )
        try:
            ready = bool(self._admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False
        if ready:
            self._admin = None  # its threads would go on asking
        return ready

    def _properties(self) -> Path:
        return self._data / "server.properties"

    def _java(self, *options: str) -> tuple[str, ...]:
        # One core's worth of collector: on two cores shared with the models it costs least CPU.
        classes = str(jars.folder("kafka", VERSION) / "*")
        return (preflight.java(), "-XX:+UseSerialGC", *options, "-cp", classes)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # With "=", as one in 64 begins with a dash.
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c")
        done = subprocess.run(
            [*self._java("-XX:TieredStopAtLevel=1"), *tool, str(self._properties())],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"kafka: cannot format {self._data}: {done.stderr.strip()}")

    def _config(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            # A static quorum: the data stays usable when the controller gets another port.
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},"
            f"CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(self._data / "log"),
            # A mistyped name must be an error, not a new topic with one partition.
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # After kill -9 the old registration must time out first: 7 s instead of 13.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.retention.check.interval.ms": "5000",
            "log.cleaner.backoff.ms": "1000",
            **self._settings,
        }
