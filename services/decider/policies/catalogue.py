"""The catalogue of facts and actions as a page: the part of docs/policies.md that is generated.

`python -m services.decider.policies.catalogue` writes it again, `--check` says whether it is stale.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from services.decider.domain.actions import ACTIONS, ActionSpec, Parameter
from services.decider.domain.facts import FACTS, FactSpec
from services.decider.policies.document import as_written

PAGE = Path(__file__).parents[3] / "docs" / "policies.md"

_BEGIN = "<!-- generated: python -m services.decider.policies.catalogue -->"
_END = "<!-- end of the generated part -->"
_DOMAINS = ((None, "Every case"), ("support", "Tickets"), ("supply", "Supply events"))


def render() -> str:
    """The generated part."""
    parts: list[str] = []
    for domain, title in _DOMAINS:
        specs = [spec for spec in FACTS.values() if spec.domain == domain]
        parts += [f"### Facts: {title.lower()}", "", *_facts(specs), ""]
    for domain, title in _DOMAINS[1:]:
        actions = [spec for spec in ACTIONS.values() if spec.domain == domain]
        parts += [f"### Actions: {title.lower()}", "", *_actions(actions), ""]
    return "\n".join(parts)


def current(page: str) -> str:
    """The page with the generated part as it should be."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{render()}\n{_END}{after}"


def origin(spec: FactSpec) -> str:
    """Where a fact comes from, and until when it counts."""
    return f"{spec.source}, {as_written(spec.max_age)}" if spec.max_age else str(spec.source)


def parameter(name: str, spec: Parameter) -> str:
    """`name: form`, with what closes its set."""
    closed = f" ({', '.join(sorted(spec.values))})" if spec.values else ""
    return f"{name}{'' if spec.required else '?'}: {spec.form}{closed}"


def _facts(specs: Iterable[FactSpec]) -> list[str]:
    rows = ["| fact | type | from | what it says |", "|---|---|---|---|"]
    for spec in specs:
        values = ", ".join(f"`{each}`" for each in sorted(spec.values or ()))
        says = f"{spec.description} {values}".strip()
        rows.append(f"| `{spec.name}` | {spec.kind} | {origin(spec)} | {says} |")
    return rows


def _actions(specs: Iterable[ActionSpec]) -> list[str]:
    rows = [
        "| action | what it does | parameters | changes | once per | expires | undo |",
        "|---|---|---|---|---|---|---|",
    ]
    for spec in specs:
        given = "<br>".join(parameter(name, each) for name, each in spec.parameters.items())
        named = [f"`{fact}`" for _, fact in spec.target]
        target = " or ".join([*named, *(["the subject"] if spec.subject_will_do else [])])
        apart = " and ".join(spec.effect.parameters)
        window = as_written(spec.effect.window) + (f" and {apart}" if apart else "")
        undo = f"`{spec.undo.type}`" if spec.undo else "none"
        traits = _traits(spec)
        rows.append(
            f"| `{spec.type}` | {spec.description}{traits} | {given} | {target} | {window}"
            f" | {as_written(spec.expires)} | {undo} |"
        )
    return rows


def _traits(spec: ActionSpec) -> str:
    said = {
        "The customer sees it.": spec.customer_visible,
        "A matter of safety.": spec.safety,
        "It calls people.": spec.calls_people,
    }
    return "".join(f" {trait}" for trait, holds in said.items() if holds)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 where it is stale."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = current(page)
    if "--check" in arguments:
        if page != wanted:
            print(  # noqa: T201 - a tool
                f"{PAGE.name} is stale: run python -m services.decider.policies.catalogue"
            )
        return int(page != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
