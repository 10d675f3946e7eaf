"""`sluice up`, `down`, `status`, `logs`: the local stack from the command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.local.console import Progress, Tail
from infra.local.home import Home
from infra.local.interrupt import INTERRUPTED, run
from infra.local.part import StackError
from infra.local.service import readiness
from infra.local.stack import OPTIONAL, SERVICES, Plan, running

_NOT_UP = 3  # what LSB init scripts say for "not running"


def _pairs(
    _context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    """NAME=NUMBER options."""
    found = {}
    for value in values:
        name, _, number = value.partition("=")
        if not name or not number.isdigit():
            raise click.BadParameter(f"{value}: expected NAME=NUMBER", param=option)
        found[name] = int(number)
    return found


@click.command()
@click.argument("parts", nargs=-1)
@click.option("--detach", "-d", is_flag=True, help="Return when everything is ready.")
@click.option("--fresh", is_flag=True, help="Forget the broker's data and the snapshots first.")
@click.option("--workers", multiple=True, callback=_pairs, help="SERVICE=N processes of a service.")
@click.option("--port", "ports", multiple=True, callback=_pairs, help="PART=N: a port of yours.")
@click.option("--quiet", "-q", is_flag=True, help="Only the steps; logs go to their files alone.")
def up(
    parts: tuple[str, ...],
    workers: dict[str, int],
    ports: dict[str, int],
    *,
    detach: bool,
    fresh: bool,
    quiet: bool,
) -> None:
    """Start everything, or the named PARTS and what they need. Ctrl-C stops it all."""
    for name in workers:
        if name not in SERVICES | OPTIONAL:
            raise click.BadParameter(f"{name}: known services: {', '.join(SERVICES | OPTIONAL)}")
    if detach:
        given = ["--fresh"] if fresh else []
        given += [f"--workers={name}={number}" for name, number in workers.items()]
        given += [f"--port={name}={number}" for name, number in ports.items()]
        raise SystemExit(_detached([*given, *parts]))
    plan = Plan(parts, workers, ports, fresh=fresh, show_logs=not quiet)
    raise SystemExit(run(_up(plan, Console(highlight=False))))


async def _up(plan: Plan, console: Console) -> int:
    async with running(plan, console):
        if plan.show_logs:
            console.print("`make status` shows addresses; Ctrl-C or `make down` stops everything")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 0  # being stopped is how it ends well
    return 0


def _detached(arguments: list[str]) -> int:
    """Run `up` in a session of its own; show what it says until it is ready or has ended."""
    home = Home()
    with home.only_one():
        home.write({})
    log = home.folder / "up.log"
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", "up", "--quiet", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    tail = Tail(log)
    try:
        while supervisor.poll() is None and home.read().get("state") != "ready":
            time.sleep(0.1)
            click.echo("".join(f"{line}\n" for line in tail.read()), nl=False)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        return INTERRUPTED
    finally:
        click.echo("".join(f"{line}\n" for line in tail.read()), nl=False)
    if supervisor.returncode is None:
        click.echo("`make status` shows addresses and health; `make down` stops everything")
    return supervisor.returncode or 0


@click.command()
def down() -> None:
    """Stop the stack, also what a killed one left behind."""
    home = Home()
    console = Console(highlight=False)
    pid = home.read().get("supervisor_pid")
    if home.is_held() and pid:
        os.kill(pid, signal.SIGTERM)
        with console.status("stopping"):
            deadline = time.monotonic() + 60
            while home.is_held() and time.monotonic() < deadline:
                time.sleep(0.1)
        if home.is_held():
            raise StackError(f"the supervisor (pid {pid}) does not end; kill -9 {pid}, then again")
        console.print("stopped")
        return
    leftovers = home.sweep()
    for leftover in leftovers:
        console.print(f"removed what a killed stack left: {leftover}")
    if not leftovers:
        console.print("Sluice is not up on this machine; nothing to stop")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(*, as_json: bool) -> None:
    """Where everything is and how it feels; exit code 0 only when all of it is well."""
    home = Home()
    state = home.read() if home.is_held() else {}
    state.setdefault("state", "down")
    _ask(state)
    well = state["state"] == "ready" and all(
        part["state"] in {"ready", "done"} and part.get("health", {}).get("ready", True)
        for part in state.get("parts", {}).values()
    )
    state["well"] = well
    if as_json:
        click.echo(json.dumps(state, indent=1))
    elif state["state"] == "down":
        click.echo("Sluice is not up on this machine; `make up` or `make demo` starts it")
    else:
        _print(state)
    raise SystemExit(0 if well else _NOT_UP if state["state"] == "down" else 1)


def _ask(state: dict[str, Any]) -> None:
    """Add each service's own answer about its readiness."""
    services = [p for p in state.get("parts", {}).values() if p["kind"] == "service" and p["pid"]]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = pool.map(lambda part: readiness(part["addresses"]["url"]), services)
        for part, answer in zip(services, answers, strict=True):
            part["health"] = answer


def _print(state: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("part", "state", "pid", "restarts", "where", "not well"):
        table.add_column(column, overflow="fold")
    for name, part in state["parts"].items():
        checks = part.get("health", {}).get("checks", {})
        ill = [f"{check}: {said['detail']}" for check, said in checks.items() if not said["ok"]]
        good = part["state"] in {"ready", "done"} and not ill
        where = next(iter(part.get("addresses", {}).values()), "")
        table.add_row(
            name,
            Text(part["state"], "green" if good else "red"),
            str(part.get("pid") or ""),
            str(part.get("restarts") or ""),
            Text(where),
            Text("; ".join(ill) or part.get("detail", "")),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(writer_line(state["parts"]))
    console.print(f"supervisor: pid {state['supervisor_pid']}, {state['state']}")


def writer_line(parts: dict[str, Any]) -> str:
    """Whether texts are written here: nobody needs it, and nobody should have to guess."""
    for name, part in parts.items():
        checks = part.get("health", {}).get("checks", {})
        if name.startswith("writer-") and "model:writer" in checks:
            return f"writer: {checks['model:writer']['detail']}"
    return "writer: none; SLUICE_MODELS_WRITER=qwen2.5-coder-0.5b at the next start serves one"


@click.command()
@click.argument("service", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--lines", "-n", default=40, show_default=True, help="How many of the last lines.")
def logs(service: str | None, lines: int, *, follow: bool) -> None:
    """Show the logs of SERVICE (a part, an instance or a service), or of all."""
    found = list(_logs(service))
    if not found:
        known = ", ".join(sorted(path.stem for path in Home().logs.glob("*.log")))
        raise StackError(f"no log of {service or 'any part'}; known: {known or 'none yet'}")
    progress = Progress(Console(highlight=False))
    for path in found:
        for line in path.read_text(errors="replace").splitlines()[-lines:]:
            progress.line(path.stem, line)
    if follow:
        tails = {path.stem: Tail(path, skip=path.stat().st_size) for path in found}
        _follow(progress, tails)


def _logs(service: str | None) -> Iterator[Path]:
    for path in sorted(Home().logs.glob("*.log")):
        if service is None or service in {path.stem, path.stem.rpartition("-")[0]}:
            yield path


def _follow(progress: Progress, tails: dict[str, Tail]) -> None:
    try:
        while True:
            for name, tail in tails.items():
                for line in tail.read():
                    progress.line(name, line)
            time.sleep(0.2)
    except KeyboardInterrupt:
        return
