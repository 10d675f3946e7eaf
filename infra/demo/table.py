"""The live table: case, what was understood, decision, action, trace."""

from collections.abc import Iterator, Mapping

from rich.table import Table
from rich.text import Text

from infra.demo.watching import Board, Row
from schemas.automation.decision import Decision, Withheld


def render(board: Board, zipkin_url: str) -> Table:
    """The board as it stands."""
    table = Table(title="What became of each event", show_lines=False, expand=True)
    for column, ratio in (("event", 3), ("understood", 4), ("decision", 3), ("actions", 7)):
        table.add_column(column, ratio=ratio, overflow="fold")
    table.add_column("trace", no_wrap=True)
    for row in board.rows.values():
        table.add_row(
            _name(row), _understood(row), _decided(row), _actions(row), _link(row, zipkin_url)
        )
    return table


def _name(row: Row) -> str:
    return (
        row.published.name if row.published.events == 1 else f"{row.published.name} [{row.index}]"
    )


def _understood(row: Row) -> Text:
    text = Text()
    for reading in row.readings:
        if text:
            text.append("\n")
        style = "dim" if reading.abstained else ""
        text.append(f"{reading.task} {reading.label} {reading.confidence:.2f}", style)
        if reading.abstained:
            text.append(f" ({reading.abstained})", "dim")
    return text or Text("no text: by code table" if row.decision else "...", "dim")


def _decided(row: Row) -> Text:
    if row.dead_letter:
        return Text(f"dead letter: {row.dead_letter}", "red")
    if row.decision is None:
        return Text("...", "dim")
    rule = row.decision.policy.rule if row.decision.policy else "-"
    return Text(f"{row.decision.verdict} by {rule}\n({row.decision.reason})")


def _actions(row: Row) -> Text:
    text = Text()
    for planned in row.decision.actions if row.decision else ():
        if text:
            text.append("\n")
        action = planned.action
        said = ", ".join(_parameters(action.parameters))
        text.append(f"{action.type}({said})", "" if planned.withheld is None else "dim")
        text.append(
            f" {planned.withheld or planned.autonomy}", "yellow" if planned.withheld else "green"
        )
    return text


def _parameters(parameters: Mapping[str, object]) -> Iterator[str]:
    """As people write them; a macro's variables stand among the others."""
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from _parameters(value)
        elif isinstance(value, list | tuple):
            yield f"{name}={'+'.join(map(str, value))}"
        else:
            yield f"{name}={value}"


def acted(decision: Decision) -> bool:
    """Whether anything was emitted at once."""
    return any(planned.withheld is None for planned in decision.actions)


def links(board: Board, zipkin_url: str) -> Iterator[str]:
    """Each trace's address in full, as no column is wide enough for one."""
    for row in board.rows.values():
        if row.trace_id:
            yield f"{_url(row, zipkin_url)}  {_name(row)}"


def repeats(board: Board) -> bool:
    """Whether something is withheld because it was done before: ids are new, effects are not."""
    return any(
        planned.withheld is Withheld.EFFECT_CLAIMED
        for row in board.rows.values()
        if row.decision
        for planned in row.decision.actions
    )


def _link(row: Row, zipkin_url: str) -> Text:
    """The beginning of the id; where the terminal can, a click opens the trace."""
    return Text(row.trace_id[:8], f"link {_url(row, zipkin_url)}") if row.trace_id else Text("")


def _url(row: Row, zipkin_url: str) -> str:
    return f"{zipkin_url}/zipkin/traces/{row.trace_id}"
