"""The hardened Faust app: a consumer group's member, and nothing else of Faust.

No Worker (logging and signals are ours), no web server, no agents, no leader, and no Table: with
one, records are lost at a restart (18 of 7,800 on Apache Kafka 4.3).
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import faust
import structlog
from faust.transport.drivers import aiokafka as driver
from typing_extensions import override
from yarl import URL

from services.chassis.kafka.consumer import HardenedConsumer
from services.chassis.kafka.lanes import Lanes
from services.chassis.kafka.settings import KafkaSettings

log = structlog.get_logger()


class HardenedTransport(driver.Transport):  # type: ignore[misc] # faust is untyped
    """Makes our consumer. The producer it would make is never started."""

    Consumer = HardenedConsumer


class App(faust.App):  # type: ignore[misc] # faust is untyped
    """Start it to join the group, stop it to drain, commit and leave."""

    def __init__(
        self,
        group: str,
        kafka: KafkaSettings,
        lanes: Lanes,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        super().__init__(
            group,
            # The real addresses, with their security, go to the client in ConsumerThread.
            broker="kafka://",
            broker_commit_interval=kafka.commit_interval_s,
            broker_session_timeout=kafka.session_timeout_s,
            broker_rebalance_timeout=kafka.rebalance_timeout_s,
            broker_request_timeout=kafka.rebalance_timeout_s + 5,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            processing_guarantee="at_least_once",
            web_enabled=False,
            autodiscover=False,
        )
        self.kafka = kafka
        self.lanes = lanes
        self._on_crash = on_crash
        self._home = asyncio.get_running_loop()
        self.finalize()

    def fail(self, error: BaseException) -> None:
        """End the process; from any thread."""
        self._home.call_soon_threadsafe(self._on_crash, error)

    @override
    async def crash(self, reason: BaseException) -> None:
        self.fail(reason)

    @override
    def _crash(self, reason: BaseException) -> None:
        # Where a child of ours crashes, on whatever thread, Faust ends up here.
        super()._crash(reason)
        self.fail(reason)

    @override
    def _new_transport(self) -> HardenedTransport:
        return HardenedTransport([URL("kafka://")], self)

    @override
    def _new_producer_transport(self) -> HardenedTransport:
        return self._new_transport()

    @override
    def on_init_dependencies(self) -> Iterable[Any]:
        return [self.consumer]

    @override
    async def on_first_start(self) -> None:
        """Faust would make folders for tables."""

    @override
    async def on_started(self) -> None:
        await self.consumer.subscribe(self.lanes.topics)

    @override
    async def on_stop(self) -> None:
        """Still a member: drain and commit. The client leaves the group after this."""
        await self.consumer.drain_and_commit()

    @property
    def heard(self) -> bool:
        """Whether the group answered within the session."""
        return bool(self._consumer and self.consumer._thread.heard())  # noqa: SLF001 - Faust's own name for it

    @property
    def leased(self) -> bool:
        """Whether this process was awake ever since its partitions were assigned."""
        return bool(self._consumer and self.consumer._thread.leased())  # noqa: SLF001 - the same
