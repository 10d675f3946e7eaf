"""`sluice policies`: check policy files as the decider would, and show what they may speak of."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from services.chassis.errors import ConfigurationError
from services.decider.domain.actions import ACTIONS, ActionSpec
from services.decider.domain.facts import FACTS, FactSpec
from services.decider.policies import SHIPPED, SHIPPED_MACROS, Checked, check_policies
from services.decider.policies.catalogue import origin, parameter
from services.decider.policies.document import as_written

_DOMAIN = click.option(
    "--domain", type=click.Choice(["support", "supply"]), help="Only what this domain's cases have."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


@click.group("policies", help="Check policies and run their tests; list facts and actions.")
def policies() -> None:
    """Group of commands."""


@policies.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=SHIPPED)
@click.option(
    "--macros",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SHIPPED_MACROS,
    help="Folder of approved texts; those that come with Sluice by default.",
)
@_JSON
def check(path: Path, macros: Path, *, as_json: bool) -> None:
    """Load a policy file, or all of a folder, and run the tests in them.

    PATH is by default the folder that comes with Sluice. Exit code 0: a decider would start with
    them. 1: it would refuse them; every mistake of every file is listed. 2: no such place.
    """
    try:
        found = check_policies(path, macros)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        if as_json:
            click.echo(json.dumps({"ok": False, "errors": lines}))
        else:
            click.echo("\n".join(lines), err=True)
            click.echo(f"{len(lines)} mistakes: correct them and check again", err=True)
        raise SystemExit(1) from error
    if as_json:
        click.echo(json.dumps({"ok": True, "policies": [_summary(each) for each in found]}))
        return
    for each in found:
        _show(each)


@policies.command("facts")
@_DOMAIN
@_JSON
def facts(domain: str | None, *, as_json: bool) -> None:
    """Print every fact and every action that a policy may name."""
    asked = [spec for spec in FACTS.values() if domain in {None, spec.domain} or not spec.domain]
    actions = [spec for spec in ACTIONS.values() if domain in {None, spec.domain}]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "facts": [_fact(spec) for spec in asked],
                    "actions": [_action(spec) for spec in actions],
                }
            )
        )
        return
    console = Console()
    console.print(_facts_table(asked), _actions_table(actions))


def _show(checked: Checked) -> None:
    policy, console = checked.policy, Console()
    table = Table("rule", "actions", "tests", title=f"{policy.id} {policy.version}")
    asked = [(rule.id, rule.then) for rule in policy.rules] + [("default", policy.default)]
    for rule, steps in asked:
        covered = sum(1 for run in checked.runs if run.rule == rule)
        names = "\n".join(
            step.action.type + (f" ({step.mode})" if step.mode != "act" else "") for step in steps
        )
        table.add_row(rule, names or "-", str(covered) if covered else "[yellow]none[/]")
    console.print(table)
    runs = Table("test", "rule", "actions")
    for run in checked.runs:
        runs.add_row(run.name, run.rule, ", ".join(run.actions) or "-")
    console.print(runs)
    click.echo(
        f"{checked.file}: {len(policy.rules)} rules, {len(checked.runs)} tests pass,"
        f" sha256 {policy.sha256[:12]}"
    )


def _summary(checked: Checked) -> dict[str, object]:
    policy = checked.policy
    return {
        "file": str(checked.file),
        "policy": policy.id,
        "version": policy.version,
        "domain": policy.domain,
        "sha256": policy.sha256,
        "rules": [rule.id for rule in policy.rules],
        "tests": [
            {"name": run.name, "rule": run.rule, "actions": list(run.actions)}
            for run in checked.runs
        ],
    }


def _name(header: str) -> Column:
    """What people copy is never cut."""
    return Column(header, no_wrap=True, overflow="fold")


def _facts_table(specs: Sequence[FactSpec]) -> Table:
    table = Table(_name("fact"), "type", "from", "what it says", "values", title="Facts")
    for spec in specs:
        table.add_row(
            spec.name,
            spec.kind,
            origin(spec),
            spec.description,
            ", ".join(sorted(spec.values or ())),
        )
    return table


def _actions_table(specs: Sequence[ActionSpec]) -> Table:
    table = Table(
        _name("action"), "parameters", "once per", "expires", "what it does", title="Actions"
    )
    for spec in specs:
        given = "\n".join(parameter(name, each) for name, each in spec.parameters.items())
        table.add_row(
            spec.type,
            given,
            as_written(spec.effect.window),
            as_written(spec.expires),
            spec.description,
        )
    return table


def _fact(spec: FactSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "type": spec.kind,
        "source": spec.source,
        "domain": spec.domain,
        "description": spec.description,
        "values": sorted(spec.values) if spec.values is not None else None,
        "max_age_s": int(spec.max_age.total_seconds()) if spec.max_age is not None else None,
    }


def _action(spec: ActionSpec) -> dict[str, object]:
    return {
        "type": spec.type,
        "domain": spec.domain,
        "description": spec.description,
        "parameters": {
            name: {
                "form": each.form,
                "required": each.required,
                "values": sorted(each.values) if each.values is not None else None,
            }
            for name, each in spec.parameters.items()
        },
        "once_per_s": int(spec.effect.window.total_seconds()),
        "expires_s": int(spec.expires.total_seconds()),
        "risk": spec.risk,
        "customer_visible": spec.customer_visible,
        "control_group": spec.may_be_controlled,
        "undo": spec.undo.type if spec.undo is not None else None,
    }
