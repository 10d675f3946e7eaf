"""The mark that our actions leave on what they change, so that nobody acts upon his own doing."""

import re

# "sluice-" and the action's id, as much of it as the source has room for.
_MARK = re.compile(r"sluice[-_:/]([0-9a-f]{8}[0-9a-f-]{4,28})", re.IGNORECASE)


def action_of(mark: str) -> str | None:
    """The id in a tag or label that one of our actions added; None where it is none of them."""
    found = _MARK.fullmatch(mark)
    return found[1].lower() if found else None
