"""Who a customer is, for joining what belongs to one person: by an address, else by their id.

An address means the same person in every source; an id means somebody only within its own.
"""

import re

from services.intake.domain.cleaning import clean
from services.intake.domain.personal import EMAIL, PersonalData, normal

_NUMBER = re.compile(r"[+(]?[0-9][0-9 ().\-]{5,30}")
_INTERNATIONAL = re.compile(r"(?:\+|00)[1-9][0-9 ().\-]{5,30}")
_FEWEST_DIGITS = 7


def identity(
    source: str, person_id: str | None, email: str | None = None, phone: str | None = None
) -> str | None:
    """What to hash: the same for the same person, as far as the source tells; None for nobody.

    Some sources know people by their address alone: an id that is one counts as one. What is no
    address, though the source calls it one, is not relied upon.
    """
    for said in (email, person_id):
        if found := said and _email(said):
            return f"customer:email:{found}"
    for said, form in ((phone, _NUMBER), (person_id, _INTERNATIONAL)):
        if found := said and _phone(said, form):
            return f"customer:phone:{found}"
    return f"customer:id:{source}:{person_id}" if person_id else None


def _email(said: str) -> str | None:
    address = clean(said).strip()
    return normal(PersonalData.EMAIL, address) if EMAIL.fullmatch(address) else None


def _phone(said: str, form: re.Pattern[str]) -> str | None:
    number = clean(said).strip()
    found = normal(PersonalData.PHONE, number)
    return found if form.fullmatch(number) and len(found) >= _FEWEST_DIGITS else None
