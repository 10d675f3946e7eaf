"""Where the assessor's copy of reference data is best kept: measured on a real broker of its own.

`python -m infra.bench.reference --entities 1000000`. Every candidate reads the whole topic; is
killed three times on its way and goes on; and goes on after a restart with what changed meanwhile.
Each time every single entity is compared with what was published. docs/adr/0013 has the figures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from infra.bench import reference_load
from infra.bench.reference_load import Truth
from infra.bench.reference_stores import CANDIDATES, installed
from infra.local.kafka import KafkaBroker
from services.chassis.kafka import provisioning
from topics.reference import ENTITY_CHANGED

_ROOT = Path(__file__).parents[2]
_PARTITIONS = 4
_KILLS = 3
_SAY_EVERY_S = 5.0
_WIDTH = 132

# Its log goes the same way.
_TOLD = ('{"reading"', '{"seconds"')

_COLUMNS = (
    ("seconds", "s"),
    ("cpu_s", "s of CPU"),
    ("records", "records"),
    ("anonymous_mib", "memory MiB"),
    ("most_rss_mib", "at most MiB"),
    ("disk_mib", "disk MiB"),
    ("look_up_p50_us", "look-up p50 µs"),
    ("look_up_p99_us", "p99 µs"),
    ("wrong", "wrong"),
)


@click.command()
@click.option("--entities", type=click.IntRange(100), default=1_000_000, show_default=True)
@click.option(
    "--changes",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    help="Published after the first load, and again while each candidate is down.",
)
@click.option("--store", "stores", multiple=True, type=click.Choice(list(CANDIDATES)))
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write all figures there.",
)
def main(entities: int, changes: int, stores: Sequence[str], file: Path | None) -> None:
    """Compare places for the copy of the reference topic; takes about two minutes for each."""
    console = Console(highlight=False, width=_WIDTH)
    chosen = [name for name in stores or CANDIDATES if installed(name)]
    for name in (name for name in stores or CANDIDATES if name not in chosen):
        console.print(f"{name}: left out, `pip install {CANDIDATES[name][0]}` to measure it")
    with (
        tempfile.TemporaryDirectory(prefix="sluice-reference-") as folder,
        _broker(Path(folder), console) as bootstrap_servers,
    ):
        bench = _Bench(bootstrap_servers, Path(folder), entities, changes, console)
        bench.fill()
        found = {name: bench.measure(name) for name in chosen}
    _show(found, entities, console)
    if file is not None:
        about = {"entities": entities, "changes": changes, "cores": os.cpu_count()}
        file.write_text(json.dumps({**about, "stores": found}, indent=1) + "\n")
    raise SystemExit(any(life["wrong"] for lives in found.values() for life in lives.values()))


@contextmanager
def _broker(folder: Path, console: Console) -> Iterator[str]:
    broker = KafkaBroker(folder / "kafka")
    console.print("starting a broker")
    broker.prepare()
    broker.start()
    try:
        broker.wait_ready()
        provisioning.apply(
            {"bootstrap.servers": broker.bootstrap_servers},
            partitions=_PARTITIONS,
            replication=1,
            topics=(ENTITY_CHANGED,),
        )
        yield broker.bootstrap_servers
    finally:
        broker.stop()


class _Bench:
    def __init__(
        self, bootstrap_servers: str, folder: Path, entities: int, changes: int, console: Console
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._folder = folder
        self._changes = changes
        self._truth = Truth(array("H", bytes(2 * entities)))
        self._console = console
        self._seed = 0
        self._said_at = 0.0

    def fill(self) -> None:
        """Every entity once, then some changes."""
        self._feed(None)
        self._feed(self._changes)

    def measure(self, name: str) -> dict[str, dict[str, float]]:
        """Three lives of one candidate, by their names."""
        first, killed = self._folder / f"{name}-first", self._folder / f"{name}-killed"
        lives = {"first reading": self._live(name, first, "first reading")}
        for kill in range(1, _KILLS + 1):
            self._killed(name, killed, kill)
        lives["after 3 kills"] = self._live(name, killed, "after 3 kills")
        self._feed(self._changes)
        lives["restart"] = self._live(name, first, "restart")
        return lives

    def _feed(self, changes: int | None) -> None:
        self._seed += 1
        said = f"publishing {len(self._truth.versions) if changes is None else changes} records"
        reference_load.feed(
            self._bootstrap_servers,
            self._truth,
            changes,
            self._seed,
            lambda count: self._say(f"{said}: {count}"),
        )
        self._truth.write(self._folder / "truth")

    def _live(self, name: str, folder: Path, life: str) -> dict[str, float]:
        with self._worker(name, folder) as worker:
            for told in _lines(worker):
                if "wrong" in told:
                    worker.wait()  # until it has let go of its files
                    self._console.print(
                        f"{name}, {life}: {told['seconds']:.1f} s, {told['wrong']} wrong"
                    )
                    return told
                self._say(f"{name}, {life}: {told['reading']} records read")
        raise click.ClickException(f"{name}, {life}: the process ended with {worker.returncode}")

    def _killed(self, name: str, folder: Path, kill: int) -> None:
        """Kill -9 when a share of what is there was read in this life."""
        share = len(self._truth.versions) // (_KILLS + 1)
        with self._worker(name, folder) as worker:
            for told in _lines(worker):
                if told.get("reading", 0) >= share or "wrong" in told:
                    worker.kill()
                    self._console.print(f"{name}: killed ({kill} of {_KILLS})")
                    return

    @contextmanager
    def _worker(self, name: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
        folder.mkdir(exist_ok=True)
        arguments = (name, str(folder), self._bootstrap_servers, str(self._folder / "truth"))
        worker = subprocess.Popen(
            [sys.executable, "-m", "infra.bench.reference_worker", *arguments],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()

    def _say(self, text: str) -> None:
        if time.monotonic() - self._said_at > _SAY_EVERY_S:
            self._said_at = time.monotonic()
            self._console.print(text)


def _lines(worker: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert worker.stdout is not None  # noqa: S101 - it is a pipe
    for line in worker.stdout:
        if line.startswith(_TOLD):
            yield json.loads(line)


def _show(
    found: Mapping[str, Mapping[str, Mapping[str, float]]], entities: int, console: Console
) -> None:
    table = Table("store", "life", title=f"A copy of {entities} entities")
    for _, title in _COLUMNS:
        table.add_column(title, justify="right")
    for name, lives in found.items():
        for life, told in lives.items():
            cells = (told[field] for field, _ in _COLUMNS)
            shown = (str(cell) if isinstance(cell, int) else f"{cell:.1f}" for cell in cells)
            table.add_row(name, life, *shown)
    console.print(table)


if __name__ == "__main__":
    main()
