"""Check digits of the numbers that identify people and their money."""

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Verhoeff's dihedral group D5 and permutation tables (J. Verhoeff, Error detecting decimal codes,
# 1969), as UIDAI uses them for Aadhaar.
_D = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_P = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B, payment cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - casting out nines
    return total % 10 == 0


def verhoeff(digits: str) -> bool:
    """Aadhaar's check digit."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _D[check][_P[place % 8][int(digit)]]
    return check == 0


def iban(text: str) -> bool:
    """ISO 13616: the country and check digits moved to the end, modulo 97 is 1."""
    moved = text[4:] + text[:4]
    return int("".join(str(_BASE36.index(c)) for c in moved)) % 97 == 1


def gstin(text: str) -> bool:
    """GST Network's base-36 check character over the first fourteen."""
    total = 0
    for place, character in enumerate(text[:14]):
        product = _BASE36.index(character) * (2 if place % 2 else 1)
        total += product // 36 + product % 36
    return text[14] == _BASE36[(36 - total % 36) % 36]
