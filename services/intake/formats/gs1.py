"""GS1 keys as EPCIS writes them: EPC URNs and GS1 Digital Link URIs.

EPC Tag Data Standard 2.1 (§6: pure identity URIs), GS1 Digital Link URI Syntax 1.4 (§4.3: an
application identifier and its value after another), GS1 General Specifications §7.9 (check digit).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Key:
    """What an identifier names: the type of reference, and the trade item or place within it."""

    type: str
    gtin: str | None = None
    gln: str | None = None


# urn:epc:id:SCHEME:..., also idpat (a pattern) and class.
_SCHEMES = {
    "sgtin": "serial",
    "sscc": "sscc",
    "lgtin": "lot",
    "sgln": "location",
    "pgln": "party",
    "gsrn": "party",
    "gsrnp": "party",
    "grai": "asset",
    "giai": "asset",
    "gdti": "document",
    "sgcn": "document",
    "gsin": "shipment",
    "ginc": "shipment",
    "upui": "serial",
    "itip": "serial",
    "cpi": "serial",
    "imovn": "vessel",
    "bic": "container",
}
# A primary key of a Digital Link by its application identifier (§4.3, table 4-1).
_PRIMARY = {
    "00": "sscc",
    "01": "gtin",
    "253": "document",
    "255": "document",
    "401": "shipment",
    "402": "shipment",
    "414": "location",
    "417": "party",
    "8003": "asset",
    "8004": "asset",
    "8006": "serial",
    "8010": "sku",
    "8017": "party",
    "8018": "party",
}
_GLN_DIGITS, _GTIN_DIGITS = 13, 14
_LONGEST = 2_000

_URN = re.compile(r"urn:epc:(id|idpat|class):([a-z0-9]+):(.+)")
_GEO = re.compile(r"geo:(-?\d{1,2}(?:\.\d{1,15})?),(-?\d{1,3}(?:\.\d{1,15})?)(?:[,;].*)?")


@lru_cache(maxsize=4096)
def key_of(identifier: str) -> Key:
    """What an EPC, a class of objects or a place is; `other` where GS1 does not say."""
    if (urn := _URN.fullmatch(identifier)) is not None:
        return _of_urn(urn[1], urn[2], urn[3].split("."))
    if identifier.startswith(("http://", "https://")) and len(identifier) <= _LONGEST:
        return _of_link(identifier)
    return Key("other")


def coordinates(identifier: str) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude of a `geo:` URI (RFC 5870)."""
    found = _GEO.fullmatch(identifier)
    return (Decimal(found[1]), Decimal(found[2])) if found else None


def _of_urn(form: str, scheme: str, parts: list[str]) -> Key:
    kind = _SCHEMES.get(scheme, "other")
    if scheme in {"sgtin", "lgtin", "upui", "itip"} and len(parts) > 1:
        gtin = _gtin(parts[0], parts[1])
        # A pattern without a serial number is a whole class of trade items.
        is_class = form == "idpat" and scheme == "sgtin"
        return Key("gtin" if is_class else kind, gtin=gtin)
    if scheme in {"sgln", "pgln"} and len(parts) > 1:
        return Key(kind, gln=_checked(parts[0] + parts[1], _GLN_DIGITS))
    return Key(kind)


def _gtin(company: str, item: str) -> str | None:
    """Its indicator digit stands before the company prefix in a GTIN, behind it in an EPC."""
    return _checked(item[:1] + company + item[1:], _GTIN_DIGITS)


def _checked(digits: str, length: int) -> str | None:
    """With its check digit, where the digits are as many as they must be."""
    if len(digits) != length - 1 or not (digits.isascii() and digits.isdigit()):
        return None
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(digits[::-1]))
    return f"{digits}{-total % 10}"


def _of_link(uri: str) -> Key:
    found = _identifiers(uri)
    primary = next(iter(found), None)
    kind = _PRIMARY.get(primary or "", "other")
    if primary == "01":
        kind = "serial" if found.keys() & {"21", "235"} else "lot" if "10" in found else "gtin"
    gtin = found.get("01", "").zfill(_GTIN_DIGITS)
    gln = found.get("414") or found.get("417")
    return Key(
        kind,
        gtin=gtin if primary == "01" and gtin.isascii() and gtin.isdigit() else None,
        gln=gln if gln and len(gln) == _GLN_DIGITS and gln.isdigit() else None,
    )


def _identifiers(uri: str) -> dict[str, str]:
    """The application identifiers of the path, from the primary key on."""
    path = re.split(r"[?#]", uri.partition("://")[2], maxsplit=1)[0].split("/")[1:]
    start = next((n for n, part in enumerate(path[:-1]) if part in _PRIMARY), None)
    if start is None:
        return {}
    pairs = zip(path[start::2], path[start + 1 :: 2], strict=False)
    return {name: unquote(value) for name, value in pairs if value}
