"""Where structured personal data may be in a text, and whether a find is one.

Patterns expect a cleaned text and are linear: runs are possessive and begin where no earlier
character of the run stands, all other repetition is bounded.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.intake.domain import checkdigits
from services.intake.domain.hints import any_of


class PersonalData(StrEnum):
    """What is masked, by class."""

    EMAIL = "email"
    SECRET = "secret"  # noqa: S105 - the name of a class of data
    IBAN = "iban"
    GSTIN = "gstin"
    PAN = "pan"
    CARD = "card"
    AADHAAR = "aadhaar"
    PHONE = "phone"
    SSN = "ssn"
    IP = "ip"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one class is found. `counts` says how much of a find is one, from its start: 0 none.

    `maybe` is cheap and false only where the pattern finds nothing: most texts hold nothing.
    A named group in the pattern is the part that is masked, the whole where there is none.
    `divisible`: where a part of it is protected, the rest is masked all the same.
    """

    kind: PersonalData
    pattern: re.Pattern[str]
    counts: Callable[[str], int]
    maybe: Callable[[str], object]
    divisible: bool = False


_NOT_ALNUM = re.compile(r"[^A-Za-z0-9]+")
_GROUP = re.compile(r"[0-9]+")


def compact(found: str) -> str:
    """Letters and digits alone, upper case: what makes two ways of writing the same one."""
    return _NOT_ALNUM.sub("", found).upper()


def normal(kind: PersonalData, found: str) -> str:
    """What the ways of writing one value have in common.

    A number with its country's code is told by it, after + or 00; one without is another number.
    """
    if kind is PersonalData.EMAIL:
        return found.lower()
    exact = compact(found)
    return exact.removeprefix("00") if kind is PersonalData.PHONE else exact


def _card(found: str) -> int:
    """The longest beginning, whole groups of digits, that is a card's number: 0 where none is."""
    digits: list[int] = []
    end = 0
    for group in _GROUP.finditer(found):
        digits += map(int, group[0])
        # 0 and 7 begin no payment card; 1 only UATP's of 15 digits, else often a timestamp.
        long = 13 <= len(digits) <= 19 and (digits[0] != 1 or len(digits) == 15)  # noqa: PLR2004 - ISO/IEC 7812-1
        if long or (len(digits) == 12 and _maestro(digits)):  # noqa: PLR2004 - Maestro's shortest
            end = group.end() if checkdigits.luhn(digits) else end
    return end


def _maestro(digits: list[int]) -> bool:
    """By the ranges that Mastercard gives it: other numbers of 12 digits are too often no card."""
    first = "".join(map(str, digits[:4]))
    return first in _MAESTRO or first[:2] in {"56", "57", "58"}


_MAESTRO = frozenset(["5018", "5020", "5038", "6304", "6390", "6759", "6761", "6762", "6763"])


def _ip(found: str) -> int:
    """All of it, if it is an address of IPv4 or IPv6 and no time of the day."""
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return 0
    return len(found)


def _ssn(found: str) -> int:
    """Of the areas, groups and serials that the Social Security Administration gives out."""
    area, group, serial = found.split("-")
    unused = area in {"000", "666"} or area[0] == "9" or group == "00" or serial == "0000"
    return 0 if unused else len(found)


def _iban(found: str) -> int:
    length = checkdigits.iban_length(found[:2].upper())
    at = taken = 0
    while taken < length and at < len(found):
        taken += found[at].isalnum()
        at += 1
    whole = taken == length > 0 and not found[at : at + 1].isalnum()
    return at if whole and checkdigits.iban(compact(found[:at])) else 0


def _phone(found: str) -> int:
    """All of it, or its longest beginning of whole groups that E.164 leaves room for."""
    digits = end = 0
    for group in _GROUP.finditer(found):
        digits += len(group[0])
        if digits <= 15:  # noqa: PLR2004 - E.164
            end = group.end()
    return end


def _whole_if(valid: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda found: len(found) if valid(compact(found)) else 0


# Local parts and domains in any letters, Indic vowel signs included, but not the danda.
_WORD = r"\w\u0900-\u0963\u0966-\u0dff"
EMAIL = re.compile(
    rf"(?<![{_WORD}.%+\-])[{_WORD}.%+\-]++@[{_WORD}\-]++(?:\.[{_WORD}\-]++)++", re.UNICODE
)

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"
)
_TOKEN = re.compile(
    r"(?<![\w\-])(?:eyJ[\w\-]{8,}+\.[\w\-]{8,}+(?:\.[\w\-]*+)?"
    r"|(?:sk|pk|rk|glpat|xox[abprs])[\-_][\w\-]{16,}+|AKIA[0-9A-Z]{16}(?!\w)"
    r"|gh[pousr]_\w{30,}+|AIza[\w\-]{35})"
)
_SIGNS = "eyJ sk- sk_ pk- pk_ rk- rk_ glpat xox AKIA ghp_ gho_ ghu_ ghs_ ghr_ AIza"  # of tokens
_URL_LOGIN = re.compile(r"://(?P<v>[^\s/@:]{1,200}+:[^\s/@]{1,200}+)(?=@)")

_NAMED = (
    r"password|passwort|passwd|passcode|passphrase|pwd|m?pin|otp|cvv2?|cvc2?"
    "|पासवर्ड|ओटीपी|पिन|পাসওয়ার্ড|ওটিপি|পিন|கடவுச்சொல்|ஓடிபி"
)
_ALSO = r"api[ _\-]?key|access[ _\-]?key|secret(?:[ _\-]?key)?|(?:access[ _\-]?)?token"
_WORDED = re.compile(
    unicodedata.normalize(
        "NFC",
        r"(?i:(?<!\w)bearer\s{1,3}(?P<v1>[\w\-.~+/]{16,}+=*+))"
        # A word for a secret and a separator: whatever follows.
        rf"|(?i:(?<![^\W_])(?:{_NAMED}|{_ALSO})[\"']?\s{{0,3}}[:=]\s{{0,3}}(?P<v2>[^\s,;]{{3,}}+))"
        # The word, perhaps "is", and something with a digit in it.
        rf"|(?i:(?<![^\W_])(?:{_NAMED})\s{{1,3}}(?:(?:is|was|hai|है|-)\s{{1,3}})?"
        r"(?P<v3>(?=[^\s,;]{0,60}[0-9])[^\s,;]{3,}+))"
        rf"|(?i:(?<![^\W_])(?:{_ALSO})\s{{1,3}}(?:is|was|hai)\s{{1,3}}"
        r"(?P<v4>(?=[^\s,;]{0,60}[0-9])[^\s,;]{3,}+))"
        r"|(?<!\d)(?P<v5>\d{4,8})"
        r"(?=\s{1,3}(?:is|hai)\s{1,3}(?:(?:your|my|the)\s)?(?i:otp|one[ \-]time))",
    )
)
# In every find of it, in small letters.
_WORDS = (
    "bearer,pass,pwd,pin,otp,cvv,cvc,key,secret,token,one time,one-time"
    ",पासवर्ड,ओटीपी,पिन,পাস,ওটিপি,পিন,கடவுச்சொல்,ஓடிபி"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,30}", re.ASCII)
_GSTIN = re.compile(
    r"(?<![A-Za-z0-9])[0-9]{2}[A-Za-z]{5}[0-9]{4}[A-Za-z][1-9A-Za-z][Zz][0-9A-Za-z]"
    r"(?![A-Za-z0-9])",
    re.ASCII,
)
# The fourth letter is the kind of holder (Income Tax Department of India).
_PAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{3}[ABCFGHJLPTabcfghjlpt][A-Za-z][0-9]{4}[A-Za-z](?![A-Za-z0-9])",
    re.ASCII,
)
# Groups of two digits or more, the first of four or more: a list of numbers is no card.
_CARD = re.compile(
    r"(?<![0-9])(?<![0-9][.,])[1-689][0-9]{3,18}+(?![0-9])"
    r"(?:(?:[ ]{1,2}|[ ]?[\-.][ ]?)[0-9]{2,15}+(?![0-9])){0,6}+",
    re.ASCII,
)
_AADHAAR = re.compile(r"(?<![0-9])[2-9][0-9]{3}([ \-]?)[0-9]{4}\1[0-9]{4}(?![0-9])", re.ASCII)
_PHONE = re.compile(
    r"(?<![A-Z0-9_])(?<![0-9][.,])(?:"
    r"(?:\+[ ]?|00)[1-9][0-9]{0,2}[ \-.]?(?:\([0-9]{1,4}\)[ \-.]?)?[0-9](?:[ \-.]?[0-9]){5,12}"
    r"|(?:0|91[ \-]?)?[6-9][0-9](?:[ \-]?[0-9]){8}"  # Indian mobile (TRAI: 10 digits from 6 to 9)
    r"|\(?0[1-9][0-9]{1,3}\)?[ \-]?[1-9][0-9]{2,3}[ \-]?[0-9]{3,4}"  # landline with its 0
    # North American Numbering Plan
    r"|(?:1[ \-.])?(?:\([2-9][0-9]{2}\)[ \-.]?|[2-9][0-9]{2}[ \-.])[2-9][0-9]{2}[ \-.][0-9]{4}"
    r")(?![0-9])",
    re.ASCII,
)

# What follows a word for a telephone, in the groups of any country.
_PHONE_WORDS = (
    r"phone|telephone|telefon|tel|mobile|mob|cell|cellphone|fax|landline|desk|whatsapp|call|ring"
    "|फोन|फ़ोन|मोबाइल|ফোন|মোবাইল|போன்|மொபைல்|தொலைபேசி"
)
_PHONE_DIGITS = r"(?:\+|\()?[0-9](?:[ \-./]?[()]?[ \-]?[0-9]){6,14}+(?![0-9])"
_PHONE_WORDED = re.compile(
    unicodedata.normalize(
        "NFC",
        rf"(?i:(?<![^\W_])(?:{_PHONE_WORDS})[.:]?\s{{0,3}}"
        r"(?:(?:is|at|on|me|us|back|no|nr|number|num)[.:]?\s{1,3}){0,3}"
        r"|(?<![^\W_])(?:reach|answering|messages?|sms)(?: me| us)? (?:at|on|to) )"
        rf"(?P<v1>{_PHONE_DIGITS})"
        rf"|(?<![0-9A-Za-z(+])(?<![0-9][ .,/()\-])(?P<v2>{_PHONE_DIGITS})"
        r"(?=[ \-](?i:office|fax|mobile|cell)(?![^\W_]))",
    )
)
_SSN = re.compile(r"(?<![0-9\-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9\-])", re.ASCII)
_IP = re.compile(
    r"(?<![0-9A-Za-z.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.]*[0-9A-Za-z])"
    r"|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){7}(?![0-9A-Za-z:])"
    r"|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){0,6}::[0-9A-Fa-f:]{0,34}(?![0-9A-Za-z:]))",
    re.ASCII,
)


def _digits(count: int, separators: str = "") -> Callable[[str], object]:
    """So many digits, with at most three of these separators between two."""
    between = f"[{separators}]{{0,3}}" if separators else ""
    return re.compile(rf"[0-9](?:{between}[0-9]){{{count - 1}}}").search


_worded = any_of(unicodedata.normalize("NFC", _WORDS).split(","))
_phoned = any_of(
    unicodedata.normalize("NFC", f"{_PHONE_WORDS}|reach|answer|messag|sms|office").split("|")
)
_NEAR = r" ().,+\-"
_seven = _digits(7, rf"{_NEAR}/")
_DOTTED = re.compile(r"[0-9]\.[0-9]")


def _addressed(text: str) -> bool:
    """Seven colons are in IPv6 addresses that leave nothing out."""
    return _DOTTED.search(text) is not None or "::" in text or text.count(":") >= 7  # noqa: PLR2004


# In this order: what is found first is not looked at again.
RULES: tuple[Rule, ...] = (
    Rule(PersonalData.SECRET, _PRIVATE_KEY, len, any_of(("-----BEGIN ",)), divisible=True),
    Rule(PersonalData.SECRET, _TOKEN, len, any_of(_SIGNS.split()), divisible=True),
    Rule(PersonalData.SECRET, _URL_LOGIN, len, any_of(("://",)), divisible=True),
    Rule(PersonalData.SECRET, _WORDED, len, lambda text: _worded(text.casefold()), divisible=True),
    Rule(PersonalData.EMAIL, EMAIL, len, any_of("@"), divisible=True),
    Rule(PersonalData.IBAN, _IBAN, _iban, _digits(2)),
    Rule(PersonalData.GSTIN, _GSTIN, _whole_if(checkdigits.gstin), _digits(4)),
    Rule(PersonalData.PAN, _PAN, len, _digits(4)),
    Rule(PersonalData.CARD, _CARD, _card, _digits(12, _NEAR)),
    Rule(PersonalData.AADHAAR, _AADHAAR, _whole_if(checkdigits.verhoeff), _digits(12, _NEAR)),
    Rule(PersonalData.SSN, _SSN, _ssn, _digits(9, "-")),
    Rule(PersonalData.IP, _IP, _ip, _addressed),
    Rule(
        PersonalData.PHONE,
        _PHONE_WORDED,
        _phone,
        lambda text: _seven(text) and _phoned(text.casefold()),
    ),
    Rule(PersonalData.PHONE, _PHONE, _phone, _digits(7, _NEAR)),
)
