"""`sluice evaluate`: how well a pack's head reads labelled rows, through the served models."""

import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


def data_options(command: Callable[..., None]) -> Callable[..., None]:
    """What a labelled file is called by, the same for every command that reads one."""
    options = (
        click.option(
            "--data", "data", type=_FILE, required=True, multiple=True, metavar="FILE",
            help="Labelled rows, .csv, .tsv or .jsonl; may be given several times.",
        ),
        click.option("--text", required=True, metavar="COLUMN", help="Column of the text."),
        click.option("--label", required=True, metavar="COLUMN", help="Column of the label."),
        click.option(
            "--out-of-scope", metavar="MARK",
            help="Label of rows that are about none of the pack's labels.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command("evaluate")
@click.option(
    "--pack",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PACK",
    help="A shipped pack's name (retail, banking, ...), a pack's file, or the folder that "
    "`sluice packs fit` wrote.",
)
@data_options
@click.option("--map", type=_FILE, help="YAML that says what the file's labels mean.")
@click.option(
    "--grade",
    type=click.Choice(["zero-shot", "few-shot", "fitted"]),
    help="What the head may know: descriptions, examples too, or a labelled file; by default the "
    "best that the pack has.",
)
@click.option("--json", "json_file", type=_OUT, metavar="FILE", help="Write all figures there.")
@click.option("--html", "html_file", type=_OUT, metavar="FILE", help="Write a page with plots.")
@click.option(
    "--url",
    metavar="HOST:PORT",
    help="A Triton to ask, which must serve this pack; without it the running local stack's where "
    "it does, else one of our own.",
)
def evaluate(url: str | None, json_file: Path | None, html_file: Path | None, **given: Any) -> None:
    """Measure a pack on labelled rows, through the models as production asks them.

    Needs no running stack. Nothing is fitted to these rows; docs/models.md says how to read the
    figures.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast

    from infra.evaluation import page, run  # noqa: PLC0415 - the same
    from infra.evaluation.show import show  # noqa: PLC0415 - the same

    for name, file in (("--json", json_file), ("--html", html_file)):
        if file is not None and not file.absolute().parent.is_dir():
            raise click.BadParameter(f"{file.parent} is no folder", param_hint=name)
    command = shlex.join(["sluice", *sys.argv[1:]])
    report = run.evaluate(run.Wanted(**given, url=url, command=command), progress())
    if json_file is not None:
        written = json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n"
        json_file.write_text(written, encoding="utf-8")
    if html_file is not None:
        html_file.write_text(page.page(report), encoding="utf-8")
    show(report, Console(highlight=False))


def progress() -> Callable[[str], None]:
    """Lines on standard error, each with the time since the start."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True)

    return say
