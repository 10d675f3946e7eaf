"""Budgets and control groups: what a policy withholds though a rule asks for it."""

from collections.abc import Mapping
from datetime import timedelta

from services.decider.domain.actions import ActionSpec, Form
from services.decider.domain.policy import Budget
from services.decider.policies.conditions import Facts
from services.decider.policies.document import Node, Reader
from services.decider.policies.steps import Steps

# Charges are remembered in the journal, and no longer than it lasts.
_LONGEST = timedelta(days=90)
_NAME = r"[a-z][a-z0-9_]{0,59}"
_COUNTABLE = frozenset({Form.AMOUNT, Form.NUMBER})


def budgets(
    node: Node | None, facts: Facts, steps: Steps, reader: Reader
) -> Mapping[str, tuple[Budget, ...]]:
    """By the type of action that they limit."""
    found: dict[str, tuple[Budget, ...]] = {}
    names: set[str] = set()
    for each in reader.items(node):
        given = reader.mapping(each, ("name", "action", "max", "window"), ("key", "sum"))
        name = reader.text(given.get("name"), pattern=_NAME)
        if name in names:
            reader.problems.add(each, f"budget {name} is there already; give it another name")
        names.add(name or "")
        action = steps.action(given.get("action"))
        limit = reader.number(given.get("max"), above=0)
        window = reader.duration(given.get("window"), upto=_LONGEST)
        key = tuple(
            fact
            for part in reader.items(given.get("key"))
            if (fact := reader.text(part)) is not None and facts.find(part, fact) is not None
        )
        sums = _sums(given.get("sum"), action, reader)
        if name and action and limit and window:
            budget = Budget(
                name=name, action=action.type, key=key, limit=limit, window=window, sums=sums
            )
            found[action.type] = (*found.get(action.type, ()), budget)
    return found


def _sums(node: Node | None, action: ActionSpec | None, reader: Reader) -> str | None:
    if action is None:
        return None
    countable = [
        name for name, parameter in action.parameters.items() if parameter.form in _COUNTABLE
    ]
    return reader.one_of(node, countable, f"number among the parameters of {action.type}:")


def control_group(node: Node | None, steps: Steps, reader: Reader) -> Mapping[str, float]:
    """Percent of the subjects that are kept out, by type of action."""
    found: dict[str, float] = {}
    for name, child in reader.entries(node).items():
        action = steps.action(Node(name, child.line, child.path))
        percent = reader.number(child, above=0, upto=50)
        if action is None or percent is None:
            continue
        if not action.may_be_controlled:
            reader.problems.add(
                child, f"{name} is about safety or calls people: nobody is kept out; remove it"
            )
            continue
        found[name] = percent
    return found
