"""The actions that rules ask for, checked against the catalogue of actions."""

from collections.abc import Collection, Mapping

from services.decider.domain.actions import ACTIONS, ActionSpec, Form, Parameter
from services.decider.domain.autonomy import Level
from services.decider.domain.facts import FACTS, FactSpec
from services.decider.domain.macros import CORRECTION, Macro
from services.decider.domain.policy import FactRef, Step, Value
from services.decider.domain.values import Kind
from services.decider.policies.conditions import Conditions, Facts
from services.decider.policies.document import Node, Reader, near

_TAG = r"[a-z0-9][a-z0-9_.:-]{0,49}"


class Steps:
    """Compiles steps; one that is wrong becomes problems and None."""

    def __init__(
        self,
        facts: Facts,
        reader: Reader,
        *,
        queues: Collection[str],
        macros: Mapping[str, Macro],
    ) -> None:
        self._facts = facts
        self._reader = reader
        self._conditions = Conditions(facts, reader)
        self._queues = queues
        self._macros = macros

    def compile(self, node: Node) -> Step | None:
        """One step, with an action of the policy's domain."""
        given = self._reader.mapping(
            node, ("action",), ("parameters", "mode", "expires", "only_if")
        )
        spec = self.action(given.get("action"))
        if spec is None:
            return None
        mode = Level.ACT
        if (asked := given.get("mode")) is not None:
            mode = Level(self._reader.one_of(asked, tuple(Level), "mode") or Level.SHADOW)
        expires = self._reader.duration(given.get("expires"), upto=spec.expires)
        only_if = given.get("only_if")
        return Step(
            action=spec,
            parameters=self._parameters(node, given.get("parameters"), spec),
            mode=mode,
            expires=expires or spec.expires,
            only_if=None if only_if is None else self._conditions.compile(only_if),
        )

    def action(self, node: Node | None) -> ActionSpec | None:
        """The action that a node names."""
        ours = [name for name, spec in ACTIONS.items() if spec.domain == self._facts.domain]
        name = self._reader.one_of(node, ours, f"{self._facts.domain} action")
        return None if name is None else ACTIONS[name]

    def _parameters(self, at: Node, node: Node | None, spec: ActionSpec) -> dict[str, Value]:
        required = tuple(name for name, each in spec.parameters.items() if each.required)
        found = self._reader.mapping(node or Node({}, at.line, at.path), required, spec.parameters)
        values = {name: self._value(child, spec.parameters[name]) for name, child in found.items()}
        self._check_locale(found, values)
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, node: Node, parameter: Parameter) -> Value | None:
        reference = node.value if isinstance(node.value, str) else ""
        if reference.startswith("$"):
            return self._reference(node, reference[1:], parameter)
        match parameter.form:
            case Form.AMOUNT:
                self._reader.problems.add(
                    node, "an amount is never written in a policy; name a fact, as $order.amount"
                )
                return None
            case Form.NUMBER:
                return self._reader.number(node, above=float("-inf"))
            case Form.TAGS:
                return self._tags(node)
            case _:
                return self._text(node, parameter)

    def _tags(self, node: Node) -> tuple[str, ...] | None:
        tags = [
            self._reader.text(each, pattern=_TAG) for each in self._reader.items(node, at_least=1)
        ]
        return tuple(tag for tag in tags if tag is not None) or None

    def _text(self, node: Node, parameter: Parameter) -> str | None:
        closed = self._closed(parameter)
        if closed is None:
            return self._reader.text(node)
        what = parameter.form if parameter.form is not Form.STRING else "value"
        found = self._reader.one_of(node, closed, what)
        return self._macro(node, found) if parameter.form is Form.MACRO else found

    def _reference(self, node: Node, fact: str, parameter: Parameter) -> FactRef | None:
        spec = self._facts.find(node, fact)
        if spec is None:
            return None
        problem = self._misfit(spec, parameter)
        if problem is not None:
            self._reader.problems.add(node, problem)
            return None
        if parameter.form is Form.MACRO:
            for value in spec.values or ():
                self._macro(node, value)
        return FactRef(fact)

    def _misfit(self, spec: FactSpec, parameter: Parameter) -> str | None:
        """Why the fact cannot be this parameter."""
        wants = Kind.NUMBER if parameter.form in {Form.NUMBER, Form.AMOUNT} else Kind.STRING
        if parameter.form is Form.TAGS:
            return "tags are written in the policy; write a list"
        if spec.kind is not wants:
            return f"must be a {wants}; {spec.name} is a {spec.kind}"
        if parameter.form is Form.AMOUNT and not spec.money:
            sums = ", ".join(sorted(each.name for each in FACTS.values() if each.money))
            return f"an amount must be a joined sum of money ({sums}); {spec.name} is none"
        closed = self._closed(parameter)
        if closed is None:
            return None
        outside = sorted((spec.values or {"anything"}) - set(closed))
        if outside:
            return f"{spec.name} can be {', '.join(outside)}{near(outside[0], closed)}"
        return None

    def _closed(self, parameter: Parameter) -> Collection[str] | None:
        match parameter.form:
            case Form.QUEUE:
                return self._queues
            case Form.MACRO:
                return self._macros.keys()
            case _:
                return parameter.values

    def _macro(self, node: Node, name: str | None) -> str | None:
        """A macro that fits the domain, and that could be taken back."""
        if name is None:
            return None
        for variable, fact in self._macros[name].variables.items():
            if fact not in self._facts.known:
                self._reader.problems.add(
                    node, f"macro {name} fills {variable} from {fact}, which is no fact here"
                )
        if CORRECTION not in self._macros:
            self._reader.problems.add(
                node, f"a reply is taken back by macro {CORRECTION}; add it to the macros"
            )
        return name

    def _check_locale(self, found: Mapping[str, Node], values: Mapping[str, Value | None]) -> None:
        macro, locale = values.get("macro"), values.get("locale")
        if isinstance(macro, str) and isinstance(locale, str):
            self._reader.one_of(found["locale"], self._macros[macro].texts.keys(), "locale")
