"""GS1 keys: what an EPC or a Digital Link names."""

from decimal import Decimal

import pytest

from services.intake.formats.gs1 import Key, coordinates, key_of

GTIN = "09521321012348"


@pytest.mark.parametrize(
    ("identifier", "key"),
    [
        ("urn:epc:id:sgtin:9521321.012345.1001", Key("serial", gtin="09521321123458")),
        ("urn:epc:class:lgtin:0614141.107346.L1", Key("lot", gtin="10614141073464")),
        ("urn:epc:idpat:sgtin:0614141.107346.*", Key("gtin", gtin="10614141073464")),
        ("urn:epc:id:sscc:9521321.0000004711", Key("sscc")),
        ("urn:epc:id:sgln:4012345.00225.0", Key("location", gln="4012345002256")),
        ("urn:epc:id:pgln:4012345.00225", Key("party", gln="4012345002256")),
        ("urn:epc:id:grai:9521321.55555.17", Key("asset")),
        ("urn:epc:id:bic:MSKU4812093", Key("container")),
        ("urn:epc:id:gsin:9521321.000000001", Key("shipment")),
        ("urn:epc:id:sgtin:12.3.4", Key("serial")),
        ("urn:epc:id:sgtin:\u0969521321.012345.1", Key("serial")),
        (f"https://id.gs1.org/01/{GTIN}", Key("gtin", gtin=GTIN)),
        (f"https://id.gs1.org/01/{GTIN}/10/LOT%2F7", Key("lot", gtin=GTIN)),
        (f"https://brand.example/shop/01/{GTIN}/10/A/21/B?x=1#y", Key("serial", gtin=GTIN)),
        ("http://id.gs1.org/01/614141107346", Key("gtin", gtin="00614141107346")),
        ("https://id.gs1.org/00/095213210000047110", Key("sscc")),
        ("https://id.gs1.de/414/4012345000115", Key("location", gln="4012345000115")),
        ("https://id.gs1.org/8004/95213210001", Key("asset")),
        ("https://transaction.acme.example/po/12345678", Key("other")),
        ("https://acme.example/01", Key("other")),
        ("https://acme.example/", Key("other")),
        ("anything", Key("other")),
    ],
)
def test_an_identifier_tells_what_it_names(identifier, key):
    """URN and Digital Link alike; the trade item's number joins what the two write differently."""
    assert key_of(identifier) == key


def test_a_place_may_be_a_point():
    """RFC 5870."""
    assert coordinates("geo:-12.5,77.25;u=35") == (Decimal("-12.5"), Decimal("77.25"))
    assert coordinates("urn:epc:id:sgln:9521321.00001.0") is None
