"""The tests in a policy's file, typed as strictly as its rules."""

from collections.abc import Collection, Mapping

from services.decider.domain.facts import Source
from services.decider.domain.policy import DEFAULT, PolicyTest
from services.decider.domain.values import Scalar
from services.decider.policies.conditions import Facts
from services.decider.policies.document import Node, Reader
from services.decider.policies.steps import Steps


class Expectations:
    """Compiles tests; what is wrong with one becomes problems."""

    def __init__(self, facts: Facts, steps: Steps, reader: Reader, rules: Collection[str]) -> None:
        self._facts = facts
        self._steps = steps
        self._reader = reader
        self._rules = {*rules, DEFAULT}

    def compile(self, node: Node) -> PolicyTest:
        """One test: given facts, expect a rule, and the actions that could go."""
        given = self._reader.mapping(node, ("name", "given", "expect"))
        expect = self._reader.mapping(
            given.get("expect") or Node({"rule": node}, node.line, node.path),
            ("rule",),
            ("actions", "parameters"),
        )
        rule = self._reader.one_of(expect.get("rule"), self._rules, "rule")
        actions = None
        if "actions" in expect:
            named = [self._steps.action(each) for each in self._reader.items(expect["actions"])]
            actions = tuple(each.type for each in named if each is not None)
        return PolicyTest(
            name=self._reader.text(given.get("name")) or "",
            given=self._given(given.get("given")),
            rule=rule or "",
            actions=actions,
            parameters=self._parameters(expect.get("parameters")),
        )

    def _given(self, node: Node | None) -> dict[str, Scalar]:
        found: dict[str, Scalar] = {}
        for name, child in self._reader.entries(node).items():
            spec = self._facts.find(child, name)
            if spec is None:
                continue
            if spec.source is Source.POLICY:
                self._reader.problems.add(child, f"{name} is derived; give what it is derived from")
                continue
            value = self._facts.scalar(child, spec, child.value)
            if value is not None:
                found[name] = value
        return found

    def _parameters(self, node: Node | None) -> Mapping[str, Mapping[str, object]]:
        found: dict[str, Mapping[str, object]] = {}
        for name, child in self._reader.entries(node).items():
            action = self._steps.action(Node(name, child.line, child.path))
            if action is None:
                continue
            known = {*action.parameters, *(("variables",) if "macro" in action.parameters else ())}
            given = self._reader.mapping(child, optional=known)
            found[name] = {key: _plain(each) for key, each in given.items()}
        return found


def _plain(node: Node) -> object:
    match node.value:
        case dict():
            return {name: _plain(child) for name, child in node.value.items()}
        case list():
            return [_plain(child) for child in node.value]
        case _:
            return node.value
