"""Joined facts. The first adapter knows nothing: every fact asked for is missing."""

from collections.abc import Sequence

from typing_extensions import override

from schemas.automation.case import Case
from services.assessor.ports import Facts, Known


class NoFacts(Facts):
    """For as long as no reference data is read; conditions over joined facts are false."""

    @override
    async def about(self, case: Case, wanted: Sequence[str]) -> Sequence[Known]:
        return ()
