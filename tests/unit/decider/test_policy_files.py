"""Policy files: whatever is wrong is refused at load, with file, line, field and remedy."""

import copy
from pathlib import Path

import pytest

from services.chassis.errors import ConfigurationError
from services.decider.domain.autonomy import Level
from services.decider.policies import SHIPPED_MACROS, check_policies, load_policies
from services.decider.policies.compiling import compile_file
from tests.fakes_policy import HOLD, MACROS, REPLY, ROUTE, document, write

ANSWER = {
    "id": "answer",
    "when": {"intent.label": "late", "intent.confidence": {"gte": 0.5}},
    "then": [ROUTE, REPLY],
}
GOOD = document(
    facts={
        "policy.desk": {
            "first": [{"when": {"ticket.vip": True}, "is": "a"}],
            "default": "b",
        }
    },
    budgets=[{"name": "hourly", "action": "support.route", "max": 9, "window": "1h"}],
    control_group={"support.tag": 10},
    rules=[ANSWER],
    default=[{"action": "support.route", "parameters": {"queue": "$policy.desk"}}],
    tests=[
        {
            "name": "t",
            "given": {"intent.label": "late", "intent.confidence": 0.9},
            "expect": {"rule": "answer", "actions": ["support.route"]},
        }
    ],
)


def problems(folder: Path, content: object) -> list[str]:
    """What is wrong with the file, without its name."""
    file = write(folder, content)  # type: ignore[arg-type]
    policy, _, wrong = compile_file(file, MACROS)
    assert all(line.startswith(f"{file}:") for line in wrong)
    assert policy is not None or wrong
    return [line.removeprefix(f"{file}:") for line in wrong]


def test_the_policy_that_the_others_are_broken_from_is_good(tmp_path: Path) -> None:
    """Else a refusal below would prove nothing."""
    assert problems(tmp_path, GOOD) == []


def broken(path: str, value: object) -> dict:
    """The good policy with one field set, or without it where the value is ..., a mark."""
    made = copy.deepcopy(GOOD)
    at = made
    *parents, last = path.split("/")
    for part in parents:
        at = at[int(part)] if part.isdigit() else at[part]
    key = int(last) if last.isdigit() else last
    if value is ...:
        del at[key]
    else:
        at[key] = value
    return made


STEP = "rules/0/then/0"
TEST = "tests/0"
BUDGET = "budgets/0"
REFUSED = [
    # what is not there, or should not be
    ("policy", ..., "(document): policy is missing; add it"),
    ("default", ..., "(document): default is missing; add it"),
    ("tests", ..., "(document): tests is missing; add it"),
    ("tests", [], "tests: must have at least 1; it has 0"),
    ("rules", [], "rules: must have at least 1; it has 0"),
    ("rulez", [], "rulez: unknown field rulez; did you mean rules?"),
    ("rules/0/than", [], "rules[0].than: unknown field than; did you mean then?"),
    ("rules/0/id", ..., "rules[0]: id is missing; add it"),
    # names
    ("policy", "Support!", "policy: 'Support!' must be like"),
    ("version", 1.0, "version: must be a string, is the float 1.0; quote it"),
    ("domain", "retail", "domain: unknown domain retail; known: supply, support"),
    ("rules/0/id", "default", "rules[0].id: rule default is there already; give it another id"),
    ("queues/0", "", "queues[0]: must be a string, is ''; quote it"),
    # conditions
    (
        "rules/0/when",
        {"intent.lable": "x"},
        "unknown fact intent.lable; did you mean intent.label?",
    ),
    ("rules/0/when", {"ref.po": "x"}, "ref.po is a fact of supply cases; a support case never has"),
    ("rules/0/when", {}, "rules[0].when: a condition must say something; name a fact"),
    ("rules/0/when", "always", "rules[0].when: must be a mapping"),
    ("rules/0/when", {"any": []}, "rules[0].when.any: must have at least 1; it has 0"),
    ("rules/0/when", {"any": {}}, "rules[0].when.any: must be a list"),
    ("rules/0/when", {"ticket.vip": {}}, "compare it with something, as {eq: ...}"),
    ("rules/0/when", {"ticket.vip": {"gte": True}}, "a boolean has no operator gte"),
    ("rules/0/when", {"ticket.queue": {"like": "a"}}, "a string has no operator like"),
    ("rules/0/when", {"ticket.vip": "yes"}, "ticket.vip is a boolean; 'yes' is not"),
    ("rules/0/when", {"intent.margin": "0.5"}, "intent.margin is a number; '0.5' is not"),
    ("rules/0/when", {"intent.margin": {"gte": True}}, "intent.margin is a number; True is not"),
    ("rules/0/when", {"intent.margin": {"gte": float("nan")}}, "intent.margin is a number; nan"),
    ("rules/0/when", {"ticket.queue": False}, "ticket.queue is a string; False is not"),
    ("rules/0/when", {"ticket.queue": {"exists": "no"}}, "exists is true or false"),
    ("rules/0/when", {"ticket.queue": {"in": "a"}}, "must be a list"),
    ("rules/0/when", {"ticket.queue": {"in": []}}, "must have at least 1; it has 0"),
    ("rules/0/when", {"ticket.status": "opened"}, "is never 'opened'; did you mean open?"),
    ("rules/0/when", {"policy.desk": "c"}, "policy.desk is never 'c'; known: a, b"),
    ("rules/0/when", {"not": {"ticket.vip": 1}}, "rules[0].when.not.ticket.vip: ticket.vip is a"),
    ("rules/0/shows", ["intent.lable"], "unknown fact intent.lable"),
    ("rules/0/shows", ["ticket.requester_ref"], "ticket.requester_ref is about a person"),
    # facts of its own
    ("facts", {"queue": GOOD["facts"]["policy.desk"]}, "facts.queue: 'queue' must be like policy"),
    ("facts/policy.desk/default", ..., "facts.policy.desk: default is missing; add it"),
    ("facts/policy.desk/first/0/is", ..., "facts.policy.desk.first[0]: is is missing; add it"),
    ("facts/policy.desk/first/0/is", "c", "default[0].parameters.queue: policy.desk can be c"),
    # steps
    (f"{STEP}/action", "support.rout", "unknown support action support.rout; did you mean"),
    (f"{STEP}/action", "supply.hold_lot", "unknown support action supply.hold_lot"),
    (f"{STEP}/parameters/queue", "c", "rules[0].then[0].parameters.queue: unknown queue c"),
    (f"{STEP}/parameters/queue", ..., "rules[0].then[0].parameters: queue is missing; add it"),
    (f"{STEP}/parameters/colour", "red", "unknown field colour"),
    (f"{STEP}/parameters/queue", "$ticket.queue", "ticket.queue can be anything"),
    (f"{STEP}/parameters/queue", "$ticket.vip", "must be a string; ticket.vip is a boolean"),
    (f"{STEP}/parameters/queue", "$ticket.que", "unknown fact ticket.que"),
    (f"{STEP}/mode", "auto", "rules[0].then[0].mode: unknown mode auto"),
    (f"{STEP}/expires", "5h", "rules[0].then[0].expires: must be above 0 and at most 4h, is 5h"),
    (f"{STEP}/expires", "0m", "must be above 0"),
    (f"{STEP}/expires", 15, "must be like 30s, 15m, 24h or 90d, is the int 15"),
    (f"{STEP}/only_if", {"ticket.vip": 1}, "rules[0].then[0].only_if.ticket.vip: ticket.vip is a"),
    ("rules/0/then/1/parameters/macro", "sory", "unknown macro sory; did you mean sorry?"),
    ("rules/0/then/1/parameters/locale", "ta", "unknown locale ta; known: en, hi-Latn"),
    ("default/0", {"action": "support.tag", "parameters": {"tags": []}}, "at least 1"),
    ("default/0", {"action": "support.tag", "parameters": {"tags": ["A B"]}}, "must be like"),
    (
        "default/0",
        {"action": "support.tag", "parameters": {"tags": "$ticket.queue"}},
        "write a list",
    ),
    (
        "default/0",
        {"action": "support.set_priority", "parameters": {"priority": "highest"}},
        "unknown value highest; did you mean high?",
    ),
    (
        "default/0",
        {"action": "support.set_priority", "parameters": {"priority": "$ticket.priority"}},
        "ticket.priority can be other",
    ),
    # budgets and control groups
    (f"{BUDGET}/max", 0, "budgets[0].max: must be above 0, is 0"),
    (f"{BUDGET}/max", "many", "budgets[0].max: must be a number, is 'many'"),
    (f"{BUDGET}/window", "100d", "at most 90d"),
    (f"{BUDGET}/window", ..., "budgets[0]: window is missing; add it"),
    (f"{BUDGET}/action", "support.refund", "unknown support action support.refund"),
    (f"{BUDGET}/key", ["ticket.owner"], "budgets[0].key[0]: unknown fact ticket.owner"),
    (f"{BUDGET}/sum", "queue", "unknown number among the parameters of support.route"),
    ("budgets", [GOOD["budgets"][0]] * 2, "budget hourly is there already; give it another name"),
    ("control_group", {"support.tag": 60}, "must be above 0 and at most 50, is 60"),
    ("control_group", {"support.escalate": 5}, "nobody is kept out; remove it"),
    # tests
    (f"{TEST}/given", {"intent.lable": "x"}, "tests[0].given.intent.lable: unknown fact"),
    (f"{TEST}/given", {"intent.confidence": "high"}, "intent.confidence is a number; 'high' is"),
    (f"{TEST}/given", {"policy.desk": "a"}, "policy.desk is derived; give what it is derived from"),
    (f"{TEST}/expect/rule", "anser", "tests[0].expect.rule: unknown rule anser; did you mean"),
    (f"{TEST}/expect/rule", ..., "tests[0].expect: rule is missing; add it"),
    (f"{TEST}/expect/actions", ["support.rout"], "unknown support action support.rout"),
    (
        f"{TEST}/expect/parameters",
        {"support.route": {"quue": "a"}},
        "tests[0].expect.parameters.support.route.quue: unknown field quue; did you mean queue?",
    ),
]


@pytest.mark.parametrize(("path", "value", "said"), REFUSED)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, path, value, said) -> None:
    """Nothing that an author did not mean may come alive."""
    found = problems(tmp_path, broken(path, value))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"rule": "default"}, "expected rule default, got answer"),
        (
            {"rule": "answer", "actions": ["support.route", "support.reply.macro"]},
            "got support.route; support.reply.macro misses language.code, ticket.order_id",
        ),
        ({"rule": "answer", "actions": []}, "expected no action, got support.route"),
        (
            {"rule": "answer", "parameters": {"support.route": {"queue": "b"}}},
            "expected support.route with queue 'b', got 'a'",
        ),
        (
            {"rule": "answer", "parameters": {"support.tag": {}}},
            "expected support.tag, got support.route, support.reply.macro",
        ),
    ],
)
def test_a_failing_test_is_refused_with_what_came_instead(tmp_path: Path, expect, said) -> None:
    """A policy that does not do what its author expects does not start."""
    [found] = problems(tmp_path, broken("tests/0/expect", expect))
    assert f'test "t" fails: {said}' in found or said in found


def test_a_failing_test_names_the_comparison_that_failed(tmp_path: Path) -> None:
    """So that one need not guess which of them."""
    given = {"intent.label": "late", "intent.confidence": 0.4}
    [found] = problems(tmp_path, broken("tests/0/given", given))
    assert "expected rule answer, got default (answer: intent.confidence=0.4 not gte 0.5)" in found


def test_a_rule_that_never_decides_is_refused(tmp_path: Path) -> None:
    """Its author believes that it does."""
    narrow = {"id": "vip", "when": {"intent.label": "late", "intent.confidence": 0.9}, "then": []}
    [found] = problems(tmp_path, broken("rules", [ANSWER, narrow]))
    assert "rule vip never decides: rule answer before it matches whenever it would" in found
    never = {"id": "x", "when": {"intent.margin": {"gt": 1, "lt": 0}}, "then": []}
    [found] = problems(tmp_path, broken("rules", [ANSWER, never]))
    assert "rule x never decides: its condition can never hold" in found


def test_a_duplicate_rule_is_refused(tmp_path: Path) -> None:
    """Ids stand in warrants: one rule each."""
    other = {**ANSWER, "when": {"ticket.vip": True}}
    [found] = problems(tmp_path, broken("rules", [ANSWER, other]))
    assert "rules[1].id: rule answer is there already; give it another id" in found


def test_an_amount_must_be_joined(tmp_path: Path) -> None:
    """Never a figure of the policy's, of a text's, of a model's or of something else's."""
    for value, said in (
        (100, "an amount is never written in a policy"),
        ("$intent.confidence", "an amount must be a joined sum of money (order.amount, po.am"),
        ("$sla.due_in", "sla.due_in is none"),
        ("$named.amount", "named.amount is none"),
        ("$order.currency", "must be a number; order.currency is a string"),
    ):
        step = {
            "action": "support.escalate",
            "parameters": {"queue": "a", "severity": "major", "amount_at_risk": value},
        }
        found = problems(tmp_path, broken("default", [step]))
        assert any(said in line for line in found), found


def test_a_macro_must_fit_the_domain(tmp_path: Path) -> None:
    """A ticket's variables are no facts of a lot; and every reply must be retractable."""
    file = write(tmp_path, GOOD)
    _, _, wrong = compile_file(file, {"sorry": MACROS["sorry"]})
    assert any("a reply is taken back by macro correction; add it" in line for line in wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: is empty"),
        ("policy: [", ":1: not valid YAML"),
        ("policy: a\npolicy: b\n", ":2: policy: is there twice; remove one"),
        ("a: &x {b: 1}\nc: *x\n", ":2: c: aliases are not read here; write it out"),
        ("a: &x [*x]\n", ":1: a[0]: aliases are not read here"),
        ("version: 2026-11-40\n", "version: must be a string"),
        ("version: 2026-11-20\n", "version: must be a string, is the date 2026-11-20; quote it"),
        ("version: !!python/object:os.system x\n", ":1: version: is no"),
        ("- a\n", ":1: (document): must be a mapping"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Also what YAML itself would silently accept."""
    found = "\n".join(":" + line for line in problems(tmp_path, text))
    assert said in found


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """One line, no traceback."""
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"\xff\xfe")
    policy, _, [wrong] = compile_file(file, MACROS)
    assert policy is None
    assert "cannot be read" in wrong


def test_all_mistakes_of_all_files_are_told_at_once_by_line(tmp_path: Path) -> None:
    """Who edits should not have to start ten times."""
    many = """\
policy: support
version: 1
domain: support
description: d
rules:
  - id: a
    when: {intent.lable: x}
    then: [{action: support.tagg}]
  - id: b
    when: {ticket.vip: "yes"}
    then: []
default: []
tests:
  - {name: t, given: {ticket.vip: 1}, expect: {rule: c}}
"""
    write(tmp_path, many, "a.yaml")
    write(tmp_path, "policy: [", "b.yaml")
    with pytest.raises(ConfigurationError) as refused:
        load_policies(tmp_path)
    places = [line.split(": ")[0] for line in str(refused.value).splitlines()]
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert places == [f"{a}:{n}" for n in (2, 7, 8, 10, 14, 14)] + [f"{b}:1"]


def test_every_domain_needs_exactly_one_policy(tmp_path: Path) -> None:
    """A case without a policy would be a crash in the night."""
    minimal = {key: value for key, value in GOOD.items() if key != "control_group"}
    support = {**minimal, "rules": [{**ANSWER, "then": [ROUTE]}]}
    write(tmp_path, support, "a.yaml")
    with pytest.raises(ConfigurationError, match="no policy for domain supply; add a file"):
        load_policies(tmp_path)
    write(tmp_path, support, "b.yaml")
    with pytest.raises(ConfigurationError, match=r"b.yaml:1: domain: support has a policy in"):
        load_policies(tmp_path)


@pytest.mark.parametrize("where", ["policies", "macros"])
def test_a_place_that_is_not_there_is_named(tmp_path: Path, where: str) -> None:
    """With the remedy."""
    write(tmp_path, GOOD)
    gone = tmp_path / "gone"
    places = (gone, SHIPPED_MACROS) if where == "policies" else (tmp_path, gone)
    with pytest.raises(ConfigurationError, match="gone: no"):
        check_policies(*places)


def test_what_is_written_is_what_is_meant(tmp_path: Path) -> None:
    """Order, modes, expiry, own facts, shorthands: nothing is lost on the way."""
    content = broken("rules/0/then/0/mode", "approve")
    policy, _, wrong = compile_file(write(tmp_path, content), MACROS)
    assert wrong == []
    assert policy is not None
    [rule] = policy.rules
    assert [step.action.type for step in rule.then] == ["support.route", "support.reply.macro"]
    assert [step.mode for step in rule.then] == [Level.APPROVE, Level.ACT]
    assert rule.shows == ("intent.label", "intent.confidence")
    assert policy.derived[0].of({"ticket.vip": True}) == "a"
    assert policy.budgets["support.route"][0].limit == 9
    assert policy.control_group == {"support.tag": 10}


def test_the_hash_is_of_the_rules_and_of_the_texts(tmp_path: Path) -> None:
    """A warrant's sha256 tells exactly what decided: another text is another hash."""
    file = write(tmp_path, GOOD)
    first, _, _ = compile_file(file, MACROS)
    other = {**MACROS, "correction": MACROS["sorry"]}
    second, _, _ = compile_file(file, other)
    file.write_text(file.read_text() + "# a comment\n")
    third, _, _ = compile_file(file, MACROS)
    assert first is not None
    assert second is not None
    assert third is not None
    assert len({first.sha256, second.sha256, third.sha256}) == 3


def test_a_supply_policy_asks_supply_actions(tmp_path: Path) -> None:
    """Each domain has its own."""
    good = document(HOLD, domain="supply")
    assert problems(tmp_path, good) == []
    found = problems(tmp_path, document(ROUTE, domain="supply"))
    assert any("unknown supply action support.route" in line for line in found)
