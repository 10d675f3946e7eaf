"""When Triton counts as ready: its own word for it sees no dead process behind it."""

from pathlib import Path
from typing import Any

import pytest

from infra.local import triton
from infra.local.triton import QUESTIONS, TritonPart

ANSWER = {"outputs": [{"name": "TOKENS", "data": [3]}]}


class Server:
    """Answers as a test says: the answer to a question, or the error to raise."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = dict.fromkeys(QUESTIONS, ANSWER)
        self.counts = dict.fromkeys(QUESTIONS, 0)
        self.alive = True

    def ask(self, path: str, _body: object = None) -> dict[str, Any] | None:
        """In place of HTTP."""
        question, _, what = path.partition("/")
        if what == "stats":
            return {
                "model_stats": [{"inference_stats": {"success": {"count": self.counts[question]}}}]
            }
        answer = self.answers[question]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that answers everything."""
    made = Server()
    monkeypatch.setattr(triton, "answers", lambda *_, **__: made.alive)
    return made


@pytest.fixture
def part(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> TritonPart:
    """The part, with that server behind it."""
    made = TritonPart(tmp_path / "triton.log")
    monkeypatch.setattr(made, "_ask", server.ask)
    return made


def test_all_questions_answered_is_ready(part: TritonPart) -> None:
    """The plain case."""
    assert part.is_ready()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", [None, {}, {"outputs": []}])
def test_an_error_or_an_empty_answer_is_not_ready(
    part: TritonPart, server: Server, question: str, answer: object
) -> None:
    """Triton can say OK and give nothing; and one question of two is not enough."""
    server.answers[question] = answer
    assert not part.is_ready()


def test_a_server_that_does_not_live_is_not_ready(part: TritonPart, server: Server) -> None:
    """Before it listens, and after its end."""
    server.alive = False
    assert not part.is_ready()


def test_a_busy_server_is_ready_while_it_answers_others(part: TritonPart, server: Server) -> None:
    """A backlog before ours is no reason to kill it; the first look has nothing to compare."""
    server.answers["read_ticket"] = TimeoutError()
    server.counts["read_ticket"] = 100
    assert not part.is_ready()
    server.counts["read_ticket"] = 132
    assert part.is_ready()


def test_a_silent_server_is_not_ready_whatever_the_other_question_gets(
    part: TritonPart, server: Server
) -> None:
    """A hanging head leaves the other ensemble alone."""
    server.answers["read_ticket"] = TimeoutError()
    for count in (100, 132, 164):
        server.counts["read_notice"] = count
        assert not part.is_ready()
