"""A step's target and parameters, from the facts. What is missing is named, never guessed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from services.decider.domain.actions import ActionSpec, Form, UndoSpec
from services.decider.domain.facts import FACTS
from services.decider.domain.macros import Macro, approved_locale, fit_for_customers
from services.decider.domain.policy import FactRef, Step, Value
from services.decider.domain.ruling import Target, Undo
from services.decider.domain.values import Facts, Scalar


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a step comes to over these facts; with something `missing` it must not go."""

    target: Target
    parameters: Mapping[str, object]
    missing: tuple[str, ...]


def resolve(
    step: Step, facts: Facts, subject: tuple[str, str], macros: Mapping[str, Macro]
) -> Resolved:
    """Fill in a step. `subject` is the case's, as kind and id."""
    spec = step.action
    missing: list[str] = []
    parameters: dict[str, object] = {}
    for name, parameter in spec.parameters.items():
        given = step.parameters.get(name)
        value = _value(given, parameter.form, facts)
        if value is not None:
            parameters[name] = value
        elif parameter.required:
            missing.append(given.fact if isinstance(given, FactRef) else name)
    if isinstance(macro := parameters.get("macro"), str):
        missing += _fill(macros[macro], parameters, facts)
    target = _named(spec, facts)
    if target is None:
        if not spec.subject_will_do:
            missing.append(" or ".join(fact for _, fact in spec.target))
        target = Target(system=spec.system, kind=subject[0], id=subject[1])
    return Resolved(target, parameters, tuple(missing))


def undo_of(spec: UndoSpec | None, facts: Facts, parameters: Mapping[str, object]) -> Undo | None:
    """How to take it back. A null is a field that was empty before, and would be again."""
    if spec is None:
        return None
    back: dict[str, object] = {}
    for name, source in spec.parameters.items():
        match source[:1]:
            case "$":
                back[name] = facts.get(source[1:])
            case "@":
                back[name] = parameters.get(source[1:])
            case _:
                back[name] = source
    return Undo(type=spec.type, parameters=back)


def _named(spec: ActionSpec, facts: Facts) -> Target | None:
    for kind, fact in spec.target:
        if fact in facts:
            return Target(system=spec.system, kind=kind, id=str(facts[fact]))
    return None


def _value(given: Value | None, form: Form, facts: Facts) -> Scalar | list[str] | None:
    if form is Form.AMOUNT:
        return _amount(given, facts)
    match given:
        case FactRef(fact):
            return facts.get(fact)
        case tuple():
            return list(given)
        case _:
            return given


def _amount(given: Value | None, facts: Facts) -> float | None:
    """Asked here again, whatever the file said: an amount is a joined sum or it is none."""
    if not isinstance(given, FactRef) or given.fact not in FACTS:
        return None
    value = facts.get(given.fact)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not FACTS[given.fact].money:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _fill(macro: Macro, parameters: dict[str, object], facts: Facts) -> list[str]:
    """Put the macro's variables beside its name; returns what is missing for it."""
    missing: list[str] = []
    if isinstance(wanted := parameters.get("locale"), str):
        locale = approved_locale(macro, wanted)
        if locale is None:
            missing.append(f"{macro.id} in {wanted}")
        else:
            parameters["locale"] = locale
    variables: dict[str, Scalar] = {}
    for name, fact in macro.variables.items():
        value = facts.get(fact)
        if value is None or not fit_for_customers(value):
            missing.append(fact)
        else:
            variables[name] = value
    parameters["variables"] = variables
    return missing
