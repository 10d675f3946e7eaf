"""The local stack: which parts it has, how they hang together, and running it."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from infra.local import preflight
from infra.local.console import Progress
from infra.local.home import Home
from infra.local.interrupt import on_interrupt
from infra.local.kafka import KafkaBroker
from infra.local.part import Part, StackError, Step
from infra.local.places import Ports
from infra.local.service import Service
from infra.local.supervisor import Event, Supervisor, Unit
from infra.local.triton import TritonPart
from infra.local.zipkin import Zipkin
from infra.triton.settings import ModelsSettings
from services.chassis.settings import load

PARTITIONS = 4
# What each service waits for: the broker always, the model server where it asks one.
SERVICES: dict[str, tuple[str, ...]] = {
    "intake": ("topics", "zipkin"),
    "assessor": ("topics", "zipkin", "triton"),
    "decider": ("topics", "zipkin"),
}
# Started where a model that writes is asked for, or where the service is named.
OPTIONAL: dict[str, tuple[str, ...]] = {"writer": ("topics", "zipkin", "triton")}
_MASKING_KEY = "SLUICE_INTAKE_MASKING_KEY"
_WRITER = "SLUICE_DECIDER_WRITER"
_VAULT_KEY = "SLUICE_INTAKE_VAULT_PUBLIC_KEY"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. `only`: these parts and what they need; empty: all."""

    only: tuple[str, ...] = ()
    workers: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    fresh: bool = False
    show_logs: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is up: where things are, as the state file says it too."""

    home: Home
    units: Sequence[Unit]

    def address(self, part: str, which: str) -> str:
        """For example `address("kafka", "bootstrap_servers")`."""
        for unit in self.units:
            if isinstance(unit, Part) and unit.name == part:
                return unit.addresses()[which]
        raise StackError(f"{part} is not part of this stack")

    @property
    def environment(self) -> dict[str, str]:
        """What a client of this stack needs in its environment, the services' own included."""
        return _environment({u.name: u for u in self.units if isinstance(u, Part)})


def units(plan: Plan, home: Home) -> list[Unit]:
    """Every part, in the order in which people think of them."""
    ports = Ports(home.ports_file, plan.ports)
    kafka = KafkaBroker(home.folder / "kafka", ports=ports, log=home.logs / "kafka.log")
    parts: dict[str, Part] = {
        "kafka": kafka,
        "zipkin": Zipkin(home.logs / "zipkin.log", ports=ports),
        "triton": TritonPart(home.logs / "triton.log", ports=ports),
    }
    topics = Step("topics", ("kafka",), lambda: _make_topics(kafka.bootstrap_servers))
    chosen = _services(plan)
    services = [
        Service(
            service,
            f"{service}-{number}",
            needs=needs,
            env=_environment(parts) | _secrets(service, home) | _told(service, chosen),
            state_dir=home.folder / "services" / f"{service}-{number}",
            log=home.logs / f"{service}-{number}.log",
            ports=ports,
        )
        for service, needs in chosen.items()
        for number in range(1, plan.workers.get(service, 1) + 1)
    ]
    return _chosen([*parts.values(), topics, *services], plan.only)


@contextlib.asynccontextmanager
async def running(plan: Plan, console: Console, home: Home | None = None) -> AsyncIterator[Running]:
    """Bring the stack up, and take it down again whatever happens inside.

    Raises:
        StackError: it cannot be started; everything is down again.
    """
    began = time.monotonic()
    home = home or Home()
    with home.only_one(), home.mark():
        preflight.check()
        for leftover in home.sweep():
            console.print(f"removed what a killed stack left: {leftover}")
        if plan.fresh:
            home.forget()
        home.keep_old_logs()
        made = units(plan, home)
        book = _Book(home, made)
        progress = Progress(console)

        def tell(event: Event) -> None:
            book.note(event)
            progress.tell(event)

        supervisor = Supervisor(made, tell)
        shown = [asyncio.create_task(progress.show())]
        if plan.show_logs:
            parts = [unit for unit in made if isinstance(unit, Part)]
            shown += [asyncio.create_task(progress.follow(p.name, p.log)) for p in parts]
        try:
            await supervisor.start()
            # Said before it is written: who waits for the state has been told by then.
            console.print(f"[bold green]everything is ready after {time.monotonic() - began:.1f} s")
            book.say("ready")
            yield Running(home, made)
        finally:
            book.say("stopping")
            on_interrupt(supervisor.hurry)  # who asks again does not want to wait
            await supervisor.stop()
            home.sweep()
            book.say("stopped")
            for task in shown:
                task.cancel()


def _chosen(made: Sequence[Unit], only: Sequence[str]) -> list[Unit]:
    """The named units with what they need; a service's name means all its instances."""
    named = {unit.name: unit for unit in made}
    wanted: set[str] = set(named) if not only else set()
    todo = [
        name
        for asked in only
        for name in named
        if asked in {name, getattr(named[name], "service", name)}
    ]
    known = {getattr(unit, "service", unit.name) for unit in made}
    if unknown := [asked for asked in only if asked not in {*known, *named}]:
        raise StackError(f"no part is called {unknown[0]}; known: {', '.join(sorted(known))}")
    while todo:
        name = todo.pop()
        if name not in wanted and name in named:
            wanted.add(name)
            todo += named[name].needs
    return [unit for unit in made if unit.name in wanted]


def _services(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Those of every stack, and those that somebody wants."""
    named = {*plan.only, *plan.workers}
    asked = load(ModelsSettings).writer is not None
    return SERVICES | {name: needs for name, needs in OPTIONAL.items() if asked or name in named}


def _told(service: str, chosen: Mapping[str, object]) -> dict[str, str]:
    """A decider waits for texts where somebody writes them, unless it is told otherwise."""
    waits = service == "decider" and "writer" in chosen and _WRITER not in os.environ
    return {_WRITER: "true"} if waits else {}


def _environment(parts: Mapping[str, Part]) -> dict[str, str]:
    env = {"SLUICE_KAFKA_CHAIN_PARTITIONS": str(PARTITIONS)}
    if "kafka" in parts:
        servers = parts["kafka"].addresses()["bootstrap_servers"]
        env["SLUICE_KAFKA_BOOTSTRAP_SERVERS"] = servers
    if "triton" in parts:
        env["SLUICE_TRITON_URL"] = parts["triton"].addresses()["grpc"]
    if "zipkin" in parts:
        env["OTEL_TRACES_EXPORTER"] = "zipkin_json"
        url = parts["zipkin"].addresses()["url"]
        env["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] = f"{url}/api/v2/spans"
    return env


def _secrets(service: str, home: Home) -> dict[str, str]:
    """What only this service may know; what the environment has, it has from there."""
    from services.chassis.vault.keys import MasterKey  # noqa: PLC0415 - loads OpenSSL

    if service != "intake":
        return {}
    master = MasterKey.parse(home.secret("vault-private-key"))
    made = {
        _MASKING_KEY: home.secret("intake-masking-key"),
        _VAULT_KEY: master.public.raw.hex(),
    }
    return {name: value for name, value in made.items() if name not in os.environ}


def _make_topics(bootstrap_servers: str) -> None:
    from services.chassis.kafka import provisioning  # noqa: PLC0415 - drags in every schema

    client = {"bootstrap.servers": bootstrap_servers}
    left = provisioning.apply(client, partitions=PARTITIONS, replication=1)
    if left:
        said = "; ".join(str(drift) for drift in left)
        raise StackError(f"topics are not as declared: {said}; `sluice up --fresh` starts anew")


class _Book:
    """Keeps the state file true."""

    def __init__(self, home: Home, made: Sequence[Unit]) -> None:
        self._home = home
        self._state = {
            "state": "starting",
            "supervisor_pid": os.getpid(),
            "started_at": round(time.time(), 3),
            "parts": {unit.name: _described(unit) for unit in made},
        }
        self._home.write(self._state)

    def say(self, state: str) -> None:
        """The state of the whole."""
        self._state["state"] = state
        self._home.write(self._state)

    def note(self, event: Event) -> None:
        """The state of one part."""
        parts = self._state["parts"]
        assert isinstance(parts, dict)  # noqa: S101 - for the type checker
        entry = parts[event.unit.name]
        entry |= {"state": event.state, "detail": event.detail, "since": round(time.time(), 3)}
        if isinstance(event.unit, Part):
            child = event.unit.child
            entry["pid"] = child.pid if child is not None and child.running else None
            entry["restarts"] += event.state == "restarting"
        self._home.write(self._state)


def _described(unit: Unit) -> dict[str, object]:
    if isinstance(unit, Step):
        return {"state": "waiting", "kind": "step"}
    return {
        "state": "waiting",
        "kind": "service" if isinstance(unit, Service) else "part",
        "pid": None,
        "restarts": 0,
        "addresses": dict(unit.addresses()),
        "log": str(unit.log),
    }
