"""Support tickets as producers send them: a revisioned snapshot and at most one new message."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Id, Instant, Language, LongText, Part, ShortText, TolerantEnum


class TicketStatus(TolerantEnum):
    """Where the ticket stands at its source."""

    NEW = "new"
    OPEN = "open"
    PENDING_CUSTOMER = "pending_customer"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DELETED = "deleted"
    SPAM = "spam"
    OTHER = "other"


class TicketPriority(TolerantEnum):
    """The source's own priority; ours is computed by policy."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"
    OTHER = "other"


class Channel(TolerantEnum):
    """How the ticket reached the source."""

    EMAIL = "email"
    WEB = "web"
    API = "api"
    CHAT = "chat"
    MESSAGING = "messaging"
    PHONE = "phone"
    SOCIAL = "social"
    IN_APP = "in_app"
    OTHER = "other"


class Direction(TolerantEnum):
    """Who a message is from and for: a customer, to a customer, or among colleagues."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    OTHER = "other"


class AuthorKind(TolerantEnum):
    """What wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"
    BOT = "bot"
    OTHER = "other"


class Requester(Part):
    """Whose ticket it is. An address only tells that two sources mean one person, as a hash."""

    id: Id | None = Field(None, description="The source's opaque id of the person.")
    email: ShortText | None = Field(None, description="Never goes beyond intake but as a hash.")
    phone: ShortText | None = Field(None, description="The same; with + and the country's code.")
    vip: bool | None = Field(None, description="The source marks this person as a key customer.")


class Message(Part):
    """The one message that is new in this revision."""

    id: Id = Field(description="The source's id of the message, unique within the ticket.")
    direction: Direction = Direction.INBOUND
    author_kind: AuthorKind = AuthorKind.CUSTOMER
    author_id: Id | None = Field(None, description="The source's opaque id of the author.")
    text: str = Field(description="Plain text. Over 64 KiB it is truncated at intake, and said so.")
    sent_at: Instant | None = None
    automatic: bool = Field(
        default=False, description="Auto-submitted, bounce, out of office or list mail."
    )
    attachments: int = Field(0, ge=0, description="How many; their content never enters.")
    truncated: bool = Field(default=False, description="The text was cut before it came here.")


class TicketReceived(Event):
    """One revision of a ticket: the snapshot after it, and the message that caused it, if any."""

    event_type: ClassVar[str] = "support.ticket.received.v1"
    schema_version: ClassVar[str] = "1.1"

    ticket_id: Id = Field(description="The source's id of the ticket.")
    revision: int = Field(
        ge=0, description="Grows with every change of the ticket; gaps are allowed."
    )
    subject: ShortText | None = None
    status: TicketStatus = TicketStatus.OPEN
    source_status: ShortText | None = Field(None, description="The source's own word, verbatim.")
    priority: TicketPriority | None = None
    source_priority: ShortText | None = None
    channel: Channel = Channel.OTHER
    source_channel: ShortText | None = Field(None, description="The source's own word, verbatim.")
    queue: Id | None = Field(None, description="The queue or group it is in at the source.")
    requester: Requester | None = None
    message: Message | None = None
    language: Language | None = Field(None, description="As declared by the source, BCP 47.")
    order_id: Id | None = Field(None, description="An order the source itself links to the ticket.")
    tags: tuple[Id, ...] = ()
    created_at: Instant | None = None
    updated_at: Instant | None = None
    changed_by: Id | None = Field(
        None,
        description="The source's opaque id of who made this change, if not the message's author.",
    )
    action_id: Id | None = Field(
        None, description="The action of ours that made this change, where its mark says so."
    )
    custom_fields: dict[Id, LongText] = Field(default_factory=dict)
