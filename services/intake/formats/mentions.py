"""Numbers that a notice names, found as they stand there: nothing is inferred.

A number counts where the text says what it is a number of, or where its check digit does (ISO 6346
for containers, GS1 General Specifications §7.9 for SSCC and GTIN).
"""

import re
from collections.abc import Iterator

_BOUND = 64 * 1024  # characters that are looked at
_MOST = 50

# The word and the number are one id where a hyphen joins them: PO-4711, and PO 4711 is the same.
_ORDERS = re.compile(
    r"\b(?P<word>PO|SO|SH|INV|ASN)(?:[ \t]?(?:no\.?|nr\.?|#))?[ \t:#-]{0,2}"
    r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b",
    re.ASCII,
)
_IN_WORDS = re.compile(
    r"\b(?P<word>purchase order|sales order|order|bill of lading|B/L|booking|invoice|shipment)"
    r"(?:[ \t]?(?:no\.?|nr\.?|number|#))?[ \t:#]{1,2}"
    r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b",
    re.ASCII | re.IGNORECASE,
)
_LOTS = re.compile(
    r"\b(?P<id>LOT-[A-Z0-9-]{2,24}[A-Z0-9])\b"
    r"|\b(?:lot|batch|charge)(?:[ \t]?(?:no\.?|nr\.?|number|#))?[ \t:#]{1,2}"
    r"(?P<number>(?=[A-Z0-9-]{0,20}\d)[A-Z0-9](?:[A-Z0-9-]{1,24}[A-Z0-9])?)\b",
    re.ASCII | re.IGNORECASE,
)
_CONTAINERS = re.compile(r"\b([A-Z]{3}[UJZ])[ ]?(\d{6})[ -]?(\d)\b", re.ASCII)
_LABELLED = re.compile(r"\b(SSCC|GTIN|EAN)[ \t:#]{1,2}(\d{13,18})\b", re.ASCII)

_TYPES = {
    "PO": "po",
    "SO": "so",
    "SH": "shipment",
    "INV": "invoice",
    "ASN": "asn",
    "PURCHASE ORDER": "po",
    "SALES ORDER": "so",
    "ORDER": "po",
    "BILL OF LADING": "bl",
    "B/L": "bl",
    "BOOKING": "booking",
    "INVOICE": "invoice",
    "SHIPMENT": "shipment",
}


def mentioned(text: str) -> list[tuple[str, str]]:
    """Types and ids, each once, in the order of the patterns."""
    found: dict[tuple[str, str], None] = {}
    for each in _all(text[:_BOUND]):
        found.setdefault(each)
        if len(found) == _MOST:
            break
    return list(found)


def _all(text: str) -> Iterator[tuple[str, str]]:
    for match in _ORDERS.finditer(text):
        yield _TYPES[match["word"]], f"{match['word']}-{match['number']}"
    for match in _IN_WORDS.finditer(text):
        # "order PO-4711" was found above.
        if not _ORDERS.fullmatch(match["number"]):
            yield _TYPES[match["word"].upper()], match["number"]
    for match in _CONTAINERS.finditer(text):
        if _iso_6346(match[1] + match[2]) == int(match[3]):
            yield "container", match[1] + match[2] + match[3]
    for match in _LOTS.finditer(text):
        yield "lot", match["id"] or match["number"]
    for match in _LABELLED.finditer(text):
        if _gs1(match[2]):
            yield ("sscc" if match[1] == "SSCC" else "gtin"), match[2]


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
