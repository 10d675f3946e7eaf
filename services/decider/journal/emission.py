"""Emission: what the journal promises goes out, unless it has expired or was stopped meanwhile."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from schemas.automation.decision import Withheld
from schemas.automation.journal import Cancelled, OutboxMessage
from services.chassis import crashpoints
from services.chassis.errors import Outage, Refused
from services.chassis.identity import stable_id
from services.chassis.ports import Clock, Lane, Publisher
from services.chassis.record import Message
from services.decider.journal.chunk import Chunk
from services.decider.journal.journal import Journal
from services.decider.journal.reading import Outbound
from services.decider.journal.state import ActionState
from services.decider.ports import Freshness, Stops

# Messages handed over at once; a takeover may find more than a chunk's.
_SLICE = 512

_Refusal = tuple[str, Withheld, bool]


class Emission:
    """Sends what journals promise, first time or again, verbatim."""

    def __init__(
        self,
        publisher: Publisher,
        stops: Stops,
        control: Freshness,
        clock: Clock,
        *,
        control_stale_s: float = 10.0,
    ) -> None:
        self._publisher = publisher
        self._stops = stops
        self._control = control
        self._clock = clock
        self._control_stale_s = control_stale_s

    def require_heard(self) -> None:
        """Make sure that a stop would have been heard.

        Raises:
            Outage: the end of control was not confirmed for too long.
        """
        if self._control.stale(self._control_stale_s):
            raise Outage(f"the end of control was not confirmed for {self._control_stale_s:.0f} s")

    async def run(self, journal: Journal, lane: Lane) -> None:
        """Emit all that is promised; returns when the broker has confirmed it.

        Raises:
            Outage: the broker did not confirm, control is not heard, or the lane is gone; what
                is left stays promised.
        """
        while journal.unsent:
            self.require_heard()
            due = _next_slice(journal)
            if refused := self._refused(journal, due):
                await cancel(journal, lane, refused, self._clock.now())
                continue
            if not lane.held():
                raise Outage(f"lane {lane.number} is no longer ours")
            going = [each.message for each in due if _may_go(journal, each)]
            for each in due:
                each.maybe_sent = True
            await self._send([_message(each) for each in going])
            crashpoints.reach("decider.after-emission")
            journal.emitted(due[-1].offset)

    async def _send(self, messages: list[Message]) -> None:
        try:
            await self._publisher.send(messages)
        except Refused as error:
            # It is promised: a topic that is too small for it is the operator's to widen.
            raise Outage(f"a promised message is refused: {error}") from error

    def _refused(self, journal: Journal, due: list[Outbound]) -> dict[_Refusal, list[UUID]]:
        now = self._clock.now()
        refused: dict[_Refusal, list[UUID]] = defaultdict(list)
        for each in due:
            because = self._because(each, now)
            if because is not None and each.message.action_id and _may_go(journal, each):
                refused[each.tenant, because, each.maybe_sent].append(each.message.action_id)
        return refused

    def _because(self, each: Outbound, now: datetime) -> Withheld | None:
        message = each.message
        if message.action_id is None:
            return None
        if message.expires_at is not None and message.expires_at <= now:
            return Withheld.EXPIRED
        if self._stops.stopped(each.tenant, message.action_type or ""):
            return Withheld.STOPPED
        return None


async def cancel(
    journal: Journal, lane: Lane, refused: dict[_Refusal, list[UUID]], now: datetime
) -> None:
    """Append that these actions may not go, now or ever."""

    def draft(chunk: Chunk) -> None:
        for (tenant, because, uncertain), actions in refused.items():
            chunk.add(
                str(stable_id("cancelled", because.value, *map(str, actions))),
                tenant,
                now,
                Cancelled(action_ids=tuple(actions), because=because, uncertain=uncertain),
            )

    await journal.append(lane, draft)


def _next_slice(journal: Journal) -> list[Outbound]:
    """The oldest messages; those of one entry stay together."""
    due: list[Outbound] = []
    for each in journal.unsent:
        if len(due) >= _SLICE and each.offset != due[-1].offset:
            break
        due.append(each)
    return due


def _may_go(journal: Journal, each: Outbound) -> bool:
    """Decisions always; actions while the journal has not said otherwise."""
    action_id = each.message.action_id
    if action_id is None:
        return True
    return journal.state.action(action_id) == (each.tenant, ActionState.REQUESTED)


def _message(message: OutboxMessage) -> Message:
    return Message(
        topic=message.topic,
        key=message.key.encode(),
        value=message.value.encode(),
        headers=tuple((name, value.encode()) for name, value in message.headers.items()),
    )
