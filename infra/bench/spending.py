"""Who used how much CPU: every process of the stack, each in one role."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

from infra.bench.target import BenchError, Target


class Role(StrEnum):
    """What a process is to a case. The pipeline is all of ours but the model's computing."""

    PIPELINE = "pipeline"
    MODEL = "model"
    BROKER = "broker"
    STORE = "trace store"
    BESIDE = "beside"


# A part that is neither a service of ours nor in here is beside the flow.
_ROLES = {"triton": Role.PIPELINE, "kafka": Role.BROKER, "zipkin": Role.STORE}
_STUB = "triton_python_backend_stub"


@dataclass(frozen=True, slots=True)
class Watched:
    """One process under the name it is reported by."""

    name: str
    role: Role
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Since it began, its threads included."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU seconds of every process, and of the machine as a whole, at one moment."""

    at: float
    seconds: Mapping[str, float]
    busy: float
    stolen: float


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds between two samples. `other`: by programs that are not of the stack."""

    wall_s: float
    by_name: Mapping[str, float]
    roles: Mapping[str, Role]
    other: float
    stolen: float

    def of(self, *roles: Role) -> float:
        """The sum over roles."""
        return sum(spent for name, spent in self.by_name.items() if self.roles[name] in roles)


@dataclass
class Meter:
    """Samples the same processes again and again."""

    watched: list[Watched] = field(default_factory=list)

    @property
    def roles(self) -> dict[str, Role]:
        """By reported name; processes of one name are added up."""
        return {each.name: each.role for each in self.watched}

    def sample(self) -> Sample:
        """Now.

        Raises:
            BenchError: one of them has ended: what was measured is void.
        """
        seconds: dict[str, float] = {}
        for each in self.watched:
            try:
                spent = each.cpu_seconds()
            except psutil.NoSuchProcess:
                raise BenchError(
                    f"{each.name} ended during the measurement, so it is void;"
                    " `make status` and `make logs` show why"
                ) from None
            seconds[each.name] = seconds.get(each.name, 0.0) + spent
        machine = psutil.cpu_times()
        # Guests are in user and nice already.
        idle = machine.idle + machine.iowait + machine.guest + machine.guest_nice
        busy = sum(machine) - idle - machine.steal
        return Sample(time.monotonic(), seconds, busy=busy, stolen=machine.steal)

    def between(self, before: Sample, after: Sample) -> Spent:
        """What was spent from one sample to a later one."""
        by_name = {name: after.seconds[name] - before.seconds[name] for name in before.seconds}
        busy = after.busy - before.busy
        return Spent(
            after.at - before.at,
            by_name,
            self.roles,
            # The kernel rounds both: a little below nothing is nothing.
            other=max(0.0, busy - sum(by_name.values())),
            stolen=after.stolen - before.stolen,
        )

    def quiet(self, *, share: float = 0.15, within_s: float = 60.0) -> float:
        """Wait until the stack does next to nothing, such as exporting spans; returns how long.

        `share`: of one core, over half a second.

        Raises:
            BenchError: it works on, so there is something else that it works at.
        """
        began = time.monotonic()
        before = self.sample()
        while before.at - began < within_s:
            time.sleep(0.5)
            after = self.sample()
            spent = self.between(before, after)
            working = spent.of(Role.PIPELINE, Role.MODEL, Role.BROKER, Role.STORE)
            if working < share * spent.wall_s:
                return after.at - began
            before = after
        raise BenchError(
            f"the stack is still busy after {within_s:.0f} s without work from the bench; has it"
            " a backlog, or another producer? `sluice offsets show` tells what is left"
        )


def meter(target: Target) -> Meter:
    """Every process of the stack, the model server's own children, and this one."""
    watched = [Watched("supervisor", Role.BESIDE, psutil.Process(target.supervisor_pid))]
    for name, process in target.processes.items():
        service = target.parts[name]["kind"] == "service"
        role = Role.PIPELINE if service else _ROLES.get(name, Role.BESIDE)
        watched.append(Watched("tritonserver" if name == "triton" else name, role, process))
    stubs = target.processes["triton"].children(recursive=True)
    watched.extend(_stubs((child, child.cmdline()) for child in stubs))
    watched.append(Watched("this bench", Role.BESIDE, psutil.Process()))
    return Meter(watched)


def _stubs(children: Iterable[tuple[psutil.Process, list[str]]]) -> Iterator[Watched]:
    for process, command in children:
        model = model_of(command)
        if model is not None:
            yield Watched(f"model {model}", Role.MODEL, process)


def model_of(command: list[str]) -> str | None:
    """Whose process a stub is: it is told .../MODEL/VERSION/model.py."""
    if not command or Path(command[0]).name != _STUB:
        return None
    for word in command[1:]:
        path = Path(word)
        if path.suffix == ".py":
            return path.parents[1].name
    return None
