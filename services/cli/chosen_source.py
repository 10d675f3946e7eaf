"""Which source is meant: one of the operator's file, or a format as a tenant would send it."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import click

from infra.replay.source_files import Document
from services.chassis.errors import ConfigurationError
from services.chassis.record import Headers, Record
from services.intake import sources
from services.intake.formats import ALL
from services.intake.formats.base import Format
from services.intake.sources import FEEDBACK, Source, Sources, Tenant

SHIPPED = Path(sources.__file__).with_name("sources.yaml")
_ANYBODY = "example"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A source, and all that intake would know beside it. `said` names it for people."""

    source: Source
    known: Sources
    said: str

    @property
    def shape(self) -> Format | None:
        """Its format; feedback has none."""
        return ALL.get(self.source.format)

    def headers(self, document: Document, at: str) -> Headers:
        """As its producer would envelope it: a CloudEvent in binary mode."""
        # A prefix stands for many producers: this command is one of them.
        from_ = re.sub(r"\*\Z", "sluice-replay", self.source.ce_source)
        attributes = {
            "content-type": document.content_type,
            "ce_specversion": "1.0",
            "ce_id": document.id,
            "ce_source": from_,
            "ce_type": self.source.topic,
            "ce_time": at,
        }
        return tuple((name, value.encode()) for name, value in attributes.items())

    def record(self, document: Document, number: int, timestamp_ms: int, at: str) -> Record:
        """As Kafka would hand it to intake."""
        return Record(
            self.source.topic,
            0,
            number,
            timestamp_ms,
            document.id.encode(),
            document.value,
            self.headers(document, at),
        )


def configured(name: str, tenant: str | None, file: Path) -> Chosen:
    """The source of that name, or the only one of that format, in the operator's file."""
    known = _load(file)
    named = _of(known, name, tenant) or _of(known, name, tenant, by_format=True)
    if len(named) == 1:
        return _chosen(named[0], known, file)
    if named:
        raise _several(name, named, file)
    raise _unknown(name, tenant, known, file)


def any_source(name: str, tenant: str | None, file: Path) -> Chosen:
    """The source of that name in the operator's file; else the format, from nobody in particular.

    A format alone knows neither colleagues nor integration users, and of a tenant what the file
    says.
    """
    known = _load(file)
    named = _of(known, name, tenant)
    if len(named) == 1:
        return _chosen(named[0], known, file)
    if named:
        raise _several(name, named, file)
    if name not in ALL:
        raise _unknown(name, tenant, known, file)
    tenant = tenant or _ANYBODY
    try:
        source = Source(
            name=name,
            tenant=tenant,
            topic=ALL[name].topic,
            format=name,
            ce_source=f"/{name}/{tenant}",
        )
    except ValueError as error:
        raise click.UsageError(f"--tenant: {tenant} is no name for a tenant") from error
    alone = Sources({tenant: known.tenants.get(tenant, Tenant())}, {source.topic: (source,)})
    return Chosen(source, alone, f"format {name}, tenant {tenant}, from no configured source")


def _load(file: Path) -> Sources:
    try:
        return sources.load(file)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error


def _of(known: Sources, name: str, tenant: str | None, *, by_format: bool = False) -> list[Source]:
    return [
        source
        for each in known.by_topic.values()
        for source in each
        if (source.format if by_format else source.name) == name and tenant in (None, source.tenant)
    ]


def _chosen(source: Source, known: Sources, file: Path) -> Chosen:
    said = f"{source.name} of {source.tenant} ({source.format}), by {file}"
    return Chosen(source, known, said)


def _several(name: str, found: list[Source], file: Path) -> click.UsageError:
    which = ", ".join(f"{each.name} of {each.tenant}" for each in found)
    return click.UsageError(
        f"--as {name}: {file} has {which}; say which with --tenant and its name"
    )


def _unknown(name: str, tenant: str | None, known: Sources, file: Path) -> click.UsageError:
    of = "" if tenant is None else f" of {tenant}"
    here = dict.fromkeys(s.name for each in known.by_topic.values() for s in each)
    near = difflib.get_close_matches(name, [*here, *ALL], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    formats = ", ".join(each for each in ALL if each != FEEDBACK)
    return click.UsageError(
        f"--as {name}: no source{of} in {file} and no format; {hint}"
        f"Sources: {', '.join(here)}. Formats: {formats}"
    )
