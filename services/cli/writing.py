"""`sluice write`: what the writer would make of a text, by its own handler, without Kafka."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.chassis.errors import Outage
from services.cli.letter_view import clean

if TYPE_CHECKING:
    from schemas.automation.writing import WritingCompleted

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("write")
@click.argument("task", type=click.Choice(["extract", "summarise", "draft"]))
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option("--language", help="Of the text, such as en or hi-Latn; a draft needs it.")
@click.option("--expected", type=_DAY, help="The day promised so far, for `four days late`.")
@click.option("--written", type=_DAY, help="The day of the text, for `tomorrow`; today.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="May be said, too.")
@click.option("--within", default=60.0, show_default=True, help="Seconds until it is too late.")
@click.option("--json", "as_json", is_flag=True, help="The event as it would travel.")
@click.option(
    "--url",
    envvar="SLUICE_TRITON_URL",
    help="host:port of Triton's gRPC; without it the running local stack's.",
)
def write(  # noqa: PLR0913 - one per option
    task: str,
    file: Path,
    language: str | None,
    expected: datetime | None,
    written: datetime | None,
    facts: tuple[str, ...],
    within: float,
    url: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask the served writer about the text in FILE (- is standard input), and show what is left.

    What stands in the answer stands in the text or in a fact; what a guard found is shown with the
    reason. Exit code 0: written. 1: something for a person, or nothing. 2: not asked rightly.
    """
    from services.cli import asked  # noqa: PLC0415 - keeps --help fast
    from services.cli.models import local_url  # noqa: PLC0415 - the same

    address = url or local_url()
    if address is None:
        raise click.UsageError(
            "no Triton: no stack is up on this machine (`SLUICE_MODELS_WRITER=qwen2.5-coder-0.5b"
            " make up` starts one with a writer), and neither --url nor SLUICE_TRITON_URL names one"
        )
    told = asked.Told(
        task=task,
        text=_read(file),
        language=language,
        expected=expected,
        written=written,
        facts=[_pair(fact) for fact in facts],
        within_s=within,
    )
    try:
        answer = asyncio.run(asked.answer(asked.request(told), address))
    except Outage as error:
        raise click.ClickException(f"{address} does not answer: {error}") from error
    if as_json:
        click.echo(answer.model_dump_json(exclude_none=True, indent=1))
    else:
        _print(answer)
    raise SystemExit(0 if answer.status.value == "written" else 1)


def _read(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file}: not UTF-8, byte {error.start}") from error


def _pair(fact: str) -> tuple[str, str]:
    name, found, value = fact.partition("=")
    if not found or not name:
        raise click.BadParameter(f"{fact}: expected NAME=VALUE", param_hint="--fact")
    return name, value


def _print(answer: "WritingCompleted") -> None:
    cut = " (of a text that was cut)" if answer.text_truncated else ""
    click.echo(f"{answer.status.value}{cut}")
    if answer.extraction is not None:
        told = answer.extraction.model_dump(mode="json", exclude_none=True, exclude={"support"})
        for name, value in told.items():
            said = ", ".join(value) if isinstance(value, list) else str(value)
            click.echo(f"  {name}: {clean(said)}")
    if answer.text is not None:
        click.echo(f"  {clean(answer.text)}")
    for fault in answer.faults:
        click.echo(f"  for a person: {fault.guard.value} in {fault.field}")
    if answer.model is not None:
        seconds = answer.usage.compute_us / 1_000_000
        click.echo(f"  by {answer.model.name}, {answer.usage.tokens} tokens, {seconds:.1f} s")
