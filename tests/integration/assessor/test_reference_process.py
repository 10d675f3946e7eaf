"""Reference data through the whole flow: joined, decided over, gone, stale, kept over a restart."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from schemas.automation.case import Case
from schemas.supply import Family, Milestone, Reference
from services.decider.policies import SHIPPED
from tests.fakes_reader import supply_case, ticket_case
from tests.fakes_reference import event, record
from tests.integration.assessor.house import House, until
from tests.triton import Server
from topics.dead_letters import ASSESSOR_DEAD_LETTERS

pytestmark = [pytest.mark.kafka, pytest.mark.triton, pytest.mark.timeout(180, func_only=True)]

DEAR = """
  - id: dear
    when: {order.amount: {gte: 10000}}
    then: []
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """The shipped ones, with a rule over a joined fact before all others."""
    folder = tmp_path / "policies"
    folder.mkdir()
    for file in SHIPPED.glob("*.yaml"):
        text = file.read_text()
        change = file.stem == "supply"
        (folder / file.name).write_text(
            text.replace("\nrules:", f"\nrules:{DEAR}", 1) if change else text
        )
    return folder


def order(id_: str, ago: timedelta = timedelta(), **fields):
    """An order worth a rule."""
    as_of = (datetime.now(UTC) - ago).isoformat()
    return record(
        event("order", id_, {"amount": "20000.00", "status": "shipped"}, as_of=as_of, **fields),
        f"acme|order:{id_}",
    )


def late(number: int, so: str) -> Case:
    """A shipment of that order is late."""
    case = supply_case(number=number)
    return case.model_copy(
        update={
            "supply": case.supply.model_copy(
                update={
                    "family": Family.TRANSPORT,
                    "milestone": Milestone.CHANGED,
                    "refs": (Reference(type="so", value=so),),
                }
            )
        }
    )


def asked(number: int) -> Case:
    """A customer asks now."""
    case, now = ticket_case(number=number, requester_ref="c0ffee"), datetime.now(UTC)
    origin = case.origin.model_copy(update={"timestamp": now})
    return case.model_copy(update={"occurred_at": now, "origin": origin})


def read_at_start(house: House) -> int:
    """How many records of the reference topic the last process read before it joined."""
    lines = [json.loads(line) for line in house.log().splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if line["event"] == "read to its end"]
    return told["records"]


def test_facts_come_and_go_and_grow_old(
    house: House, triton_server: Server, policies: Path
) -> None:
    """From a record of an order's owner to the rule that its amount decides."""
    house.tell(
        order("SO-1"),
        order("SO-2", timedelta(days=1, minutes=1)),
        order("SO-3"),
        record(None, "acme|order:SO-3"),
        order("SO-4"),
        record(b"{", "acme|order:SO-4"),
        record(event("customer", "c0ffee", {"tier": "gold"}), "acme|customer:c0ffee"),
        record(
            event(
                "sla_policy",
                "default",
                {"time_zone": "Asia/Kolkata", "reply_within_minutes": {"normal": 90}},
            ),
            "acme|sla_policy:default",
        ),
    )
    house.decide(policies)
    process = house.start(triton_server.url)
    house.feed(*(late(number, f"SO-{number}") for number in range(1, 5)), asked(5))
    until(lambda: len(house.decided()) == 5, 60, house.log)

    assessed, decided = house.assessed(), house.decided()
    joined = {fact.name: fact for fact in assessed[1].assessment.facts}
    assert joined["order.amount"].value == 20000
    assert joined["order.amount"].source == "order:SO-1"
    assert decided[1].policy.rule == "dear"
    assert decided[1].facts["order.amount"] == 20000

    def why(number: int) -> str:
        (skipped,) = [each for each in decided[number].trail if each.rule == "dear"]
        return skipped.because

    assert "order.amount" in {fact.name for fact in assessed[2].assessment.facts}
    assert why(2) == "order.amount is stale, not gte 10000"
    assert "order.amount" not in decided[2].facts
    for number in (3, 4):
        assert "order.amount" in assessed[number].assessment.missing_facts
        assert why(number) == "order.amount is missing, not gte 10000"

    assert decided[5].facts["customer.tier"] == "gold"
    assert decided[5].facts["sla.breached"] is False
    assert 5000 < decided[5].facts["sla.due_in"] <= 5400

    assert "reference: an unreadable record" in house.log()
    assert 'sluice_alarm{what="reference-unreadable"} 1.0' in house.page("/metrics")
    assert house.read(ASSESSOR_DEAD_LETTERS) == []

    # What is told while it runs is known to the cases that come after it.
    house.tell(record(None, "acme|order:SO-1"), order("SO-4"))
    numbers = count(100)

    def forgotten() -> bool:
        number = next(numbers)
        house.feed(late(number, "SO-1"))
        until(lambda: number in house.assessed(), 20, house.log)
        return "order.amount" in house.assessed()[number].assessment.missing_facts

    until(forgotten, 20, house.log)
    assert 'sluice_alarm{what="reference-unreadable"} 0.0' in house.page("/metrics")
    process.terminate()
    assert process.wait(20) == 0, house.log()


def test_after_a_restart_only_the_rest_is_read(house: House, triton_server: Server) -> None:
    """Also after a kill -9; what was known before is known again."""
    house.tell(*(order(f"SO-R{number}") for number in range(300)))
    first = house.start(triton_server.url)
    until(lambda: "read to its end" in house.log(), 40, house.log)
    assert read_at_start(house) >= 300
    house.feed(late(501, "SO-R7"))
    until(lambda: 501 in house.assessed(), 40, house.log)
    first.kill()
    first.wait(10)
    house.tell(order("SO-R300"), order("SO-R301"), record(None, "acme|order:SO-R8"))
    house.start(triton_server.url)
    house.feed(*(late(510 + n, so) for n, so in enumerate(("SO-R7", "SO-R300", "SO-R8"))))
    until(lambda: {510, 511, 512} <= house.assessed().keys(), 60, house.log)
    assert read_at_start(house) == 3
    known = [
        {fact.name for fact in house.assessed()[number].assessment.facts}
        for number in (510, 511, 512)
    ]
    assert ["order.amount" in names for names in known] == [True, True, False]
