"""How much of the structured personal data intake masks: `python -m infra.bench.personal`.

Over the synthetic texts of presidio-research, where they are at hand (SLUICE_DATA). How they write
telephone numbers was looked at while the rules were written: these figures are no forecast.
"""

import json
import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from infra.replay import public_data
from services.intake.domain.cleaning import clean
from services.intake.domain.masking import Masker

# What rules can find, by the set's own names.
CLASSES = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS")
_FILE = "presidio_research/synth_dataset_v2.json"


def main() -> int:
    """Count and print; 0 also where there is no data, and then it says so."""
    console = Console()
    home = public_data.home()
    file = home / _FILE if home else None
    if file is None or not file.is_file():
        console.print(f"no {_FILE}: {public_data.VARIABLE} names no folder that has it")
        return 0
    masker = Masker(b"only to count " * 3)
    masked: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for row in json.loads(file.read_text(encoding="utf-8")):
        left = masker.mask(clean(row["full_text"])).text
        for span in row["spans"]:
            there[span["entity_type"]] += 1
            masked[span["entity_type"]] += span["entity_value"] not in left
    table = Table("class", "masked", "of", "share")
    for name in CLASSES:
        found, of = masked[name], there[name]
        table.add_row(name, str(found), str(of), f"{found / of:.1%}" if of else "")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
