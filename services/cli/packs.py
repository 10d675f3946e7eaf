"""`sluice packs`: check label packs, fit one to a labelled file, evaluate it."""

import json
from pathlib import Path
from typing import Any

import click

from services.cli.evaluate import data_options, evaluate, progress


@click.group("packs", help="Label packs: check, fit to a labelled file, evaluate.")
def packs() -> None:
    """Group of commands."""


packs.add_command(evaluate)


@packs.command("check")
@click.argument("place", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(place: Path | None, *, as_json: bool) -> None:
    """Check packs and the heads beside them; PLACE is a folder, a file or a shipped pack's name.

    Without PLACE all shipped packs are checked. Exit code 1 on a mistake.
    """
    from services.assessor.packs import choosing, fitted, load_pack  # noqa: PLC0415 - keeps --help fast
    from services.chassis.errors import ConfigurationError  # noqa: PLC0415 - the same

    files = list(choosing.shipped().values()) if place is None else choosing.chosen(place)
    found, faults = [], []
    for file in files:
        try:
            pack = load_pack(file)
            head = fitted.read(file, pack)
        except ConfigurationError as error:
            faults += str(error).splitlines()
            continue
        texts = [text for label in pack.labels.values() for text in label.examples.items()]
        found.append(
            {
                "file": str(file),
                "pack": pack.id,
                "task": pack.task.value,
                "digest": pack.digest,
                "labels": len(pack.labels),
                "examples": sum(len(examples) for _, examples in texts),
                "languages": sorted({language for language, _ in texts}),
                "fitted_to": head.data if head else None,
            }
        )
    if as_json:
        click.echo(json.dumps({"well": not faults, "packs": found, "faults": faults}, indent=1))
    else:
        for line in faults:
            click.echo(line)
        for each in found:
            origin = f", fitted to {each['fitted_to']}" if each["fitted_to"] else ""
            click.echo(
                f"{each['pack']} ({each['task']}): {each['labels']} labels, {each['examples']} "
                f"examples{origin}; {str(each['digest'])[:12]}"
            )
    raise SystemExit(1 if faults else 0)


@packs.command("fit")
@data_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the pack, its head and its card; choose it by SLUICE_ASSESSOR_PACKS.",
)
@click.option(
    "--per-class", type=click.IntRange(2), metavar="N", help="Only so many of each label."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of --per-class.")
@click.option("--name", help="Of the pack; by default the folder's.")
@click.option(
    "--licence", default="not stated", show_default=True, help="Of the data; the card names it."
)
@click.option(
    "--task", type=click.Choice(["intent", "exception"]), default="intent", show_default=True
)
def fit(out: Path, name: str | None, **given: Any) -> None:
    """Make a pack and its fitted head from labelled rows; a minute for ten thousand.

    The rows stay where they are: the pack has the labels' names and no text. Thresholds, like the
    calibration, come from rows that were left out of a fit. The same rows give the same head.
    """
    from infra.evaluation import fitting  # noqa: PLC0415 - keeps --help fast

    called = name or fitting.name_of(out.resolve().name)
    head = fitting.fit(fitting.Wanted(**given, into=out, name=called), progress())
    click.echo(f"{head.pack}: {head.rows} texts; of those left out of a fit:")
    for figure, value in head.held_out.items():
        click.echo(f"  {figure:20} {value:g}")
    click.echo(f"in {out}; `sluice evaluate --pack {out} --data ...` measures it on other rows")
