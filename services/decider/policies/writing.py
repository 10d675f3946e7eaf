"""The texts that a policy waits for: `writing`, a list; the first whose condition holds."""

from services.decider.domain.awaiting import LONGEST, TASKS, Asking
from services.decider.domain.conditions import comparisons
from services.decider.policies.conditions import Conditions, Facts
from services.decider.policies.document import Node, Reader


def writing(node: Node | None, facts: Facts, reader: Reader) -> tuple[Asking, ...]:
    """Compiled; what is wrong with one becomes problems."""
    found: list[Asking] = []
    for each in reader.items(node):
        given = reader.mapping(each, ("task", "when"), ("within", "description"))
        reader.text(given.get("description"))
        task = reader.one_of(given.get("task"), TASKS, "task")
        when = Conditions(facts, reader).compile(given["when"]) if "when" in given else None
        within = reader.duration(given.get("within"), upto=LONGEST)
        if when is not None and any(each.fact.startswith("writing.") for each in comparisons(when)):
            reader.problems.add(given["when"], "asks for what is written; nothing is written yet")
        if task is not None and when is not None:
            found.append(Asking(task=task, when=when, within=within or LONGEST))
    return tuple(found)
