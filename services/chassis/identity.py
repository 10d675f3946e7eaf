"""Ids that do not depend on when, where or by which version they are computed."""

from uuid import UUID, uuid5

# Sluice's own name space; changing it would make every id new and so repeat every action.
NAMESPACE = UUID("6f9d1c52-40d3-5c1e-9a64-2d0f3b7a8e11")


def stable_id(*parts: str | int) -> UUID:
    """uuid5 over the parts, joined by the unit separator so that no two lists collide."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))
