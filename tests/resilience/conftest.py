"""One Triton for the session, one flow that faults hit, one that is left in peace: the oracle."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from infra.local.triton import TritonPart
from infra.resilience.flow import Flow
from infra.resilience.found import Found
from infra.resilience.load import Published
from infra.resilience.run import WORKERS, consult

pytest.register_assert_rewrite("tests.flows")

from tests.flows import perishable_repository  # noqa: E402 - only now its asserts explain themselves

Oracle = Callable[[Sequence[Published]], Found]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real processes are killed and started again: no test here is done in a minute."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.resilience)
            item.add_marker(pytest.mark.timeout(420))


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models of these tests are, and the marks that they leave."""
    return tmp_path_factory.mktemp("triton")


@pytest.fixture(scope="session")
def session_triton(model_home: Path) -> Iterator[TritonPart]:
    """The real server with the real models; the encoder can be told to die (tests/flows.py)."""
    part = TritonPart(model_home / "triton.log", repository=perishable_repository(model_home))
    part.prepare()
    part.start()
    try:
        part.wait_ready()
        yield part
    finally:
        part.stop()


@pytest.fixture
def triton(session_triton: TritonPart) -> TritonPart:
    """The session's, started again where a test left it dead."""
    if not session_triton.running:
        session_triton.kill()  # it is dead; this takes note of it
        session_triton.start()
        session_triton.wait_ready()
    return session_triton


@pytest.fixture(scope="session")
def session_flow(
    tmp_path_factory: pytest.TempPathFactory, session_triton: TritonPart
) -> Iterator[Flow]:
    """All of the system but its models; deciders are two."""
    flow = Flow(tmp_path_factory.mktemp("flow"), session_triton, workers=WORKERS)
    try:
        flow.start()
        yield flow
    finally:
        flow.stop()


@pytest.fixture
def flow(session_flow: Flow, triton: TritonPart) -> Flow:
    """The session's, whole again whatever the test before did to it."""
    session_flow.restore()
    return session_flow


@pytest.fixture(scope="session")
def oracle(
    tmp_path_factory: pytest.TempPathFactory, session_triton: TritonPart
) -> Iterator[Oracle]:
    """Says what becomes of the same events in a flow without faults."""
    calm = Flow(
        tmp_path_factory.mktemp("oracle"), session_triton, workers=dict.fromkeys(WORKERS, 1)
    )
    try:
        yield lambda published: consult(calm, [each.given for each in published])
    finally:
        calm.stop()
