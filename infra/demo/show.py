"""The demonstration itself, on a stack that is up."""

import time
import uuid

from rich.console import Console
from rich.live import Live

from infra.demo import producing, table, traces
from infra.demo.watching import Board, Row, Watcher
from services.chassis.telemetry import TelemetrySettings, provider

DECIDE_WITHIN_S = 60.0
TRACE_WITHIN_S = 30.0


def show(bootstrap_servers: str, zipkin_url: str, *, tenant: str, console: Console) -> list[str]:
    """Publish the examples, follow them to their decisions, check their traces.

    Returns what is wrong, one line each; an empty list is success. Needs OTEL_TRACES_EXPORTER and
    its endpoint in the environment, as the services have them.
    """
    watcher = Watcher(bootstrap_servers)
    spans = provider("demo-producer", "1", TelemetrySettings())
    board = Board()
    try:
        producing.grant(bootstrap_servers, tenant)
        run = uuid.uuid4().hex[:8]
        started = time.monotonic()
        for published in producing.publish(bootstrap_servers, producing.examples(), spans, run):
            board.expect(published)
        spans.force_flush()
        _follow(watcher, board, zipkin_url, console)
        if board.ended:
            console.print(f"every event has its decision after {time.monotonic() - started:.1f} s")
        return [*_undecided(board), *_incomplete(board, zipkin_url, console)]
    finally:
        watcher.close()
        spans.shutdown()


def _follow(watcher: Watcher, board: Board, zipkin_url: str, console: Console) -> None:
    deadline = time.monotonic() + DECIDE_WITHIN_S
    # Without a terminal a live table would print itself again and again.
    with Live(console=console, auto_refresh=False, transient=not console.is_terminal) as live:
        for _ in watcher.follow(board):
            if console.is_terminal:
                live.update(table.render(board, zipkin_url), refresh=True)
            if board.ended or time.monotonic() > deadline:
                break
    if not console.is_terminal:
        console.print(table.render(board, zipkin_url))
    if table.repeats(board):
        console.print(
            "effect_claimed: an earlier demonstration did this already within its window;"
            " `make demo ARGS=--fresh` forgets it"
        )
    for line in table.links(board, zipkin_url):
        console.print(line, soft_wrap=True)


def _undecided(board: Board) -> list[str]:
    faults = []
    for row in board.rows.values():
        if row.dead_letter:
            faults.append(f"{row.published.name}: dead letter: {row.dead_letter}")
        elif row.decision is None:
            faults.append(f"{row.published.name}: no decision in {DECIDE_WITHIN_S:.0f} s")
    return faults


def _incomplete(board: Board, zipkin_url: str, console: Console) -> list[str]:
    pending = [row for row in board.rows.values() if row.decision is not None]
    deadline = time.monotonic() + TRACE_WITHIN_S
    with console.status("waiting for the traces to be complete in the store"):
        while pending and time.monotonic() < deadline:
            pending = [row for row in pending if _gaps(row, zipkin_url)]
            if pending:
                time.sleep(0.5)
    if not pending:
        console.print("every trace is complete, from the producer to the action")
    return [
        f"{row.published.name}: trace {row.trace_id} lacks {gap}"
        for row in pending
        for gap in _gaps(row, zipkin_url)
    ]


def _gaps(row: Row, zipkin_url: str) -> list[str]:
    assert row.decision is not None  # noqa: S101 - callers ask only about decided cases
    return traces.missing(
        traces.fetch(zipkin_url, row.trace_id),
        row.published.topic,
        document=row.published.events > 1,
        acted=table.acted(row.decision),
    )
