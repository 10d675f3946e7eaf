"""Cases that wait for a text, in the journal of a real broker, whoever dies meanwhile."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.automation.decision import CaseDecided
from schemas.automation.writing import WritingCompleted, WritingRequested, WritingStatus
from services.decider.policies import SHIPPED
from tests.integration.decider.house import House, judge, until
from topics.automation import CASE_DECIDED, WRITING_COMPLETED, WRITING_REQUESTED

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

WAITS = """
writing:
  - {task: summarise, when: {text.present: true}, within: 12s}

rules:"""


def policies(folder: Path) -> str:
    """The shipped ones, where every ticket waits for a summary."""
    folder.mkdir()
    for file in SHIPPED.glob("*.yaml"):
        text = file.read_text()
        if file.name == "support.yaml":
            text = text.replace("\nrules:", WAITS, 1)
        (folder / file.name).write_text(text)
    return str(folder)


def answer(house: House, value: bytes) -> None:
    """As the writer would."""
    asked = WritingRequested.from_json(value)
    event = WritingCompleted(
        writing_id=asked.writing_id,
        tenant=asked.tenant,
        case_id=asked.case_id,
        subject=asked.subject,
        task=asked.task,
        status=WritingStatus.WRITTEN,
        text="Late.",
        completed_at=datetime.now(UTC),
    )
    house.say(WRITING_COMPLETED, asked.tenant, event)


def test_who_waits_is_decided_once_by_its_text_or_its_deadline(house: House) -> None:
    """Killed while they wait, and killed again while half of them is answered."""
    settings = {
        "SLUICE_DECIDER_POLICIES": policies(house.folder / "policies"),
        "SLUICE_DECIDER_WRITER": "true",
    }
    crash = {
        "SLUICE_CRASH_POINT": "decider.after-append",
        "SLUICE_CRASH_MARK": str(house.folder / "mark"),
    }
    cases = [uuid4() for _ in range(12)]
    house.feed(cases)
    first = house.start("1", **settings, **crash)
    assert first.wait(40) == -signal.SIGKILL, house.log()
    second = house.start("1", **settings)

    def asked() -> dict[str, bytes]:
        return dict(house.read(WRITING_REQUESTED))

    until(lambda: len(asked()) == len(cases), 40, house.log())
    assert house.decided() == set()
    answered = list(asked().values())[:6]
    for value in answered[:3]:
        answer(house, value)
    until(lambda: len(house.decided()) >= 1, 30, house.log())
    second.kill()
    second.wait(10)
    for value in [*answered, *answered]:
        answer(house, value)
    third = house.start("elsewhere", **settings)
    until(lambda: len(house.decided()) == len(cases), 60, house.log())
    third.terminate()
    assert third.wait(25) == 0, house.log()
    judge(house, cases)
    how = [
        CaseDecided.from_json(value).decision.facts["writing.status"]
        for value in dict(house.read(CASE_DECIDED)).values()
    ]
    assert how.count("written") + how.count("expired") == len(cases)
    assert how.count("expired") >= len(cases) - len(answered)
