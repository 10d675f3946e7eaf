"""The `sluice` command. Its sub-commands live one per file and load when they are used."""

import importlib
import importlib.util
import logging
import sys
from dataclasses import dataclass

import click
import structlog
from typing_extensions import override

from services.chassis.errors import SluiceError


@dataclass(frozen=True, slots=True)
class _Command:
    """Where a sub-command lives; the help is here so that `--help` loads none of them."""

    module: str
    attribute: str
    help: str


_COMMANDS = {
    "demo": _Command("demo", "demo", "Start everything, publish the examples, show what happens."),
    "up": _Command("stack", "up", "Start everything on this machine, supervised."),
    "down": _Command("stack", "down", "Stop what `sluice up` started."),
    "status": _Command("stack", "status", "Addresses, processes and health of the local stack."),
    "logs": _Command("stack", "logs", "What the parts have to say."),
    "map": _Command("mapping", "map_", "Show what a source's file becomes, without Kafka."),
    "replay-file": _Command("replay", "replay_file", "Publish real files as their source would."),
    "customer-refs": _Command(
        "customers", "customer_refs", "Print under which references customers' facts go."
    ),
    "topics": _Command("topics", "topics", "Topics as declared: check for drift, or apply."),
    "dead-letters": _Command("dead_letters", "dead_letters", "List, show, redrive dead letters."),
    "vault": _Command("vault", "vault", "What is kept of customers: show, erase; master keys."),
    "offsets": _Command("offsets", "offsets", "Show committed offsets; accept a loss."),
    "policies": _Command(
        "policies", "policies", "Check policies and run their tests; list facts and actions."
    ),
    "models": _Command("models", "models", "Build and check the models that Triton serves."),
    "packs": _Command("packs", "packs", "Label packs: check, fit to a labelled file, evaluate."),
    "evaluate": _Command(
        "evaluate", "evaluate", "How well a pack reads labelled rows, through the served models."
    ),
    "write": _Command("writing", "write", "Ask the writer about a text, without Kafka."),
    "bench": _Command("bench", "bench", "Measure the running stack."),
    "resilience": _Command(
        "resilience", "resilience", "Kill things at random, compare with an oracle."
    ),
}


class _Lazy(click.Group):
    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, command in _COMMANDS.items() if _is_there(command)]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = _COMMANDS.get(cmd_name)
        if command is None or not _is_there(command):
            return None
        loaded = getattr(importlib.import_module(_module(command)), command.attribute)
        assert isinstance(loaded, click.Command)  # noqa: S101 - the table above is wrong otherwise
        return loaded

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            names = self.list_commands(ctx)
            formatter.write_dl([(name, _COMMANDS[name].help) for name in names])


def _module(command: _Command) -> str:
    return f"services.cli.{command.module}"


def _is_there(command: _Command) -> bool:
    return importlib.util.find_spec(_module(command)) is not None


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sluice")
def cli() -> None:
    """Sluice turns support tickets and supply events on Kafka into actions with proof."""


def main() -> None:
    """Entry point; what Sluice itself has to say is one line, never a traceback."""
    # The adapters' logs are for services: what failed comes back to the command as an error.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        cli()
    except SluiceError as error:
        click.echo(f"sluice: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
