"""Who speaks in a ticket: the customer, a colleague, or we ourselves."""

from schemas.support import AuthorKind, Direction, Message, Requester, TicketReceived
from services.intake.domain import customers
from services.intake.domain.masking import Masker
from services.intake.sources import Source


def customer_ref(requester: Requester | None, source: Source, masker: Masker) -> str | None:
    """What joins all that belongs to this customer; None where the source does not say who."""
    if requester is None:
        return None
    who = customers.identity(source.name, requester.id, requester.email, requester.phone)
    return masker.reference(who) if who else None


def is_echo(ticket: TicketReceived, source: Source) -> bool:
    """Our own doing: by the mark of the action, or by who did it.

    A message is its author's, also where our integration put it in for a customer.
    """
    author = ticket.message.author_id if ticket.message else None
    return ticket.action_id is not None or (
        (author or ticket.changed_by) in source.integration_users
    )


def by_staff(message: Message | None, source: Source) -> Message | None:
    """A message of somebody whom the operator named as a colleague is no customer's."""
    author = message.author_id if message else None
    if message is None or author is None or not source.is_staff(author):
        return message
    inbound = message.direction is Direction.INBOUND
    return message.model_copy(
        update={
            "author_kind": AuthorKind.AGENT,
            "direction": Direction.OUTBOUND if inbound else message.direction,
        }
    )


def is_customers(message: Message) -> bool:
    """In the customer's own words: what colleagues, robots and mail servers say is not theirs."""
    return (
        message.direction is Direction.INBOUND
        and message.author_kind is AuthorKind.CUSTOMER
        and not message.automatic
    )
