"""What the server's words say about the texts."""

import pytest

from services.chassis.triton.faults import Kind, classify, dead_model

DEAD = (
    "in ensemble 'read_ticket', Failed to process the request(s) for model instance "
    "'encoder_0_1', message: Stub process 'encoder_0_1' is not healthy."
)


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        ("UNAVAILABLE", "failed to connect to all addresses; last error: …", Kind.UNREACHABLE),
        ("UNAVAILABLE", "Server is stopping, scheduler for model …", Kind.UNREACHABLE),
        ("UNAVAILABLE", "'both' version 1 is not at ready state", Kind.UNREACHABLE),
        ("UNAVAILABLE", "Stream removed (Socket closed)", Kind.LOST),
        ("UNAVAILABLE", "Socket closed", Kind.LOST),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", Kind.LOST),
        ("NOT_FOUND", "Request for unknown model: 'x' is not found", Kind.UNREACHABLE),
        ("INTERNAL", DEAD, Kind.STUB),
        ("INTERNAL", "Traceback (most recent call last): …", Kind.REFUSED),
        ("INVALID_ARGUMENT", "bad input", Kind.REFUSED),
        ("RESOURCE_EXHAUSTED", "Sent message larger than max", Kind.REFUSED),
    ],
)
def test_a_status_says_who_may_be_at_fault(code, details, kind):
    """The table of failures as a client of Triton 2.51 sees them."""
    assert classify(code, details) is kind


def test_the_dead_process_is_named_by_its_own_model():
    """In an ensemble a member died: that one is loaded again, not the ensemble."""
    assert dead_model(DEAD) == "encoder"
    assert dead_model("Stub process 'read_me_3_0' is not healthy.") == "read_me"
    assert dead_model("all is well") is None
