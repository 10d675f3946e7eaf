"""What numbers and times must keep to, so that nobody behind the door stumbles over one.

JSON and pydantic take a revision of 4,000 digits, a quantity of 1E+999999999 and a time that no
offset leaves in the calendar; a database of 64 bits, a format to plain digits and UTC do not.
"""

from datetime import datetime
from decimal import Decimal

MAX_REVISION = 2**63 - 1
DIGITS = 30
_FIRST_YEAR, _LAST_YEAR = 2, 9998


def number_fits(number: Decimal) -> bool:
    """Few enough digits, written out in full."""
    _, digits, exponent = number.as_tuple()
    return (
        isinstance(exponent, int)
        and len(digits) <= DIGITS
        and exponent >= -DIGITS
        and exponent + len(digits) <= DIGITS
    )


def time_fits(time: datetime) -> bool:
    """It can be said in every offset."""
    return _FIRST_YEAR <= time.year <= _LAST_YEAR
