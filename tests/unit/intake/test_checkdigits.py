"""Check digits, against numbers that their owners publish as examples."""

import pytest

from services.intake.domain import checkdigits


def digits(text):
    """As luhn takes them."""
    return [int(character) for character in text]


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",  # Visa
        "5555555555554444",  # Mastercard
        "378282246310005",  # American Express
        "30569309025904",  # Diners Club
        "6011111111111117",  # Discover
        "6759649826438453",  # Maestro
        "4222222222222",  # 13 digits
        "6212345678900000003",  # UnionPay, 19 digits
    ],
)
def test_luhn_finds_every_single_digit_error(number):
    """Test numbers of the payment schemes pass, and none with one digit changed does."""
    assert checkdigits.luhn(digits(number))
    for place in range(len(number)):
        wrong = number[:place] + str((int(number[place]) + 3) % 10) + number[place + 1 :]
        assert not checkdigits.luhn(digits(wrong))


def test_verhoeff_finds_single_errors_and_neighbours_swapped():
    """What UIDAI chose it for; 236 -> 2363 is the textbook's example."""
    assert checkdigits.verhoeff("2363")
    number = "499118665246"
    assert checkdigits.verhoeff(number)
    for place in range(len(number)):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not checkdigits.verhoeff(wrong)
    for place in range(len(number) - 1):
        a, b = number[place], number[place + 1]
        if a != b:
            assert not checkdigits.verhoeff(number[:place] + b + a + number[place + 2 :])


@pytest.mark.parametrize(
    "number",
    [
        "GB82WEST12345698765432",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
    ],
)
def test_the_registrys_own_ibans_pass_and_are_as_long_as_their_country_says(number):
    """SWIFT's IBAN registry gives one per country."""
    assert checkdigits.iban(number)
    assert len(number) == checkdigits.iban_length(number[:2])
    assert not checkdigits.iban(number[:-1] + ("1" if number[-1] != "1" else "2"))


def test_a_country_without_ibans_has_none():
    """An order number that begins with two letters and two digits is no account."""
    assert checkdigits.iban_length("SO") == 23  # Somalia has some
    assert checkdigits.iban_length("US") == checkdigits.iban_length("IN") == 0


@pytest.mark.parametrize("number", ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4"])
def test_gstin_numbers_of_public_invoices_pass(number):
    """And none with another check character."""
    assert checkdigits.gstin(number)
    assert not checkdigits.gstin(number[:-1] + ("A" if number[-1] != "A" else "B"))
