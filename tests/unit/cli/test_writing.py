"""`sluice write`: a text, asked about by hand; and what `sluice status` says of writers."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from schemas.automation.writing import WritingCompleted, WritingRequested
from services.chassis.errors import Outage
from services.cli import asked as asking
from services.cli.stack import writer_line
from services.cli.writing import write
from services.writer import telling
from services.writer.domain.guarding import Fault, Guard
from services.writer.domain.judging import Judged
from services.writer.ports import Written
from tests.fakes_writer import BITS, NOW


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WritingRequested]]:
    """A writer that finds a promise; notes what it was asked."""
    seen: list[WritingRequested] = []

    async def answer(request: WritingRequested, _: str) -> WritingCompleted:
        seen.append(request)
        judged = Judged(text="We will refund\x1b[2J you.", faults=(Fault(Guard.PROMISE, "reply"),))
        written = Written("", whole=True, model=BITS, tokens=9, compute_us=1_500_000)
        return telling.completed(request, written, judged, NOW, truncated=False)

    monkeypatch.setattr(asking, "answer", answer)
    return seen


def run(*arguments: str, text: str = "PO-1 is late.") -> Result:
    """The command, with the text on standard input."""
    given = ["--url", "127.0.0.1:1", *arguments]
    return CliRunner().invoke(write, given, input=text)


def test_a_text_is_asked_about_with_all_that_is_told(server: list[WritingRequested]) -> None:
    """Days are UTC, labels are the shipped pack's, facts go along."""
    result = run("extract", "-", "--expected", "2026-11-27", "--fact", "po.part=AB-1")
    assert result.exit_code == 1  # something for a person
    (asked,) = server
    assert asked.text == "PO-1 is late."
    assert asked.expected_at == datetime(2026, 11, 27, tzinfo=UTC)
    assert "delay" in asked.labels
    assert [(each.name, each.value) for each in asked.facts] == [("po.part", "AB-1")]


def test_what_is_for_a_person_is_named_and_steers_no_terminal(
    server: list[WritingRequested],
) -> None:
    """The model's words are foreign text."""
    result = run("draft", "-", "--language", "en")
    assert "for a person: promise in reply" in result.output
    assert "\x1b" not in result.output
    assert "9 tokens, 1.5 s" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("draft", "-", "--fact", "po"), "NAME=VALUE"),
        (("translate", "-"), "translate"),
        (("extract", "/nowhere"), "/nowhere"),
    ],
)
def test_a_mistake_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    """2, as everywhere, and nobody is asked."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_huge_text_is_refused_by_its_field(server: list[WritingRequested]) -> None:
    """As the contract does; one line, no traceback."""
    result = run("summarise", "-", text="x" * 100_000)
    assert "text" in str(result.exception)
    assert not server


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its address."""

    async def answer(*_: object) -> WritingCompleted:
        raise Outage("away")

    monkeypatch.setattr(asking, "answer", answer)
    result = run("extract", "-")
    assert result.exit_code == 1
    assert "127.0.0.1:1 does not answer" in result.output


def test_status_says_whether_a_writer_is_served() -> None:
    """Nobody needs one, and nobody should have to guess."""
    assert "SLUICE_MODELS_WRITER" in writer_line({"kafka": {}})
    checks = {"model:writer": {"ok": True, "detail": "not served: every request"}}
    assert "not served" in writer_line({"writer-1": {"health": {"checks": checks}}})
