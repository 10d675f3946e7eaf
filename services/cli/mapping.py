"""`sluice map`: what a source's file becomes, before anything is sent."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from services.cli.chosen_source import any_source
from services.cli.given import Given, given
from services.cli.letter_view import clean
from services.cli.patience import Patience
from services.cli.rehearsal import Accepted, Became, Rehearsal

# Of a text, enough to recognise it; --json prints all.
_LINES = 12
_NAME_WIDTH = 12


@click.command("map")
@given(any_source)
@click.option("--brief", is_flag=True, help="One line for each event.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document per line, texts whole.")
def map_(given: Given, *, brief: bool, as_json: bool) -> None:
    """Show what a source's FILEs become, without Kafka: cases, or the refusal and the remedy.

    A FILE is one document, JSON Lines, a JSON array of documents where the source sends single
    ones, an e-mail (.eml), plain text (.txt), a table (with --text or --columns), or - for standard
    input. What it was taken for is said.

    It goes through intake's own code. Texts are masked with a key that is thrown away: the
    placeholders are not those of your intake. No text is printed unmasked.

    Exit code 0: all would be accepted. 1: something would be refused. 2: no such file or source.
    """
    rehearsal, counts, patience = Rehearsal(given.chosen), Counter[str](), Patience()
    if not as_json:
        click.echo(f"as {given.chosen.said}")
    for opened in given.files():
        if not as_json:
            click.echo(f"{clean(opened.name)}: {opened.taken_for}")
        for became in rehearsal.of(opened.documents):
            counts["documents"] += 1
            counts["refused"] += became.refused is not None
            counts["accepted"] += len(became.accepted) + (became.feedback is not None)
            _print(became, brief=brief, as_json=as_json)
            patience.tell(f"{counts['documents']:,} documents read")
    click.echo(
        f"documents: {counts['documents']:,}, refused: {counts['refused']:,},"
        f" events accepted: {counts['accepted']:,}; masked with a throw-away key",
        err=True,
    )
    raise SystemExit(1 if counts["refused"] else 0)


def _print(became: Became, *, brief: bool, as_json: bool) -> None:
    for line in _lines(became, brief=brief, as_json=as_json):
        click.echo(line)


def _lines(became: Became, *, brief: bool, as_json: bool) -> Iterator[str]:
    if as_json:
        yield from (json.dumps(each, ensure_ascii=False) for each in _plain(became))
        return
    place = clean(became.document.place)
    if became.refused is not None:
        detail = clean(became.refused.detail)
        yield f"\n{place}  REFUSED ({became.refused.reason})\n  {detail}"
    if became.feedback is not None:
        yield f"\n{place}  feedback accepted"
        yield from _fields(became.feedback.model_dump(mode="json", exclude_none=True))
    for each in became.accepted:
        of = f"[{each.case.origin.index}]" if each.case.batch_id else ""
        yield _one_line(f"{place}{of}", each) if brief else "\n" + _pretty(f"{place}{of}", each)


def _one_line(place: str, each: Accepted) -> str:
    case = each.case
    what = (
        f"{case.supply.family} {case.supply.milestone} {case.supply.classifier}"
        if case.supply
        else f"{case.ticket.status} {case.ticket.channel}"
        if case.ticket
        else ""
    )
    return clean(f"{place}  {case.subject}  {what}  {len(case.text)} characters of text")


def _pretty(place: str, each: Accepted) -> str:
    case = each.case
    about: dict[str, Any] = {
        "case": str(case.case_id),
        "subject": case.subject,
        "event id": case.event_id if each.own_id else f"{case.event_id} (the record's ce_id)",
        "occurred": case.occurred_at.isoformat(),
    }
    if case.customer_ref:
        about["customer"] = case.customer_ref
    if case.batch_id:
        about["batch"] = case.batch_id
    if case.echo:
        about["echo"] = "our own doing: decided as no action"
    if case.declared_language:
        about["language"] = case.declared_language
    if case.masked:
        about["masked"] = case.masked
    rows = [f"{place}  {case.domain} ({case.mapping})", *_fields(about), *_fields(each.event)]
    if case.text:
        rows += _text(case.text, truncated=case.text_truncated)
    return "\n".join(rows)


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        for at, inner in _flat(name, value):
            yield clean(f"  {at:<{_NAME_WIDTH}} {inner}")


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """One line for what is small; what is nested is named by its path."""
    match value:
        case dict() if name == "custom_fields":
            yield from ((f"{name}.{key}", _short(inner)) for key, inner in value.items())
        case dict():
            yield name, "  ".join(f"{key}={_short(inner)}" for key, inner in value.items())
        case list() if value and isinstance(value[0], dict):
            for n, each in enumerate(value):
                yield from _flat(f"{name}[{n}]", each)
        case list():
            if value:
                yield name, ", ".join(map(str, value))
        case _:
            yield name, str(value)


def _short(value: Any, limit: int = 120) -> str:
    if isinstance(value, dict):
        return "(" + " ".join(f"{key}={_short(inner)}" for key, inner in value.items()) + ")"
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _text(text: str, *, truncated: bool) -> Iterator[str]:
    lines = text.split("\n")
    yield "  text" + (", cut at 64 KiB" if truncated else "")
    yield from (clean(f"  | {_short(line, 400)}") for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"  | ... and {len(lines) - _LINES} more lines; --json prints all"


def _plain(became: Became) -> Iterator[dict[str, Any]]:
    """For JSON; the same keys for every event, others for a refusal."""
    place = {"document": became.document.place}
    if became.refused is not None:
        yield place | {
            "refused": {"reason": became.refused.reason, "detail": became.refused.detail}
        }
    if became.feedback is not None:
        yield place | {"feedback": became.feedback.model_dump(mode="json", exclude_none=True)}
    for each in became.accepted:
        case = each.case
        yield place | {
            "index": case.origin.index,
            "case_id": str(case.case_id),
            "event_id": case.event_id,
            "event_id_from": "event" if each.own_id else "ce_id",
            "batch_id": case.batch_id,
            "tenant": case.tenant,
            "source": case.source,
            "subject": case.subject,
            "occurred_at": case.occurred_at.isoformat(),
            "revision": case.revision,
            "customer_ref": case.customer_ref,
            "echo": case.echo,
            "language": case.declared_language,
            "text": case.text,
            "text_truncated": case.text_truncated,
            "masked": case.masked,
            "mapping": case.mapping,
            "domain": case.domain.value,
            "event": each.event,
        }
