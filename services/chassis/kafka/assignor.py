"""Who gets which partitions: number n of every topic goes to one member, and stays with it."""

from collections.abc import Iterable, Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from typing_extensions import override


def share(lanes: Iterable[int], held: Mapping[str, frozenset[int]]) -> dict[str, list[int]]:
    """Give every lane to one member, evenly, leaving it where it was as far as that allows.

    `held` names every member, with the lanes it comes from. The same input gives the same
    answer everywhere.
    """
    free = set(lanes)
    # Who held most keeps the odd one: with 4 lanes and 3 members, one moves and not two.
    members = sorted(held, key=lambda member: (-len(held[member]), member))
    base, extra = divmod(len(free), len(members))
    shares: dict[str, list[int]] = {}
    for index, member in enumerate(members):
        quota = base + (index < extra)
        shares[member] = sorted(held[member] & free)[:quota]
        free.difference_update(shares[member])
    for index, member in enumerate(members):
        missing = base + (index < extra) - len(shares[member])
        taken = sorted(free)[:missing]
        free.difference_update(taken)
        shares[member] = sorted([*shares[member], *taken])
    return shares


class LaneAssignor(AbstractPartitionAssignor):  # type: ignore[misc] # aiokafka is untyped
    """The eager protocol's assignor of this house.

    aiokafka's round robin deals the partitions of all topics like cards, so that number n of two
    topics may land on two members; Faust's own is bound to its tables. Here what is dealt is the
    number. Members tell with each join what they held and in which generation, so that a lane's
    state is not moved without need.
    """

    name = "sluice-lanes"

    def __init__(self) -> None:
        self.generation = 0
        self._held: frozenset[int] = frozenset()

    @override
    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        told = f"{self.generation}:{','.join(str(lane) for lane in sorted(self._held))}"
        return ConsumerProtocolMemberMetadata(0, sorted(topics), told.encode())

    @override
    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        self._held = frozenset(tp.partition for tp in assignment.partitions())

    @classmethod
    @override
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        counts = {
            topic: cluster.partitions_for_topic(topic) or set()
            for member in members.values()
            for topic in member.subscription
        }
        told = {name: _told(member.user_data) for name, member in members.items()}
        # Only the newest generation knows: who was away claims what others hold by now.
        newest = max(generation for generation, _ in told.values())
        shares = share(
            set().union(*counts.values()),
            {
                name: lanes if generation == newest else frozenset()
                for name, (generation, lanes) in told.items()
            },
        )
        return {
            name: ConsumerProtocolMemberAssignment(
                0,
                [
                    (topic, [lane for lane in shares[name] if lane in counts[topic]])
                    for topic in sorted(member.subscription)
                ],
                b"",
            )
            for name, member in members.items()
        }


def _told(user_data: bytes) -> tuple[int, frozenset[int]]:
    """What a member told; nothing where it is not ours to read (stickiness is no promise)."""
    try:
        generation, _, lanes = (user_data or b"0:").decode().partition(":")
        return int(generation), frozenset(int(lane) for lane in lanes.split(",") if lane)
    except ValueError:
        return 0, frozenset()
