"""From a policy's file to a policy, or to everything that is wrong with it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from services.decider.domain.conditions import Condition, comparisons
from services.decider.domain.facts import FactSpec, Source
from services.decider.domain.macros import Macro
from services.decider.domain.policy import (
    DEFAULT,
    Branch,
    Derived,
    Policy,
    Rule,
    Step,
)
from services.decider.domain.reachability import never
from services.decider.domain.values import Kind
from services.decider.policies import testing
from services.decider.policies.conditions import Conditions, Facts
from services.decider.policies.document import Node, Problems, Reader, read
from services.decider.policies.expectations import Expectations
from services.decider.policies.limits import budgets, control_group
from services.decider.policies.standards import FIELDS, standards
from services.decider.policies.steps import Steps
from services.decider.policies.writing import writing

DOMAINS = ("support", "supply")

_NAME = r"[a-z][a-z0-9-]{0,59}"
_QUEUE = r"[a-z][a-z0-9_-]{0,59}"
_DERIVED = r"policy\.[a-z][a-z0-9_]{0,39}"
_VALUE = r"[a-z0-9][A-Za-z0-9_.-]{0,59}"

# It names nobody, but it is about one person: it explains nothing to those who read explanations.
_NOT_SHOWN = frozenset({"ticket.requester_ref"})


def compile_file(
    file: Path, macros: Mapping[str, Macro]
) -> tuple[Policy | None, tuple[testing.Run, ...], list[str]]:
    """A policy with how its tests went, or None; and what is wrong, `file:line: field: what`."""
    problems = Problems(file)
    root = read(file, problems)
    if root is None:
        return None, (), problems.lines
    compiler = _Compiler(root, problems, macros)
    policy = compiler.compile(_digest(file, macros))
    if policy is None or problems:
        return None, (), problems.lines
    runs = testing.run(policy)
    for run, node in zip(runs, compiler.test_nodes, strict=True):
        if run.failure is not None:
            problems.add(node, f'test "{run.name}" fails: {run.failure}')
    return policy, runs, problems.lines


class _Compiler:
    def __init__(self, root: Node, problems: Problems, macros: Mapping[str, Macro]) -> None:
        self._reader = reader = Reader(problems)
        self._root = root
        self._macros = macros
        self._given = reader.mapping(
            root,
            ("policy", "version", "domain", "description", "rules", "default", "tests"),
            ("owner", "queues", "facts", "budgets", "control_group", "writing", *FIELDS),
        )
        self.test_nodes = reader.items(self._given.get("tests"), at_least=1)

    def compile(self, sha256: str) -> Policy | None:
        """The policy; not to be used where there are problems."""
        reader, given = self._reader, self._given
        policy_id = reader.text(given.get("policy"), pattern=_NAME)
        version = reader.text(given.get("version"), pattern=r"[\w.-]{1,40}")
        for name in ("description", "owner"):
            reader.text(given.get(name))
        domain = reader.one_of(given.get("domain"), DOMAINS, "domain")
        if domain is None:
            return None  # everything else is checked against the domain's facts and actions
        queues = [
            queue
            for node in reader.items(given.get("queues"))
            if (queue := reader.text(node, pattern=_QUEUE)) is not None
        ]
        facts = Facts(domain, reader)
        derived = self._derived(facts)
        steps = Steps(facts, reader, queues=queues, macros=self._macros)
        rules = self._rules(facts, steps)
        default = self._steps(steps, given.get("default"))
        tests = Expectations(facts, steps, reader, [rule.id for rule in rules])
        return Policy(
            id=policy_id or "",
            version=version or "",
            sha256=sha256,
            domain=domain,
            rules=rules,
            default=default,
            derived=derived,
            budgets=budgets(given.get("budgets"), facts, steps, reader),
            control_group=control_group(given.get("control_group"), steps, reader),
            macros=self._macros,
            standards=standards(given, domain, reader),
            writing=writing(given.get("writing"), facts, reader),
            tests=tuple(tests.compile(node) for node in self.test_nodes),
        )

    def _derived(self, facts: Facts) -> tuple[Derived, ...]:
        found: list[Derived] = []
        for name, node in self._reader.entries(self._given.get("facts")).items():
            self._reader.text(Node(name, node.line, node.path), pattern=_DERIVED)
            derived = self._one_derived(name, node, facts)
            found.append(derived)
            values = frozenset({*(each.value for each in derived.branches), derived.default})
            facts.known[name] = FactSpec(
                name, Kind.STRING, Source.POLICY, "Derived by the policy.", facts.domain, values
            )
        return tuple(found)

    def _one_derived(self, name: str, node: Node, facts: Facts) -> Derived:
        given = self._reader.mapping(node, ("first", "default"))
        conditions = Conditions(facts, self._reader)
        branches: list[Branch] = []
        for each in self._reader.items(given.get("first"), at_least=1):
            branch = self._reader.mapping(each, ("when", "is"))
            when = conditions.compile(branch["when"]) if "when" in branch else None
            value = self._reader.text(branch.get("is"), pattern=_VALUE)
            if when is not None and value is not None:
                branches.append(Branch(when, value))
        default = self._reader.text(given.get("default"), pattern=_VALUE)
        return Derived(name=name, branches=tuple(branches), default=default or "")

    def _rules(self, facts: Facts, steps: Steps) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        seen = {DEFAULT}
        for node in self._reader.items(self._given.get("rules"), at_least=1):
            given = self._reader.mapping(node, ("id", "when", "then"), ("shows", "description"))
            self._reader.text(given.get("description"))
            rule_id = self._reader.text(given.get("id"), pattern=_NAME)
            if rule_id in seen:
                self._reader.problems.add(
                    given["id"], f"rule {rule_id} is there already; give it another id"
                )
            when = (
                Conditions(facts, self._reader).compile(given["when"]) if "when" in given else None
            )
            then = self._steps(steps, given.get("then"))
            if when is None or rule_id is None or rule_id in seen:
                continue
            seen.add(rule_id)
            because = never(when, [(rule.id, rule.when) for rule in rules], facts.known)
            if because is not None:
                self._reader.problems.add(
                    node, f"rule {rule_id} never decides: {because}; move, narrow or remove it"
                )
            shows = self._shows(given.get("shows"), when, facts)
            rules.append(Rule(id=rule_id, when=when, then=then, shows=shows))
        return tuple(rules)

    def _steps(self, steps: Steps, node: Node | None) -> tuple[Step, ...]:
        compiled = [steps.compile(each) for each in self._reader.items(node)]
        return tuple(each for each in compiled if each is not None)

    def _shows(self, node: Node | None, when: Condition, facts: Facts) -> tuple[str, ...]:
        if node is None:
            asked = dict.fromkeys(each.fact for each in comparisons(when))
            for fact in tuple(asked):
                if fact.endswith(".label") and (sure := f"{fact[:-6]}.confidence") in facts.known:
                    asked[sure] = None
            return tuple(fact for fact in asked if fact not in _NOT_SHOWN)
        shown: list[str] = []
        for each in self._reader.items(node):
            name = self._reader.text(each)
            if name in _NOT_SHOWN:
                self._reader.problems.add(each, f"{name} is about a person; leave it out")
            elif name is not None and facts.find(each, name) is not None:
                shown.append(name)
        return tuple(shown)


def _digest(file: Path, macros: Mapping[str, Macro]) -> str:
    """Of the policy's bytes and of the texts it may send: what decided is told by one hash."""
    whole = hashlib.sha256(file.read_bytes())
    for macro in sorted(macros.values(), key=lambda each: each.id):
        for locale, text in sorted(macro.texts.items()):
            whole.update(f"{macro.id}\0{locale}\0{text}\0".encode())
    return whole.hexdigest()
