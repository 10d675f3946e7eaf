"""Which files a choice of packs means: a folder, a file, or the name of one that is shipped."""

from pathlib import Path

from services.chassis.errors import ConfigurationError

SHIPPED = Path(__file__).parent
# Packs for a task that another shipped pack is for by default; chosen by name.
_MORE = SHIPPED / "more"
_HEAD = ".head.yaml"


def files_in(folder: Path) -> list[Path]:
    """The packs of a folder, by name; descriptions of fitted heads are none."""
    return sorted(
        each
        for each in folder.iterdir()
        if each.suffix in {".yaml", ".yml"} and not each.name.endswith(_HEAD)
    )


def shipped() -> dict[str, Path]:
    """All packs that come with Sluice, by name."""
    return {file.stem: file for file in [*files_in(SHIPPED), *files_in(_MORE)]}


def chosen(given: Path) -> list[Path]:
    """The files that are meant.

    Raises:
        ConfigurationError: there is no such thing, or nothing in it.
    """
    if given.is_dir():
        found = files_in(given)
        if not found:
            raise ConfigurationError(
                f"{given}: no label pack (.yaml) in it; the shipped ones are in {SHIPPED}"
            )
        return found
    if given.is_file():
        return [given]
    named = shipped()
    if str(given) in named:
        return [named[str(given)]]
    raise ConfigurationError(
        f"{given}: no such folder of label packs, pack file or shipped pack "
        f"({', '.join(sorted(named))}) (SLUICE_ASSESSOR_PACKS)"
    )
