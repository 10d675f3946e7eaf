"""CPU is attributed to the right process, by real processes that burn it."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from infra.bench.spending import Meter, Role, Watched, model_of
from infra.bench.target import BenchError

# Burns as much CPU as each line says, then answers.
_BURNER = """
import sys, time
for line in sys.stdin:
    end = time.process_time() + float(line)
    while time.process_time() < end: pass
    print("done", flush=True)
"""


class Burner:
    """A process that does nothing until told."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BURNER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def burn(self, seconds: float) -> None:
        """Return when it has."""
        self.child.stdin.write(f"{seconds}\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "done\n"

    def end(self) -> None:
        """Kill and reap."""
        self.child.kill()
        self.child.communicate()


@pytest.fixture
def burners() -> Iterator[tuple[Burner, Burner]]:
    """Two of them."""
    made = Burner(), Burner()
    yield made
    for each in made:
        each.end()


def test_only_who_worked_is_charged(burners: tuple[Burner, Burner]) -> None:
    """The one that burned 0.3 s has 0.3 s, its idle neighbour next to nothing."""
    busy, idle = burners
    meter = Meter(
        [
            Watched("assessor-1", Role.PIPELINE, psutil.Process(busy.child.pid)),
            Watched("kafka", Role.BROKER, psutil.Process(idle.child.pid)),
        ]
    )
    busy.burn(0), idle.burn(0)
    before = meter.sample()
    busy.burn(0.3)
    spent = meter.between(before, meter.sample())
    assert 0.28 <= spent.by_name["assessor-1"] <= 0.5
    assert spent.by_name["kafka"] <= 0.05
    assert spent.of(Role.PIPELINE) == spent.by_name["assessor-1"]
    assert spent.of(Role.PIPELINE, Role.BROKER) == sum(spent.by_name.values())


def test_processes_of_one_name_are_added_up(burners: tuple[Burner, Burner]) -> None:
    """The instances of a model are one line."""
    meter = Meter(
        [Watched("model encoder", Role.MODEL, psutil.Process(b.child.pid)) for b in burners]
    )
    for each in burners:
        each.burn(0)
    before = meter.sample()
    for each in burners:
        each.burn(0.1)
    assert meter.between(before, meter.sample()).by_name["model encoder"] >= 0.18


def test_a_process_that_ends_makes_the_measurement_void(burners: tuple[Burner, Burner]) -> None:
    """A restarted service begins at nothing: its figures would look wonderful."""
    meter = Meter([Watched("intake-1", Role.PIPELINE, psutil.Process(burners[0].child.pid))])
    burners[0].end()
    with pytest.raises(BenchError, match=r"intake-1 ended.*void.*make status"):
        meter.sample()


def test_an_idle_stack_is_quiet_at_once(burners: tuple[Burner, Burner]) -> None:
    """No waiting where there is nothing to wait for."""
    meter = Meter([Watched("intake-1", Role.PIPELINE, psutil.Process(burners[0].child.pid))])
    burners[0].burn(0)
    assert meter.quiet() < 60


def test_a_stack_that_never_rests_is_refused(burners: tuple[Burner, Burner]) -> None:
    """A backlog of somebody else would be measured as the bench's own."""
    meter = Meter([Watched("intake-1", Role.PIPELINE, psutil.Process(burners[0].child.pid))])
    burners[0].child.stdin.write("30\n")
    burners[0].child.stdin.flush()
    with pytest.raises(BenchError, match=r"still busy.*sluice offsets"):
        meter.quiet(share=0.02, within_s=0.4)


def test_a_stub_tells_whose_it_is() -> None:
    """By the model file that it was told to load; other children of the server are nobody's."""
    stub = "/env/backends/python/triton_python_backend_stub"
    assert model_of([stub, "/models/encoder/1/model.py", "region_1", "1048576"]) == "encoder"
    assert model_of([stub, "region_1"]) is None
    assert model_of(["/bin/sh", "/models/encoder/1/model.py"]) is None
    assert model_of([]) is None
