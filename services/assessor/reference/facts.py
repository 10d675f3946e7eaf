"""Joined facts of a case, from the copy of the reference topic."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from schemas.automation.case import Case, SupplyFields, TicketFields
from schemas.support import AuthorKind, Direction
from services.assessor.domain.joining import Entity, Known, Named, Type, join
from services.assessor.ports import Facts
from services.chassis.ports import Metrics

# A copy whose end was not confirmed for so long is not relied upon: the broker is away.
STALE_S = 30.0


class Followed(Protocol):
    """The topic behind the copy."""

    def stale(self, seconds: float) -> bool:
        """Whether what we know may be older than that."""
        ...

    async def confirm_end(self) -> None:
        """Wait until what is in the log now is applied. Raises `Outage` or `Crash`."""
        ...


class ReferenceFacts(Facts):
    """`find` asks the copy: tenant, type, id."""

    def __init__(
        self,
        find: Callable[[str, Type, str], Entity | None],
        followed: Followed,
        metrics: Metrics,
    ) -> None:
        self._find = find
        self._followed = followed
        self._metrics = metrics

    @override
    async def about(self, case: Case, wanted: Sequence[str]) -> Sequence[Known]:
        if not wanted:
            return ()
        if self._followed.stale(STALE_S):
            await self._followed.confirm_end()

        def find(type_: Type, id_: str) -> Entity | None:
            found = self._find(case.tenant, type_, id_)
            result = "missing" if found is None else "found"
            self._metrics.count("sluice_joins_total", type=type_.value, result=result)
            return found

        return [known for known in join(named(case), find) if known.name in wanted]


def named(case: Case) -> Named:
    """What the case names, of each kind the first."""
    if case.ticket is not None:
        return Named(
            support=True,
            order=case.ticket.order_id,
            customer=case.customer_ref,
            requester=case.ticket.requester_ref,
            priority=None if case.ticket.priority is None else case.ticket.priority.value,
            asked_at=_asked_at(case, case.ticket),
        )
    assert case.supply is not None  # noqa: S101 - a case is one or the other
    return _named_by_event(case.supply)


def _named_by_event(supply: SupplyFields) -> Named:
    first: dict[str, str] = {}
    for ref in supply.refs:
        first.setdefault(ref.type, ref.value)
    place = supply.place
    at = None if place is None else place.facility or place.gln or place.unlocode
    return Named(
        support=False,
        order=first.get("so"),
        po=first.get("po"),
        sku=first.get("sku") or first.get("gtin"),
        supplier=first.get("supplier"),
        lane=first.get("lane"),
        location=first.get("location") or at,
    )


def _asked_at(case: Case, ticket: TicketFields) -> datetime | None:
    """When the customer wrote what nobody has answered yet; not before they could have.

    A clock of theirs that is ahead of the broker's would give us more time than we have.
    """
    waits = (
        ticket.message_id is not None
        and ticket.message_direction is Direction.INBOUND
        and ticket.message_author_kind is AuthorKind.CUSTOMER
        and not ticket.message_automatic
    )
    return min(case.occurred_at, case.origin.timestamp) if waits else None
