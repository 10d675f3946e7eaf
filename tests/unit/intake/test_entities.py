"""What a masked text names, in one spelling each, and where."""

from datetime import date

import pytest

from services.intake.domain.entities import entities
from tests.fakes_intake import SUPPLY, cloud, record, said, supply

NEAR = date(2026, 11, 20)


def named(text: str, order: str = "so") -> list[tuple[str, ...]]:
    """Type, value and unit of each."""
    return [
        (each.type, each.value, *((each.unit,) if each.unit else ()))
        for each in entities(text, NEAR, order=order)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where is order 48213?", [("so", "48213")]),
        ("order id: AB-9931 is late", [("so", "AB-9931")]),
        ("मेरा ऑर्डर नंबर 48213 कहाँ है?", [("so", "48213")]),
        ("অর্ডার নং 48213 আসেনি", [("so", "48213")]),
        ("ஆர்டர் எண் 48213 எங்கே?", [("so", "48213")]),
        ("mera order number 48213 kahan hai", [("so", "48213")]),
        ("we want to order 500 units", []),
        ("SKU CUP-350-BLUE and SKU-77", [("sku", "CUP-350-BLUE"), ("sku", "SKU-77")]),
        ("container MSKU 481209-7", [("container", "MSKU4812097")]),
        ("container MSKU4812098", []),
        ("lot LOT-7A31", [("lot", "LOT-7A31")]),
    ],
)
def test_numbers_are_named_by_the_words_beside_them(text, found):
    """In five languages; a container by its check digit, too (ISO 6346)."""
    assert named(text) == found


def test_an_order_is_whose_the_text_is():
    """A customer's is theirs to us, a supplier's is ours to them."""
    assert named("order 4711") == [("so", "4711")]
    assert named("order 4711", order="po") == [("po", "4711")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("₹1,49,999.50 was charged", ("amount", "149999.50", "INR")),
        ("Rs. 1499/- only", ("amount", "1499", "INR")),
        ("INR 2,500", ("amount", "2500", "INR")),
        ("1.234,50 € bitte", ("amount", "1234.50", "EUR")),
        ("EUR 1.234", ("amount", "1234", "EUR")),
        ("1'250.00 CHF", ("amount", "1250.00", "CHF")),
        ("US$49.99", ("amount", "49.99", "USD")),
        ("$49.99 for nothing", ("amount", "49.99")),
        ("मेरे ५०० रुपये वापस करो", ("amount", "500", "INR")),
        ("আমার ৫০০ টাকা ফেরত দিন", ("amount", "500")),
        ("500 ரூபாய் திருப்பி", ("amount", "500", "INR")),
        ("1.5 lakh rupees gone", ("amount", "150000.0", "INR")),
    ],
)
def test_amounts_are_read_as_they_are_written(text, found):
    """Points, commas, Indian groups, any script's digits; a shared sign names no currency."""
    assert named(text) == [found]


@pytest.mark.parametrize(
    "text", ["500 people", "version 2.50", "Euro 2024 finals", "cars 500 away"]
)
def test_a_number_without_money_beside_it_is_no_amount(text):
    """A word that ends in a sign's letters is no sign."""
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("by 2026-11-19", "2026-11-19"),
        ("am 19.11.2026", "2026-11-19"),
        ("on 19/11/26", "2026-11-19"),
        ("on 11/19/2026", "2026-11-19"),
        ("19th of November 2026", "2026-11-19"),
        ("Nov. 19, 2026", "2026-11-19"),
        ("until January 5", "2027-01-05"),
        ("seit 3. Dezember", "2026-12-03"),
        ("१९ नवंबर 2026 को", "2026-11-19"),
        ("১৯ নভেম্বর পাঠাব", "2026-11-19"),
        ("நவம்பர் 19 அன்று", "2026-11-19"),
        ("on 5 May", "2027-05-05"),
    ],
)
def test_a_day_is_one_in_every_spelling(text, found):
    """Without a year it is the nearest one."""
    assert named(text) == [("date", found)]


@pytest.mark.parametrize(
    "text", ["03/04/2026", "31.02.2026", "you may 2 times", "1.2.3.4", "march 10% up", "99 Nov"]
)
def test_what_leaves_a_doubt_is_no_day(text):
    """A date that is another one elsewhere, and one that is nowhere."""
    assert named(text) == []


def test_spans_are_code_points_of_the_masked_text_and_nothing_in_a_placeholder_counts():
    """What was masked must not come back as the number of something."""
    text = "😀 order [[PHONE:481209712345]], container MSKU4812097, ₹500 by 19.11.2026"
    found = entities(text, NEAR, order="so")
    assert [(each.type, text[each.start : each.end]) for each in found] == [
        ("container", "MSKU4812097"),
        ("amount", "₹500"),
        ("date", "19.11.2026"),
    ]


def test_nothing_is_named_twice_over_the_same_characters_and_nothing_without_end():
    """The surest reading of a span wins; a text of numbers alone stays bounded."""
    assert named("order 2026-11-19") == [("so", "2026-11-19")]
    assert len(entities("PO-4711 " * 1000, NEAR, order="so")) == 50


def test_a_case_says_what_its_masked_text_names(door):
    """By which rules, too; spans lie in the text that the case has, not in what came."""
    case = door.case(record(said("a@b.example: order 48213, container MSKU4812097 by 19.11.2026")))
    spans = [(each.type, each.value, case.text[each.start : each.end]) for each in case.entities]
    assert spans == [
        ("so", "48213", "order 48213"),
        ("container", "MSKU4812097", "MSKU4812097"),
        ("date", "2026-11-19", "19.11.2026"),
    ]
    assert case.entities_by == "entities:1"


def test_a_case_that_names_nothing_says_nothing(door):
    """Supply events by the thousand have no text."""
    headers = cloud(SUPPLY, "/suppliers/acme")
    case = door.case(record(supply(), topic=SUPPLY, headers=headers))
    assert (case.entities, case.entities_by) == ((), None)
    headers = cloud(SUPPLY, "/suppliers/acme", "e-2")
    told = record(supply(text="order 4711 is late"), topic=SUPPLY, headers=headers)
    assert [each.type for each in door.case(told).entities] == ["po"]
