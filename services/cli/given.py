"""What `sluice map` and `sluice replay-file` are given: files, whose they are, how to take them."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from infra.replay import columns as tables
from infra.replay.source_files import FORMS, Form, Opened, Taking, read
from services.chassis.errors import ConfigurationError
from services.cli.chosen_source import SHIPPED, Chosen

Choose = Callable[[str, str | None, Path], Chosen]

_OPTIONS = (
    click.argument(
        "files",
        nargs=-1,
        required=True,
        type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
        metavar="FILE...",
    ),
    click.option(
        "--as",
        "as_",
        required=True,
        metavar="SOURCE",
        help="Whose it is: a source of the sources file, or a format.",
    ),
    click.option(
        "--sources",
        "sources_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=SHIPPED,
        envvar="SLUICE_INTAKE_SOURCES",
        help="The operator's sources file. Default: SLUICE_INTAKE_SOURCES, else the shipped one.",
    ),
    click.option("--tenant", help="Which tenant's, where several have a source of that name."),
    click.option(
        "--form",
        type=click.Choice(FORMS),
        help="What the files are, where neither their ending nor their content says it.",
    ),
    click.option(
        "--each",
        metavar="PATH",
        help="Send each element of this array in a document of its own, e.g."
        " epcisBody.eventList; . is an array that is the whole file.",
    ),
    click.option(
        "--text", metavar="COLUMN", help="Of a table or JSON Lines: where each row's text stands."
    ),
    click.option(
        "--id", "ident", metavar="COLUMN", help="With --text: where each row's id stands."
    ),
    click.option(
        "--columns",
        "columns_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="What the columns of a table or of JSON Lines mean: docs/replay.md.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The source that is meant, and its files, opened one after another."""

    chosen: Chosen
    paths: Sequence[Path]
    form: Form | None
    each: str | None
    text: str | None
    ident: str | None
    columns: tables.Columns | None

    def files(self) -> Iterator[Opened]:
        """Each file, and what it was taken for.

        Raises:
            click.UsageError: one cannot be read, or not in that way.
        """
        for path in self.paths:
            try:
                taking = Taking(
                    shape=self.chosen.shape,
                    form=self.form,
                    each=self.each,
                    columns=self._columns(path),
                )
                yield read(path, taking)
            except ConfigurationError as error:
                raise click.UsageError(str(error)) from error

    def _columns(self, path: Path) -> tables.Columns | None:
        if self.text is None:
            return self.columns
        return tables.texts(
            self.chosen.source.format, text=self.text, ident=self.ident, table=path.stem
        )


def given(choose: Choose) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives the command a `Given` named `given` in place of these options."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(  # noqa: PLR0913 - the options
            *,
            files: tuple[Path, ...],
            as_: str,
            sources_file: Path,
            tenant: str | None,
            form: Form | None,
            each: str | None,
            text: str | None,
            ident: str | None,
            columns_file: Path | None,
            **more: Any,
        ) -> None:
            if ident and not text:
                raise click.UsageError("--id goes with --text; a columns file names its own ids")
            if columns_file and text:
                raise click.UsageError("--columns and --text exclude each other")
            if each and (columns_file or text):
                raise click.UsageError("--each takes documents apart, not tables")
            chosen = choose(as_, tenant, sources_file)
            command(
                given=Given(
                    chosen=chosen,
                    paths=files,
                    form=form,
                    each=each,
                    text=text,
                    ident=ident,
                    columns=_columns(columns_file),
                ),
                **more,
            )

        wrapped: Callable[..., None] = run
        for option in reversed(_OPTIONS):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _columns(file: Path | None) -> tables.Columns | None:
    try:
        return None if file is None else tables.load(file)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error
