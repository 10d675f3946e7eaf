"""The live table: case, what was understood, decision, action, trace."""

from rich.table import Table
from rich.text import Text

from infra.demo.watching import Board, Row
from schemas.automation.decision import Decision


def render(board: Board, zipkin_url: str) -> Table:
    """The board as it stands."""
    table = Table(title="What became of each event", show_lines=False, expand=True)
    for column, ratio in (("event", 3), ("understood", 4), ("decision", 4), ("actions", 5)):
        table.add_column(column, ratio=ratio, overflow="fold")
    table.add_column("trace", ratio=2, overflow="fold")
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
        said = ", ".join(f"{k}={v}" for k, v in action.parameters.items())
        text.append(f"{action.type}({said})", "" if planned.withheld is None else "dim")
        text.append(
            f" {planned.withheld or planned.autonomy}", "yellow" if planned.withheld else "green"
        )
    return text


def acted(decision: Decision) -> bool:
    """Whether anything was emitted at once."""
    return any(planned.withheld is None for planned in decision.actions)


def _link(row: Row, zipkin_url: str) -> Text:
    if not row.trace_id:
        return Text("")
    url = f"{zipkin_url}/zipkin/traces/{row.trace_id}"
    return Text(url, f"link {url}")
