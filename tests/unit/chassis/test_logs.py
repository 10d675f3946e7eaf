"""Every line is JSON and says whose it is, whichever thread and library it comes from."""

import json
import logging
import threading

import pytest
import structlog

from services.chassis import logs
from services.chassis.errors import Outage


@pytest.fixture
def restored():
    """Logging as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_lines_of_every_thread_and_library_are_json_with_service_and_instance(
    restored, capsys
) -> None:
    """A consumer's thread, a client library's logger, an exception with its traceback."""
    logs.configure("assessor", "2")
    ours = threading.Thread(target=lambda: structlog.get_logger().info("assigned", lanes=[1]))
    theirs = threading.Thread(target=lambda: logging.getLogger("aiokafka").warning("dead %d", 1))
    for thread in (ours, theirs):
        thread.start()
        thread.join()
    try:
        _ = {}["nothing"]
    except KeyError:
        structlog.get_logger().exception("failed")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["assigned", "dead 1", "failed"]
    assert {(line["service"], line["instance"]) for line in lines} == {("assessor", "2")}
    assert lines[0]["lanes"] == [1]
    assert "KeyError" in lines[2]["exception"]
    assert all("timestamp" in line and "level" in line for line in lines)


def test_an_exception_that_may_quote_a_record_is_logged_without_its_words(restored, capsys) -> None:
    """Class and frames say enough; our own errors, which never quote, keep theirs."""
    logs.configure("decider", "1")
    text = "someone@example.org"
    try:
        try:
            int(text)
        except ValueError as error:
            raise Outage("the journal does not answer") from error
    except Outage:
        structlog.get_logger().exception("failed")
        logging.getLogger("mode").exception("failed")
    for line in capsys.readouterr().err.splitlines():
        said = json.loads(line)["exception"]
        assert text not in said
        assert said.index("ValueError") < said.index("Outage: the journal does not answer")
        assert "test_logs.py" in said
