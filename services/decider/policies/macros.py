"""Macro files: approved texts, one file each, every locale and every variable checked."""

from collections.abc import Mapping
from pathlib import Path

from services.decider.domain.facts import FACTS, Source
from services.decider.domain.macros import LOCALES, Macro, variables_in
from services.decider.policies.document import Node, Problems, Reader, near, read

_NAME = r"[a-z][a-z0-9_]{0,39}"
_ID = r"[a-z][a-z0-9-]{0,59}"
_NOT_TOLD = frozenset({"ticket.requester_ref"})


def load_macros(folder: Path) -> tuple[Mapping[str, Macro], list[str]]:
    """All macros of a folder by id, and what is wrong with them."""
    macros: dict[str, Macro] = {}
    wrong: list[str] = []
    for file in sorted(folder.glob("*.yaml")):
        problems = Problems(file)
        macro = _macro(file, problems)
        if macro is not None and macro.id in macros:
            problems.at_line(1, f"macro: {macro.id} is there twice; give one of them another id")
        if macro is not None:
            macros.setdefault(macro.id, macro)
        wrong += problems.lines
    return macros, wrong


def _macro(file: Path, problems: Problems) -> Macro | None:
    root = read(file, problems)
    if root is None:
        return None
    reader = Reader(problems)
    given = reader.mapping(root, ("macro", "title", "texts"), ("variables",))
    macro_id = reader.text(given.get("macro"), pattern=_ID)
    title = reader.text(given.get("title"))
    variables = {
        name: fact
        for name, node in reader.entries(given.get("variables")).items()
        if (fact := _variable(reader, name, node)) is not None
    }
    if "texts" in given and not reader.entries(given["texts"]):
        problems.add(given["texts"], f"is empty; write one for a locale of {', '.join(LOCALES)}")
    texts = {
        locale: text
        for locale, node in reader.entries(given.get("texts")).items()
        if (text := _text(reader, locale, node, variables)) is not None
    }
    if macro_id is None or title is None or not texts:
        return None
    return Macro(id=macro_id, title=title, variables=variables, texts=texts)


def _variable(reader: Reader, name: str, node: Node) -> str | None:
    reader.text(Node(name, node.line, node.path), pattern=_NAME)
    told = [
        fact
        for fact, spec in FACTS.items()
        if spec.source in {Source.CASE, Source.JOINED} and fact not in _NOT_TOLD
    ]
    return reader.one_of(node, told, "fact (of the case, or joined)")


def _text(reader: Reader, locale: str, node: Node, variables: Mapping[str, str]) -> str | None:
    if locale not in LOCALES:
        reader.problems.add(node, f"unknown locale {locale}{near(locale, LOCALES)}")
        return None
    text = reader.text(node)
    if text is None:
        return None
    used = variables_in(text)
    for name in sorted(used - variables.keys()):
        reader.problems.add(node, f"{{{name}}} is no variable{near(name, variables)}; declare it")
    for name in sorted(variables.keys() - used):
        reader.problems.add(node, f"{{{name}}} is declared and not used; use it or remove it")
    return text.strip()
