"""Numbers that a text names, found as they stand there: nothing is inferred.

A number counts where the text says what it is a number of, or where its check digit does (ISO 6346
for containers, GS1 General Specifications §7.9 for SSCC and GTIN).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.intake.domain.hints import Seen, any_of, seen

_BOUND = 64 * 1024  # characters that are looked at
_MOST = 50

# The word and the number are one id where a hyphen joins them: PO-4711, and PO 4711 is the same.
_ORDERS = re.compile(
    r"\b(?P<word>PO|SO|SH|INV|ASN)(?:[ \t]?(?:no\.?|nr\.?|#))?[ \t:#-]{0,2}"
    r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b",
    re.ASCII,
)
_NUMBER = r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b"
# How many are ordered is no number of an order.
_NO_COUNT = r"(?![ \t]?(?:units?|pieces|pcs|items?|boxes|cartons|pallets|bottles|kg|of)\b)"
_IN_WORDS = re.compile(
    r"\b(?P<word>purchase order|sales order|order|bill of lading|b/l|booking|invoice|shipment)"
    r"(?:[ \t]?(?:no\.?|nr\.?|number|id|#))?[ \t:#]{1,2}"
    + _NUMBER.replace("A-Z", "a-z")
    + _NO_COUNT,
    re.ASCII,
)
# One of these is in every find of it: most texts name nothing.
_ordered = any_of(("PO", "SO", "SH", "INV", "ASN"))
_worded = any_of(("order", "b/l", "lading", "booking", "invoice", "shipment"))
_lotted = any_of(("lot", "batch", "charge"))
_itemized = any_of(("sku", "item", "article", "part", "artikel"))
_labelled = any_of(("SSCC", "GTIN", "EAN"))
_SIX = re.compile(r"[0-9]{6}")
# Order and invoice as Hindi, Bengali and Tamil write them, with their words for "number".
_IN_OTHER_WORDS = re.compile(
    "(?P<word>ऑर्डर|आर्डर|অর্ডার|ஆர்டர்|इनवॉइस|ইনভয়েস|இன்வாய்ஸ்)"
    r"(?:[ \t]?(?:नंबर|नम्बर|संख्या|आईडी|নম্বর|নং|আইডি|எண்|ஐடி|no\.?|number|id|#))?[ \t:#]{1,2}"
    + _NUMBER,
    re.ASCII | re.IGNORECASE,
)
_LOTS = re.compile(
    r"\b(?P<id>LOT-[A-Z0-9-]{2,24}[A-Z0-9])\b"
    r"|\b(?:lot|batch|charge)(?:[ \t]?(?:no\.?|nr\.?|number|#))?[ \t:#]{1,2}"
    r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b",
    re.ASCII | re.IGNORECASE,
)
_CONTAINERS = re.compile(r"\b([A-Z]{3}[UJZ])[ ]?(\d{6})[ -]?(\d)\b", re.ASCII)
_SKUS = re.compile(
    r"\b(?P<id>SKU-[A-Z0-9-]{1,24}[A-Z0-9])\b"
    r"|\b(?:SKU|item no\.?|item number|article no\.?|article number|part no\.?|part number"
    r"|Artikelnummer|Artikel-Nr\.?)[ \t:#]{1,2}" + _NUMBER,
    re.ASCII | re.IGNORECASE,
)
_LABELLED = re.compile(r"\b(SSCC|GTIN|EAN)[ \t:#]{1,2}(\d{13,18})\b", re.ASCII)

_ORDER = "order"
_TYPES = {
    "PO": "po",
    "SO": "so",
    "SH": "shipment",
    "INV": "invoice",
    "ASN": "asn",
    "PURCHASE ORDER": "po",
    "SALES ORDER": "so",
    "ORDER": _ORDER,
    **dict.fromkeys(("ऑर्डर", "आर्डर", "অর্ডার", "ஆர்டர்"), _ORDER),
    "BILL OF LADING": "bl",
    "B/L": "bl",
    "BOOKING": "booking",
    "INVOICE": "invoice",
    "SHIPMENT": "shipment",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text names something, and what that is in one spelling."""

    type: str
    value: str
    start: int
    end: int


def mentioned(text: str) -> list[tuple[str, str]]:
    """Types and ids, each once, in the order of the patterns."""
    found: dict[tuple[str, str], None] = {}
    for each in mentions(seen(text[:_BOUND])):
        found.setdefault((each.type, each.value))
        if len(found) == _MOST:
            break
    return list(found)


def mentions(found: Seen, order: str = "po") -> Iterator[Mention]:
    """Every mention, in the order of the patterns; `order` is what the bare word stands for.

    In a supplier's mouth an order is ours to them, in a customer's it is theirs to us.
    """
    text, low = found.text, found.low
    for match in _ORDERS.finditer(text) if _ordered(text) else ():
        yield _mention(_TYPES[match["word"]], f"{match['word']}-{match['number']}", match)
    worded = _IN_WORDS.finditer(low) if _worded(low) else ()
    # The words of these have letters of their own.
    others = () if text.isascii() else _IN_OTHER_WORDS.finditer(text)
    for match in (*worded, *others):
        number = text[slice(*match.span("number"))]
        # "order PO-4711" was found above.
        if not _ORDERS.fullmatch(number):
            type_ = _TYPES.get(match["word"].upper(), "invoice")
            yield _mention(order if type_ == _ORDER else type_, number, match)
    for match in _CONTAINERS.finditer(text) if _SIX.search(text) else ():
        if _iso_6346(match[1] + match[2]) == int(match[3]):
            yield _mention("container", match[1] + match[2] + match[3], match)
    for match in _LOTS.finditer(text) if _lotted(low) else ():
        yield _mention("lot", match["id"] or match["number"], match)
    for match in _SKUS.finditer(text) if _itemized(low) else ():
        yield _mention("sku", match["id"] or match["number"], match)
    for match in _LABELLED.finditer(text) if _labelled(text) else ():
        if _gs1(match[2]):
            yield _mention("sscc" if match[1] == "SSCC" else "gtin", match[2], match)


def _mention(type_: str, value: str, match: re.Match[str]) -> Mention:
    return Mention(type_, value, *match.span())


def _iso_6346(code: str) -> int:
    """Letters are 10 to 38 without the multiples of 11; weights are powers of two."""
    total = 0
    for n, character in enumerate(code):
        value = int(character) if character.isdigit() else _LETTERS[character]
        total += value << n
    return total % 11 % 10


_LETTERS = dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)
)


def _gs1(digits: str) -> bool:
    total = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(digits[::-1]))
    return total % 10 == 0
