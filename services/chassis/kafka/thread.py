"""The thread on which aiokafka lives: it beats the heart whatever the service's loop does."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiokafka
import structlog
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import (
    AIOKafkaConsumerThread,
    ConsumerRebalanceListener,
)
from mode import Service
from typing_extensions import override

from services.chassis.errors import Crash
from services.chassis.kafka import odd_headers
from services.chassis.kafka.assignor import LaneAssignor
from services.chassis.kafka.lanes import TP
from services.chassis.record import Record

if TYPE_CHECKING:
    from services.chassis.kafka.consumer import HardenedConsumer

log = structlog.get_logger()

_TICK_S = 0.25


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of one generation."""

    generation: int = -1
    records: dict[TP, list[Record]] = field(default_factory=dict)


class Listener(ConsumerRebalanceListener):  # type: ignore[misc] # faust is untyped
    """Passes a new assignment on together with the offsets that it starts from."""

    _thread: "ConsumerThread"

    @override
    async def on_partitions_assigned(self, assigned: Any) -> None:
        await self._thread.assigned(assigned)


class ConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc] # faust is untyped
    """Everything here runs on the client's own loop, `heard` and `leased` excepted."""

    consumer: "HardenedConsumer"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._rebalance_listener = Listener(self)
        self._lane_assignor = LaneAssignor()
        # The assignment whose offsets the service knows, and its generation.
        self._known: tuple[object, int] = (None, -1)
        self._session_s = self.consumer.app.kafka.session_timeout_s
        self._heard_at = 0.0
        self._ticked_at = time.monotonic()
        self._slept = False

    @override
    def _create_worker_consumer(self, transport: object) -> aiokafka.AIOKafkaConsumer:
        settings = self.consumer.app.kafka
        odd_headers.admit()
        return aiokafka.AIOKafkaConsumer(
            **settings.aiokafka(),
            client_id=self.consumer.app.conf.id,
            group_id=self.consumer.app.conf.id,
            partition_assignment_strategy=[self._lane_assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Faust's 1000 s silently ejects a spare worker for good: never by idleness.
            max_poll_interval_ms=100_000_000_000,
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_interval_s * 1000),
            rebalance_timeout_ms=int(settings.rebalance_timeout_s * 1000),
            # A join waits for every member's drain: no shorter than a rebalance may take.
            request_timeout_ms=int((settings.rebalance_timeout_s + 5) * 1000),
            # Outside producers may use transactions; our own do not, so this costs nothing.
            isolation_level="read_committed",
        )

    @override
    async def on_start(self) -> None:
        await super().on_start()
        coordinator = self._consumer._coordinator  # noqa: SLF001 - aiokafka has no hook for this
        beat = coordinator._do_heartbeat  # noqa: SLF001 - the same

        async def noted() -> bool:
            asked_at = time.monotonic()
            answered: bool = await beat()
            if answered:
                self._heard_at = asked_at
            return answered

        coordinator._do_heartbeat = noted  # noqa: SLF001 - the same

    def heard(self) -> bool:
        """Whether the group answered within the session."""
        return time.monotonic() - self._heard_at < self._session_s

    def leased(self) -> bool:
        """Whether this process was awake ever since its partitions were assigned.

        One that was paused past its session may have lost them long before it learns of it. A
        broker that does not answer is another matter: it gives nothing away meanwhile.
        """
        return not self._slept and time.monotonic() - self._ticked_at < self._session_s

    @Service.task  # type: ignore[untyped-decorator] # mode is untyped
    async def _stay_awake(self) -> None:
        while not self.should_stop:
            now = time.monotonic()
            if now - self._ticked_at >= self._session_s and not self._slept:
                log.warning("was paused past the session: joining anew")
                self._slept = True
                self._ensure_consumer()._coordinator.request_rejoin()  # noqa: SLF001 - no public way
            self._ticked_at = now
            await asyncio.sleep(_TICK_S)

    async def assigned(self, assigned: set[TopicPartition]) -> None:
        """Find out where each partition goes on, then tell the service."""
        consumer = self._ensure_consumer()
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001 - identity of the generation
        generation = consumer._coordinator.generation  # noqa: SLF001 - no public way
        try:
            # No heartbeat is sent in here: half a session is what there is.
            expected = await asyncio.wait_for(
                self._positions(consumer, assigned), self._session_s / 2
            )
        except (TimeoutError, KafkaError) as error:
            self.consumer.app.fail(Crash(f"committed offsets could not be read: {error!r}"))
            return
        self._lane_assignor.generation = generation
        self._heard_at = self._ticked_at = time.monotonic()
        self._slept = False
        await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(
                self.consumer.take_over(generation, expected), self.parent_loop
            )
        )
        # Only now: what is fetched before the service knows its generation is un-read.
        self._known = (assignment, generation)

    async def _positions(
        self, consumer: aiokafka.AIOKafkaConsumer, tps: set[TopicPartition]
    ) -> dict[TP, int]:
        if not tps:
            return {}
        found = await consumer._coordinator.fetch_committed_offsets(list(tps))  # noqa: SLF001 - the public call asks one at a time
        positions = {
            (tp.topic, tp.partition): committed.offset
            for tp, committed in found.items()
            if committed.offset >= 0
        }
        fresh = [tp for tp in tps if (tp.topic, tp.partition) not in positions]
        if fresh:
            begins = await consumer.beginning_offsets(fresh)
            positions |= {(tp.topic, tp.partition): begins[tp] for tp in fresh}
        return positions

    async def fetch(self, wanted: frozenset[TP], timeout_s: float) -> Fetched:
        """Wait for records of these partitions.

        A rebalance may overtake the wait, and then the records are of an assignment that the
        service does not know yet. They are un-read at once, on this loop, where nothing can come
        between: the position goes back to the first of them.
        """
        consumer = self._ensure_consumer()
        # Raises what the coordinator has to say; Faust asks nobody, and it would wait for ever.
        consumer._coordinator.check_errors()  # noqa: SLF001 - aiokafka's own getmany does this
        with consumer._subscription.fetch_context():  # noqa: SLF001 - the same
            fetched = await consumer._fetcher.fetched_records(  # noqa: SLF001 - the same
                frozenset(TopicPartition(*tp) for tp in wanted), timeout=timeout_s
            )
        if not fetched:
            return Fetched()
        known, generation = self._known
        current = consumer._subscription.subscription.assignment  # noqa: SLF001 - the same
        if current is not known:
            for tp, records in fetched.items():
                if current is not None and tp in current.tps:
                    consumer.seek(tp, records[0].offset)
            return Fetched()
        return Fetched(
            generation,
            {
                (tp.topic, tp.partition): [_record(each) for each in records]
                for tp, records in fetched.items()
            },
        )

    async def commit_offsets(self, generation: int, offsets: Mapping[TP, int]) -> bool:
        """Commit, in that generation or not at all. False: it was not to be; try again or let go.

        Raises:
            KafkaError: the broker refuses for good.
        """
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation != generation:  # noqa: SLF001 - no public way
            return False
        try:
            await consumer.commit(
                {TopicPartition(*tp): OffsetAndMetadata(at, "") for tp, at in offsets.items()}
            )
        except (CommitFailedError, IllegalStateError) as error:
            log.info("not committed: the group went on without us", error=type(error).__name__)
            return False
        return True

    async def ends(self, tps: list[TP]) -> dict[TP, tuple[int, int | None]]:
        """Per partition the end of the log and where fetching stands, None before its first."""
        consumer = self._ensure_consumer()
        ends = await consumer.end_offsets([TopicPartition(*tp) for tp in tps])
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001 - no public way
        answer: dict[TP, tuple[int, int | None]] = {}
        for tp, end in ends.items():
            state = assignment.state_value(tp) if assignment else None
            position = state._position if state else None  # noqa: SLF001 - the property raises
            answer[(tp.topic, tp.partition)] = (end, position)
        return answer

    def coordinating(self) -> bool:
        """Whether aiokafka's coordination is alive: when its task dies nothing else says so."""
        consumer = self._consumer
        return consumer is None or not consumer._coordinator._coordination_task.done()  # noqa: SLF001 - no public way


def _record(fetched: Any) -> Record:
    return Record(
        fetched.topic,
        fetched.partition,
        fetched.offset,
        fetched.timestamp,
        fetched.key,
        fetched.value,
        fetched.headers,
    )
