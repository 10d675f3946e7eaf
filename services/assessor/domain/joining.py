"""Which entities of the operator's a case names, and which facts their attributes give."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.assessor.domain import sla


class Type(StrEnum):
    """What an entity is; its name on the wire."""

    ORDER = "order"
    PURCHASE_ORDER = "purchase_order"
    SKU = "sku"
    SUPPLIER = "supplier"
    LANE = "lane"
    INVENTORY = "inventory"
    CUSTOMER = "customer"
    SLA_POLICY = "sla_policy"


class Form(StrEnum):
    """What a fact is. An instant goes out as ISO 8601 in UTC: the decider counts from it."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    INSTANT = "instant"


Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Known:
    """A fact with the time it was true and where it comes from."""

    name: str
    value: Value
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as its owner last told of it, true at `as_of`."""

    type: Type
    id: str
    as_of: datetime
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a case names, the first of each kind, and when its customer asked.

    `customer` is the keyed hash of who asked, by their address; `requester` is that of their id at
    the source. `asked_at` is None where nobody waits for an answer.
    """

    support: bool
    order: str | None = None
    customer: str | None = None
    requester: str | None = None
    priority: str | None = None
    asked_at: datetime | None = None
    po: str | None = None
    sku: str | None = None
    supplier: str | None = None
    lane: str | None = None
    location: str | None = None


Find = Callable[[Type, str], Entity | None]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: the attribute of an entity. A second attribute is what the first is divided by."""

    name: str
    type: Type
    attribute: str
    form: Form
    support: bool
    supply: bool


def _fact(name: str, type_: Type, attribute: str, form: Form, *domains: str) -> Fact:
    return Fact(name, type_, attribute, form, "support" in domains, "supply" in domains)


_BOTH = ("support", "supply")
_DUE = "sla.due_at"
_COVER = "stock.cover_days"

FACTS = (
    _fact("order.status", Type.ORDER, "status", Form.TEXT, *_BOTH),
    _fact("order.amount", Type.ORDER, "amount", Form.NUMBER, *_BOTH),
    _fact("order.currency", Type.ORDER, "currency", Form.TEXT, *_BOTH),
    _fact("order.refundable", Type.ORDER, "refundable", Form.FLAG, *_BOTH),
    _fact("customer.tier", Type.CUSTOMER, "tier", Form.TEXT, "support"),
    _fact(_DUE, Type.SLA_POLICY, "reply_within_minutes", Form.INSTANT, "support"),
    _fact("po.amount", Type.PURCHASE_ORDER, "amount", Form.NUMBER, "supply"),
    _fact("po.currency", Type.PURCHASE_ORDER, "currency", Form.TEXT, "supply"),
    _fact("po.promised_at", Type.PURCHASE_ORDER, "promised_at", Form.INSTANT, "supply"),
    _fact("sku.safety_class", Type.SKU, "safety_class", Form.TEXT, "supply"),
    _fact("sku.temperature_min", Type.SKU, "temperature_min", Form.NUMBER, "supply"),
    _fact("sku.temperature_max", Type.SKU, "temperature_max", Form.NUMBER, "supply"),
    _fact("sku.excursion_minutes", Type.SKU, "excursion_minutes", Form.NUMBER, "supply"),
    _fact(_COVER, Type.INVENTORY, "cover_days", Form.NUMBER, "supply"),
    _fact("supplier.single_source", Type.SUPPLIER, "single_source", Form.FLAG, "supply"),
    _fact("lane.transit_days", Type.LANE, "transit_days", Form.NUMBER, "supply"),
    _fact("lane.disrupted", Type.LANE, "disrupted", Form.FLAG, "supply"),
)

# What else is looked at: other entities that one names, and what facts are reckoned from.
_BESIDE: Mapping[Type, tuple[str, ...]] = {
    Type.PURCHASE_ORDER: ("supplier", "lane"),
    Type.CUSTOMER: ("sla_policy",),
    Type.INVENTORY: ("on_hand", "daily_demand"),
    Type.SLA_POLICY: ("time_zone", "hours", "holidays"),
}

# All that is ever read of an entity; nothing else of it needs to be kept.
ATTRIBUTES: Mapping[Type, frozenset[str]] = {
    type_: frozenset(fact.attribute for fact in FACTS if fact.type is type_)
    | frozenset(_BESIDE.get(type_, ()))
    for type_ in Type
}

# The SLA policy of those whose own is not told.
_USUAL = "default"

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
_LONGEST_TEXT = 200
_LONGEST_SOURCE = 200


def wanted(*, support: bool) -> tuple[str, ...]:
    """The facts that a case of the domain is asked for."""
    return tuple(fact.name for fact in FACTS if (fact.support if support else fact.supply))


def join(named: Named, find: Find) -> Iterator[Known]:
    """Every fact that is known about what the case names.

    A value that is not what the fact is said to be is no fact: it is missing.
    """
    found = _entities(named, find)
    for fact in FACTS:
        entity = found.get(fact.type)
        if entity is None or not (fact.support if named.support else fact.supply):
            continue
        value = _value(fact, entity, named)
        if value is not None:
            yield Known(fact.name, value, entity.as_of, _source(entity))


def _entities(named: Named, find: Find) -> dict[Type, Entity]:
    """What the case names, and what these name in turn."""

    def one(type_: Type, *ids: object, by: Entity | None = None) -> Entity | None:
        for id_ in ids:
            if isinstance(id_, str) and id_ and (entity := find(type_, id_)) is not None:
                # Known by way of another: no fresher than the way there.
                return entity if by is None else _no_fresher(entity, by)
        return None

    order = one(Type.ORDER, named.order)
    if named.support:
        customer = one(Type.CUSTOMER, named.customer, named.requester)
        own = None if customer is None else customer.attributes.get("sla_policy")
        # Whose own policy is not known is not held to another's.
        policy = one(Type.SLA_POLICY, own, by=customer) if own else one(Type.SLA_POLICY, _USUAL)
        found = (order, customer, policy)
        return {each.type: each for each in found if each is not None}
    po = one(Type.PURCHASE_ORDER, named.po)
    via = {} if po is None else po.attributes
    at_place = f"{named.sku}@{named.location}" if named.sku and named.location else None
    others = (
        one(Type.SKU, named.sku),
        one(Type.INVENTORY, at_place, named.sku),
        one(Type.SUPPLIER, named.supplier) or one(Type.SUPPLIER, via.get("supplier"), by=po),
        one(Type.LANE, named.lane) or one(Type.LANE, via.get("lane"), by=po),
    )
    return {each.type: each for each in (order, po, *others) if each is not None}


def _no_fresher(entity: Entity, than: Entity) -> Entity:
    as_of = min(entity.as_of, than.as_of)
    return Entity(entity.type, entity.id, as_of, entity.attributes)


def _value(fact: Fact, entity: Entity, named: Named) -> Value | None:
    if fact.name == _DUE:
        return _due(entity, named)
    given = entity.attributes.get(fact.attribute)
    match fact.form:
        case Form.TEXT:
            return given if isinstance(given, str) and 0 < len(given) <= _LONGEST_TEXT else None
        case Form.NUMBER:
            found = _number(given)
            return _cover(entity) if found is None and fact.name == _COVER else found
        case Form.FLAG:
            return _flag(given)
        case Form.INSTANT:
            return _told(_instant(given))


def _due(policy: Entity, named: Named) -> str | None:
    if named.asked_at is None:
        return None
    try:
        read = sla.read(policy.attributes)
    except ValueError:
        return None  # refused when it came in; of an earlier version of ours, perhaps
    return _told(sla.due_at(read, named.priority, named.asked_at))


def _cover(inventory: Entity) -> float | None:
    on_hand = _number(inventory.attributes.get("on_hand"))
    daily = _number(inventory.attributes.get("daily_demand"))
    if on_hand is None or daily is None or on_hand < 0 or daily <= 0:
        return None
    return round(on_hand / daily, 2)


def _number(given: object) -> int | float | None:
    """A number, or a decimal written out as many systems send money."""
    if isinstance(given, str) and _DECIMAL.fullmatch(given):
        return float(given) if "." in given else int(given)
    number = isinstance(given, int | float) and not isinstance(given, bool)
    return given if number and math.isfinite(given) else None  # type: ignore[return-value,arg-type]


def _flag(given: object) -> bool | None:
    """True or false; many databases say 1 and 0."""
    if isinstance(given, bool):
        return given
    return bool(given) if isinstance(given, int) and given in (0, 1) else None


def _instant(given: object) -> datetime | None:
    """ISO 8601 with an offset, milliseconds since the epoch, or a date: until its end in UTC."""
    try:
        match given:
            case bool():
                return None
            case int():
                return datetime.fromtimestamp(given / 1000, UTC)
            case str() if len(given) == len("2026-11-24"):
                ends = date.fromisoformat(given) + timedelta(days=1)
                return datetime.combine(ends, time(), UTC)
            case str():
                found = datetime.fromisoformat(given)
                return found.astimezone(UTC) if found.tzinfo is not None else None
            case _:
                return None
    except (ValueError, OverflowError, OSError):
        return None


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _source(entity: Entity) -> str:
    told = f"{entity.type}:{entity.id}"
    return told if len(told) <= _LONGEST_SOURCE else f"{told[: _LONGEST_SOURCE - 1]}…"
