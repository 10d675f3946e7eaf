"""`make demo`: one command, and every example becomes a decision with a complete trace."""

import json
import signal
import time
from pathlib import Path

import pytest

from infra.demo import producing
from infra.local.places import is_free

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Triton's stubs keep theirs


def _ports(home: Path) -> list[int]:
    return list(json.loads((home / "ports.json").read_text()).values())


def test_the_demonstration_ends_well_and_leaves_nothing(sluice) -> None:
    """Exit 0 says: each example decided, each trace complete; then no process, port or memory."""
    before = {path.name for path in SHARED_MEMORY.iterdir()}
    code, output = sluice.run("demo")
    assert code == 0, output
    for example in producing.examples():
        assert example.name in output
    assert "every example reached its decision, every trace is complete" in output
    assert sluice.leftovers() == []
    assert [port for port in _ports(sluice.home) if not is_free(port)] == []
    assert {path.name for path in SHARED_MEMORY.iterdir()} <= before


def test_an_interrupt_stops_everything(sluice) -> None:
    """Ctrl-C in the middle of the start: nothing stays behind, and the exit code says so."""
    process = sluice.start("demo")
    deadline = time.monotonic() + 120
    while not sluice.leftovers() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert sluice.leftovers(), "nothing was started"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert sluice.leftovers() == []
    assert [port for port in _ports(sluice.home) if not is_free(port)] == []


def test_a_second_one_says_so_and_offers_the_remedy(up) -> None:
    """It must neither share nor disturb the one that runs."""
    code, output = up.sluice.run("demo")
    assert code != 0
    assert "already up" in output
    assert "make status" in output
    code, _ = up.sluice.run("status")
    assert code == 0


def test_status_tells_people_and_programs(up) -> None:
    """Addresses, pids and health of every part; exit code 0 says that all is well."""
    code, output = up.sluice.run("status", "--json")
    told = json.loads(output)
    assert code == 0
    assert told["well"]
    parts = told["parts"]
    assert {"kafka", "triton", "zipkin", "intake-1", "assessor-1", "decider-1"} <= set(parts)
    for name in ("intake-1", "assessor-1", "decider-1"):
        assert parts[name]["pid"]
        assert parts[name]["health"]["checks"]["group membership"]["ok"]
    code, output = up.sluice.run("logs", "decider")
    assert code == 0
    assert '"service": "decider"' in output
