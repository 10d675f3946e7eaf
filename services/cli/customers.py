"""`sluice customer-refs`: under which reference a customer's facts are published, unnamed."""

from collections.abc import Iterator
from pathlib import Path

import click

from services.cli.chosen_source import SHIPPED
from services.cli.patience import Patience

# No source is called so.
_NOWHERE = ""


@click.command("customer-refs")
@click.option("--tenant", required=True, help="Whose customers they are: each tenant has a key.")
@click.option(
    "--source",
    help="The source that the ids are of, by its name in the sources file. Addresses need none.",
)
@click.option(
    "--sources",
    "file",
    envvar="SLUICE_INTAKE_SOURCES",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=SHIPPED,
    show_default="the shipped one",
    help="The operator's sources file.",
)
def customer_refs(tenant: str, source: str | None, file: Path) -> None:
    """Print the reference of each customer on standard input, one per line, in their order.

    A line is an e-mail address, a telephone number with its country code, or the customer's id at
    the source. The reference is what intake writes into `customer_ref`: a keyed hash. The key is
    intake's own, in SLUICE_INTAKE_MASKING_KEY, and is read from nowhere else. Nothing that comes in
    is printed or kept.

    Exit code 2: a line says nobody, or the tenant or the source is not known.
    """
    from services.chassis.settings import load  # noqa: PLC0415 - keeps --help fast
    from services.intake import sources  # noqa: PLC0415 - the same
    from services.intake.app import maskers_of  # noqa: PLC0415 - the same
    from services.intake.domain import customers  # noqa: PLC0415 - the same
    from services.intake.settings import IntakeSettings  # noqa: PLC0415 - the same

    settings, known = load(IntakeSettings, sources=file), sources.load(file)
    maskers = maskers_of(settings.masking_key.get_secret_value(), known)
    if tenant not in maskers:
        raise click.UsageError(f"--tenant: {file} has {', '.join(sorted(maskers))}")
    names = {each.name for of in known.by_topic.values() for each in of if each.tenant == tenant}
    if source is not None and source not in names:
        raise click.UsageError(f"--source: {tenant} has {', '.join(sorted(names))}")
    for number, line in _lines():
        who = customers.identity(source or _NOWHERE, line)
        if who is None:
            raise click.UsageError(f"line {number}: empty; every line is a customer")
        if source is None and who == f"customer:id:{_NOWHERE}:{line}":
            raise click.UsageError(
                f"line {number}: neither an address nor a number with its country code; "
                "say with --source whose id it is"
            )
        click.echo(maskers[tenant].reference(who))


def _lines() -> Iterator[tuple[int, str]]:
    patience = Patience()
    for number, line in enumerate(click.get_text_stream("stdin"), 1):
        patience.tell(f"{number:,} customers")
        yield number, line.strip()
