"""The session's broker, and what the end of a run has to tell besides pass and fail."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from infra.local.triton import TritonPart
    from tests.broker import Broker
    from tests.triton import Server


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Broker]":
    """A real Kafka for the whole session; tests keep apart by topic and group names."""
    from tests.broker import any_broker  # noqa: PLC0415 - unit tests start without a Kafka client

    with any_broker(tmp_path_factory.mktemp("kafka")) as served:
        yield served


@pytest.fixture(scope="session")
def triton_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Server]":
    """A real Triton with our models for the whole session; the first time they are built."""
    from tests.triton import any_triton  # noqa: PLC0415 - unit tests start without it

    with any_triton(tmp_path_factory.mktemp("triton")) as server:
        yield server


@pytest.fixture(scope="session")
def writing_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[TritonPart]":
    """A real Triton with the real 0.5B writer; skipped where its weights are not to be had."""
    from tests.writer import writing_triton  # noqa: PLC0415 - unit tests start without it

    with writing_triton(tmp_path_factory.mktemp("writer")) as part:
        yield part


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Time the tests that need Triton without their fixtures: the first one builds the models."""
    for item in items:
        if item.get_closest_marker("triton") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(60, func_only=True))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which broker and Triton served, and count what was skipped and why."""
    for part in ("broker", "triton"):
        for which in getattr(sys.modules.get(f"tests.{part}"), "served", ()):
            terminalreporter.write_line(f"{part}: {which}")
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in skipped
    )
    terminalreporter.write_line(f"skipped: {len(skipped)}")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"  {count} x {reason}")
