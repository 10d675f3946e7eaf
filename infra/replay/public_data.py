"""Public data sets that tests and demonstrations use where they are at hand; none is part of us.

`SLUICE_DATA` names their folder; by default it is ../shared/data beside the checkout. Within it,
openepcis/ and dcsa/ are those projects' test resources, scms/ is the SCMS delivery history,
hint3/ and bitext8k/ are customers' questions. docs/replay.md says where they come from.
"""

import os
from pathlib import Path

VARIABLE = "SLUICE_DATA"
_BESIDE = Path(__file__).parents[3] / "shared" / "data"


def home() -> Path | None:
    """The folder, where there is one."""
    given = os.environ.get(VARIABLE)
    folder = Path(given) if given else _BESIDE
    return folder if folder.is_dir() else None
