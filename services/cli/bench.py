"""`sluice bench`: what the running stack carries, beside what the model alone would do."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.console import Console

_QUIET_S = 5.0


@click.command("bench")
@click.option(
    "--texts", type=click.IntRange(64), default=2_000, show_default=True, help="Tickets per round."
)
@click.option(
    "--events",
    type=click.IntRange(500),
    default=10_000,
    show_default=True,
    help="Structured supply events per round.",
)
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Medians are of these."
)
@click.option(
    "--seconds",
    type=click.FloatRange(2),
    default=20,
    show_default=True,
    help="Of random arrivals at half of the capacity, per kind of event.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same texts.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write all figures there; - is stdout, and the tables then go to stderr.",
)
@click.option("--check", is_flag=True, help="Exit code 1 when a number is missed.")
def bench(
    texts: int,
    events: int,
    rounds: int,
    seconds: float,
    seed: int,
    json_file: Path | None,
    *,
    check: bool,
) -> None:
    """Measure the running stack: what it carries, what that costs, how long people wait.

    Tickets (with the model) and structured supply events (without) are published as an outside
    producer would, under a tenant of the bench's own: first as a backlog, then as random arrivals
    at half of the capacity. In between the same texts go through the same model in process. Takes
    about four minutes; docs/bench.md says how to read it.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast

    from infra.bench.run import Plan, run  # noqa: PLC0415 - the same
    from infra.bench.show import show  # noqa: PLC0415 - the same
    from infra.bench.target import find  # noqa: PLC0415 - the same

    to_stdout = json_file is not None and str(json_file) == "-"
    if json_file is not None and not to_stdout and not json_file.absolute().parent.is_dir():
        raise click.BadParameter(f"{json_file.parent} is no folder", param_hint="--json")
    console = Console(highlight=False, stderr=to_stdout)
    target = find()
    plan = Plan(texts, events, rounds, seconds, seed)
    command = " ".join(["sluice", *sys.argv[1:]])
    with _Progress(console) as progress:
        report = run(target, plan, command, progress.say)
    if json_file is not None:
        said = json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n"
        click.echo(said, nl=False) if to_stdout else json_file.write_text(said)
    show(report, console)
    missed = [target.what for target in report.targets if target.met is False]
    raise SystemExit(1 if check and missed else 0)


class _Progress:
    """The current step: one moving line on a terminal, else a line now and then."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._status = console.status("") if console.is_terminal else None
        self._step = ""
        self._said_at = 0.0

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, step: str, how_far: str = "") -> None:
        """What goes on now."""
        text = f"{step}: {how_far}" if how_far else step
        if self._status is not None:
            self._status.update(text)
            return
        now = time.monotonic()
        if step != self._step or now - self._said_at >= _QUIET_S:
            self._step, self._said_at = step, now
            self._console.print(text)
