"""Reference facts that other systems own: orders, parts, suppliers, lanes, customers."""

from typing import ClassVar

from pydantic import Field, JsonValue

from schemas.base import Event, Id, Instant, TolerantEnum


class EntityType(TolerantEnum):
    """What the fact is about."""

    ORDER = "order"
    PURCHASE_ORDER = "purchase_order"
    SKU = "sku"
    SUPPLIER = "supplier"
    LANE = "lane"
    INVENTORY = "inventory"
    CUSTOMER = "customer"
    SLA_POLICY = "sla_policy"
    OTHER = "other"


class ReferenceEntityChanged(Event):
    """The state of one entity from `as_of` on. A null value with the same key removes it."""

    event_type: ClassVar[str] = "reference.entity.changed.v1"

    tenant: Id
    type: EntityType
    id: Id
    as_of: Instant
    attributes: dict[Id, JsonValue] = Field(description="By name, as its owner gives them.")
