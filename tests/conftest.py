"""The session's broker, and what the end of a run has to tell besides pass and fail."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.broker import Broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Broker]":
    """A real Kafka for the whole session; tests keep apart by topic and group names."""
    from tests.broker import any_broker  # noqa: PLC0415 - unit tests start without a Kafka client

    with any_broker(tmp_path_factory.mktemp("kafka")) as served:
        yield served


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which broker served, and count what was skipped and why."""
    for which in getattr(sys.modules.get("tests.broker"), "served", ()):
        terminalreporter.write_line(f"broker: {which}")
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in skipped
    )
    terminalreporter.write_line(f"skipped: {len(skipped)}")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"  {count} x {reason}")
