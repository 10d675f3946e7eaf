"""YAML that remembers its lines, and a list of everything that is wrong with a file."""

import difflib
import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document with its place. Mappings hold nodes by key, sequences a list."""

    value: Any
    line: int
    path: str

    @property
    def label(self) -> str:
        """For an error: where in the document."""
        return self.path or "(document)"


@dataclass(slots=True)
class Problems:
    """All that is wrong with one file, in the order of its lines."""

    file: Path
    _found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, at: Node, what: str) -> None:
        """Note one. `what` says what is wrong and what to do about it."""
        self.at_line(at.line, f"{at.label}: {what}")

    def at_line(self, line: int, what: str) -> None:
        """The same where there is no node."""
        self._found.append((line, f"{self.file}:{line}: {what}"))

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def lines(self) -> list[str]:
        """`file:line: field: what is wrong`, one each."""
        return [said for _, said in sorted(self._found, key=lambda each: each[0])]


def read(file: Path, problems: Problems) -> Node | None:
    """The document; None where it is not one."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.at_line(1, f"cannot be read: {error}")
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.at_line(line, f"not valid YAML: {error.problem}")
        return None
    except yaml.YAMLError as error:
        problems.at_line(1, f"not valid YAML: {error}")
        return None
    if root is None:
        problems.at_line(1, "is empty; write the document or remove the file")
        return None
    return _Builder(problems).build(root, "", 1)


class _Builder:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._seen: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: str, line: int) -> Node:
        """The tree below a node; `line` is where it is named, an alias's own mark is elsewhere."""
        if id(node) in self._seen:
            self._problems.at_line(line, f"{path}: aliases are not read here; write it out")
            return Node(None, line, path)
        self._seen.add(id(node))
        line = node.start_mark.line + 1
        match node:
            case yaml.MappingNode():
                return Node(self._mapping(node, path), line, path)
            case yaml.SequenceNode():
                items = [
                    self.build(each, f"{path}[{n}]", line) for n, each in enumerate(node.value)
                ]
                return Node(items, line, path)
            case _:
                return Node(self._scalar(node, path), line, path)

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            below = f"{path}.{name}" if path else name
            if name in found:
                self._problems.at_line(line, f"{below}: is there twice; remove one")
                continue
            built = self.build(value, below, line)
            found[name] = Node(built.value, line, below)
        return found

    def _scalar(self, node: yaml.Node, path: str) -> Any:
        try:
            return self._scalars.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):
            kind = node.tag.removeprefix(_TAG)
            self._problems.at_line(node.start_mark.line + 1, f"{path}: is no {kind}; quote it")
            return None


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, else what is known, if that is short enough to be read."""
    names = sorted(known)
    if close := difflib.get_close_matches(name, names, n=1):
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 24 else ""  # noqa: PLR2004 - a line


class Reader:
    """Takes values out of nodes; what is not as it should be becomes a problem and None."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def mapping(
        self, node: Node, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> dict[str, Node]:
        """A mapping with these keys and no other; whatever is wrong, what is there."""
        if not isinstance(node.value, dict):
            self.problems.add(node, f"must be a mapping with {', '.join(required) or 'keys'}")
            return {}
        known = {*required, *optional}
        for name, child in node.value.items():
            if name not in known:
                self.problems.add(child, f"unknown field {name}{near(name, known)}")
        for name in required:
            if name not in node.value:
                self.problems.add(node, f"{name} is missing; add it")
        return {name: child for name, child in node.value.items() if name in known}

    def entries(self, node: Node | None) -> dict[str, Node]:
        """A mapping whose keys are names of the author's own; empty where absent."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.problems.add(node, "must be a mapping")
            return {}
        return node.value

    def items(self, node: Node | None, *, at_least: int = 0) -> list[Node]:
        """A list; empty where absent."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.problems.add(node, "must be a list")
            return []
        if len(node.value) < at_least:
            self.problems.add(node, f"must have at least {at_least}; it has {len(node.value)}")
        return node.value

    def text(self, node: Node | None, *, pattern: str = "") -> str | None:
        """A string that is not empty, and like the pattern where there is one."""
        if node is None:
            return None
        if not isinstance(node.value, str) or not node.value:
            self.problems.add(node, f"must be a string, is {_written(node.value)}; quote it")
            return None
        if pattern and not re.fullmatch(pattern, node.value):
            self.problems.add(node, f"{node.value!r} must be like {pattern}")
            return None
        return node.value

    def one_of(self, node: Node | None, known: Collection[str], what: str) -> str | None:
        """A name of a closed set."""
        name = self.text(node)
        if node is None or name is None:
            return None
        if name not in known:
            self.problems.add(node, f"unknown {what} {name}{near(name, known)}")
            return None
        return name

    def number(self, node: Node | None, *, above: float, upto: float = math.inf) -> float | None:
        """A finite number in (above, upto]."""
        if node is None:
            return None
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.add(node, f"must be a number, is {_written(value)}")
            return None
        if not (math.isfinite(value) and above < value <= upto):
            upper = "" if upto == math.inf else f" and at most {upto:g}"
            self.problems.add(node, f"must be above {above:g}{upper}, is {value:g}")
            return None
        return float(value)

    def duration(self, node: Node | None, *, upto: timedelta) -> timedelta | None:
        """Like 30s, 15m, 24h, 90d."""
        if node is None:
            return None
        found = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
        if found is None:
            self.problems.add(node, f"must be like 30s, 15m, 24h or 90d, is {_written(node.value)}")
            return None
        length = timedelta(**{_UNITS[found[2]]: int(found[1])})
        if not timedelta() < length <= upto:
            self.problems.add(
                node, f"must be above 0 and at most {as_written(upto)}, is {node.value}"
            )
            return None
        return length


def as_written(length: timedelta) -> str:
    """As people write it in a policy."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _written(value: object) -> str:
    """What was found, for an error; text is quoted, so that a blank can be seen."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value) if isinstance(value, str) else f"the {type(value).__name__} {value}"
