"""`sluice demo`: everything started, examples published, and what became of them."""

import asyncio
import os

import click
from rich.console import Console

from infra.demo.show import show
from infra.local.beside import beside
from infra.local.interrupt import run
from infra.local.stack import Plan, running

# The tenant that sources.yaml gives the examples' sources to.
TENANT = "acme"


@click.command("demo")
@click.option("--once", is_flag=True, help="End when the table is complete, as without a terminal.")
@click.option("--fresh", is_flag=True, help="Forget the broker's data and the snapshots first.")
def demo(*, once: bool, fresh: bool) -> None:
    """Start everything on this machine and watch tickets and supply events become actions.

    Publishes the examples in schemas/examples as an outside producer would. Stays up until
    Ctrl-C; without a terminal, with CI=true or with --once it ends by itself: exit code 0 when
    every example reached its decision and its trace is complete in the store.
    """
    console = Console(highlight=False)
    stay = console.is_terminal and not once and os.environ.get("CI", "") not in {"1", "true"}
    raise SystemExit(run(_demo(Plan(fresh=fresh, show_logs=False), console, stay=stay)))


async def _demo(plan: Plan, console: Console, *, stay: bool) -> int:
    async with running(plan, console) as stack:
        # The demonstration is a producer like any other: it traces with the same settings.
        os.environ.update(stack.environment)
        servers = stack.address("kafka", "bootstrap_servers")
        zipkin = stack.address("zipkin", "url")
        faults = await beside(lambda: show(servers, zipkin, tenant=TENANT, console=console))
        for fault in faults:
            console.print(fault, style="red")
        if not faults:
            console.print("[bold green]every example reached its decision, every trace is complete")
        if stay:
            console.print(f"Kafka: {servers}   traces: {zipkin}/zipkin/   Ctrl-C stops everything")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return 1 if faults else 0
        return 1 if faults else 0
