"""What went wrong with a call, by what it says about the texts that were in it."""

import re
from enum import StrEnum

from services.chassis.errors import SluiceError


class Kind(StrEnum):
    """Who may be at fault."""

    UNREACHABLE = "unreachable"  # the server did not take the request: no text is suspicious
    LOST = "lost"  # the server went away, or silent, while it had the request
    STUB = "stub"  # the model's own process died; loading it again was tried
    REFUSED = "refused"  # the server answered, with an error


class Fault(SluiceError):  # noqa: N818 - named by what it is
    """A call that failed. Its words never hold the server's own: they may quote a text."""

    def __init__(self, kind: Kind, what: str) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


# The server is there and does not work for us: nothing was read. Triton 2.51's and gRPC's words.
_NOT_TAKEN = re.compile(
    r"failed to connect|connection refused|name resolution|not at ready state|server is stopping"
    r"|server exiting|exceeds maximum queue size|is restricted",
    re.IGNORECASE,
)
_NOT_SERVED = frozenset({"NOT_FOUND", "UNIMPLEMENTED", "PERMISSION_DENIED", "UNAUTHENTICATED"})
_DEAD_STUB = re.compile(r"Stub process '(?P<model>[^']+?)_\d+_\d+' is not healthy")


def classify(code: str, details: str) -> Kind:
    """The kind of a gRPC status, `code` being its name."""
    if code == "UNAVAILABLE":
        return Kind.UNREACHABLE if _NOT_TAKEN.search(details) else Kind.LOST
    if code in {"DEADLINE_EXCEEDED", "CANCELLED"}:
        return Kind.LOST
    if code in _NOT_SERVED:
        return Kind.UNREACHABLE
    return Kind.STUB if _DEAD_STUB.search(details) else Kind.REFUSED


def dead_model(details: str) -> str | None:
    """The model whose process died; in an ensemble it is one of its members."""
    match = _DEAD_STUB.search(details)
    return match["model"] if match else None
