"""A record of our own topics that is not what its contract says: told by field, never quoted."""

from pydantic import ValidationError

from services.chassis.outcome import DeadLetter


def undecodable(error: ValidationError) -> DeadLetter:
    """Fields and what is wrong with them; never what was in them."""
    faults = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'value'}: {fault['type']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return DeadLetter("undecodable", faults)
