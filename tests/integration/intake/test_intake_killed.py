"""Intake killed with a backlog: the next process does again what was not committed."""

import json
import signal

import pytest

from tests.fakes_intake import TICKETS, cloud, ticket
from tests.integration.intake.conftest import House, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def test_nothing_is_lost_and_what_is_said_twice_is_the_same(house: House) -> None:
    """What is done again gives the same cases and the same letters: ids depend on the cause."""
    bodies = [
        b"{" if n % 10 == 0 else json.dumps(ticket(ticket_id=f"T-{n}")).encode() for n in range(200)
    ]
    sent = [one for n, body in enumerate(bodies) for one in house.send(
        TICKETS, [body], key=b"%d" % n, headers=cloud(TICKETS, "/helpdesk/acme", f"e-{n}")
    )]  # fmt: skip
    mark = house.folder / "mark"
    crash = {"SLUICE_CRASH_POINT": "boundary.after-send", "SLUICE_CRASH_MARK": str(mark)}
    assert house.start(**crash).wait(60) == -signal.SIGKILL, house.log()
    second = house.start(**crash)

    def complete() -> bool:
        return set(house.cases()) | set(house.letters()) == {one.place for one in sent}

    until(complete, 60, house.log)
    house.settled(TICKETS)
    second.terminate()
    assert second.wait(29) == 0, house.log()
    accepted, put_aside = house.cases(), house.letters()
    assert set(accepted).isdisjoint(put_aside)
    assert len(put_aside) == 20
    assert len({case.case_id for (case, *_) in accepted.values()}) == 180
    for repeated in accepted.values():
        assert all(case == repeated[0] for case in repeated)
