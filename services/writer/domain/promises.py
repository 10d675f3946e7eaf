"""Words that bind whoever says them: no text of ours promises, a person may."""

import re
from collections.abc import Iterator

_NAMES = (
    "refund|reimburse|compensate|credit|replace|pay|waive|cover|send|ship|deliver|resolve|fix"
    "|exchange|return"
)
_DONE = "refunded|reimbursed|compensated|credited|replaced|waived|delivered|shipped|resolved"
_WILL = r"(?:'ll|\u2019ll|\s+will|\s+shall|\s+are\s+going\s+to|\s+have\s+agreed\s+to)"
_FEW = r"(?:\s+\w+){0,3}?\s+"
_WORDS = (
    # English
    r"\bguarant(?:ee|ees|eed|eeing)\b",
    r"\bpromis(?:e|es|ed|ing)\b",
    r"\bassur(?:e|es|ed|ing)\b",
    rf"\b(?:we|i|us|they)(?:\s+\w+)?{_WILL}{_FEW}(?:{_NAMES})\b",
    r"\b(?:i|we)(?:'ll|\u2019ll)\b",
    rf"\b(?:you|your\s+\w+)\s+(?:will|shall){_FEW}(?:{_NAMES}|{_DONE}|receive|get)\b",
    rf"\b(?:will|shall)\s+be\s+(?:\w+\s+)?(?:{_DONE})\b",
    r"\b(?:free\s+of\s+charge|at\s+no\s+(?:extra\s+)?cost|full\s+refund|no\s+later\s+than)\b",
    # Hindi, in both scripts
    r"\b(?:vaada|vada|waada)\b",
    r"\b(?:refund|paise|paisa)\s+(?:\w+\s+){0,3}?(?:kar\s*denge|de\s*denge|mil\s*jayega|milega)\b",
    r"गारंटी|वादा|वचन\s*देते",
    r"(?:रिफंड|पैसे|धनवापसी)[^।.]{0,40}(?:देंगे|करेंगे|जाएगा|जाएंगे|मिलेगा|मिलेंगे)",
    # Bengali
    r"গ্যারান্টি|প্রতিশ্রুতি|নিশ্চয়তা",
    r"(?:রিফান্ড|টাকা)[^।.]{0,40}(?:দেব|দেওয়া\s*হবে|ফেরত|পাবেন)",
    # Tamil
    r"உத்தரவாத|வாக்குறுதி|உறுதியளி",
    r"(?:ரீஃபண்ட்|பணம்|பணத்தை)[^.]{0,40}(?:தருவோம்|வழங்குவோம்|திருப்பி|கிடைக்கும்)",
)
_PROMISE = re.compile("|".join(_WORDS), re.IGNORECASE)


def promises(text: str) -> Iterator[tuple[int, int]]:
    """Where a text binds somebody."""
    for found in _PROMISE.finditer(text):
        yield found.start(), found.end()
