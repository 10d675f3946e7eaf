"""Conditions as people write them, checked against the catalogue of facts."""

from services.decider.domain.conditions import (
    All,
    AnyOf,
    Comparison,
    Condition,
    Operand,
    negate,
)
from services.decider.domain.facts import FACTS, FactSpec
from services.decider.domain.values import Kind, Scalar, kind_of
from services.decider.policies.document import Node, Reader, near

_EQUALITY = frozenset({"eq", "ne", "in", "not_in", "exists"})
OPERATORS_OF = {
    Kind.STRING: _EQUALITY,
    Kind.BOOLEAN: frozenset({"eq", "ne", "exists"}),
    Kind.NUMBER: _EQUALITY | {"lt", "lte", "gt", "gte"},
}
_LISTS = frozenset({"in", "not_in"})


class Facts:
    """The facts that a policy may ask for: its domain's, and those it derives itself."""

    def __init__(self, domain: str, reader: Reader) -> None:
        self.domain = domain
        self.known = {name: spec for name, spec in FACTS.items() if spec.domain in {None, domain}}
        self._reader = reader

    def find(self, at: Node, name: str) -> FactSpec | None:
        """The fact of that name."""
        if (spec := self.known.get(name)) is not None:
            return spec
        elsewhere = FACTS.get(name)
        why = (
            f"{name} is a fact of {elsewhere.domain} cases; a {self.domain} case never has it"
            if elsewhere is not None
            else f"unknown fact {name}{near(name, self.known)}"
        )
        self._reader.problems.add(at, why)
        return None

    def scalar(self, at: Node, spec: FactSpec, value: object) -> Scalar | None:
        """A value that the fact can have."""
        if kind_of(value) is not spec.kind:
            self._reader.problems.add(
                at, f"{spec.name} is a {spec.kind}; {value!r} is not: write a {spec.kind}"
            )
            return None
        if spec.values is not None and value not in spec.values:
            self._reader.problems.add(
                at, f"{spec.name} is never {value!r}{near(str(value), spec.values)}"
            )
            return None
        assert isinstance(value, str | int | float | bool)  # noqa: S101 - it has a kind
        return value


class Conditions:
    """Compiles a condition; one that is wrong becomes problems and None."""

    def __init__(self, facts: Facts, reader: Reader) -> None:
        self._facts = facts
        self._reader = reader

    def compile(self, node: Node) -> Condition | None:
        """Every entry must hold: `all`, `any`, `not`, or a fact and what it is compared with."""
        entries = self._reader.entries(node)
        if not entries:
            self._reader.problems.add(node, "a condition must say something; name a fact")
            return None
        parts = [self._entry(name, child) for name, child in entries.items()]
        return _together([part for part in parts if part is not None])

    def _entry(self, name: str, node: Node) -> Condition | None:
        match name:
            case "all":
                return _together(self._several(node))
            case "any":
                parts = self._several(node)
                return AnyOf(tuple(parts)) if parts else None
            case "not":
                inner = self.compile(node)
                return None if inner is None else negate(inner)
            case _:
                return self._fact(name, node)

    def _several(self, node: Node) -> list[Condition]:
        compiled = [self.compile(each) for each in self._reader.items(node, at_least=1)]
        return [each for each in compiled if each is not None]

    def _fact(self, name: str, node: Node) -> Condition | None:
        spec = self._facts.find(node, name)
        if spec is None:
            return None
        match node.value:
            case dict():
                compared = [
                    self._comparison(spec, operator, operand)
                    for operator, operand in node.value.items()
                ]
                if not compared:
                    self._reader.problems.add(node, "compare it with something, as {eq: ...}")
                return _together([each for each in compared if each is not None])
            case list():
                return self._comparison(spec, "in", node)
            case _:
                return self._comparison(spec, "eq", node)

    def _comparison(self, spec: FactSpec, operator: str, node: Node) -> Comparison | None:
        allowed = OPERATORS_OF[spec.kind]
        if operator not in allowed:
            self._reader.problems.add(
                node, f"a {spec.kind} has no operator {operator}{near(operator, allowed)}"
            )
            return None
        operand = self._operand(spec, operator, node)
        return None if operand is None else Comparison(spec.name, operator, operand)

    def _operand(self, spec: FactSpec, operator: str, node: Node) -> Operand | None:
        if operator == "exists":
            if not isinstance(node.value, bool):
                self._reader.problems.add(node, "exists is true or false")
                return None
            return node.value
        if operator in _LISTS:
            found = [
                self._facts.scalar(each, spec, each.value)
                for each in self._reader.items(node, at_least=1)
            ]
            return tuple(each for each in found if each is not None) or None
        return self._facts.scalar(node, spec, node.value)


def _together(parts: list[Condition]) -> Condition | None:
    match parts:
        case []:
            return None
        case [only]:
            return only
        case _:
            return All(tuple(parts))
