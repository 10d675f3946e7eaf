"""Files that people edit: YAML read into a pydantic model, every mistake named by file and line."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from typing_extensions import override

from services.chassis.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)

_Key = tuple[str | int, ...]

# Looks at a valid document for what no field can see alone: where, and what is wrong there.
Check = Callable[[M], Iterable[tuple[_Key, str]]]


def _nothing(_: BaseModel) -> Iterable[tuple[_Key, str]]:
    return ()


class _Lines:
    """Where each field of a YAML document stands, 1-based."""

    def __init__(self, node: yaml.Node | None) -> None:
        self._at: dict[_Key, int] = {}
        if node is not None:
            self._walk(node, ())

    def _walk(self, node: yaml.Node, path: _Key) -> None:
        self._at.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._at[*path, key.value] = key.start_mark.line + 1
                self._walk(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index))

    def of(self, path: Sequence[str | int]) -> int:
        """The line of the field, or of its nearest parent that is in the file."""
        known = tuple(path)
        while known and known not in self._at:
            known = known[:-1]
        return self._at.get(known, 1)


class _UniqueKeys(yaml.CSafeLoader):
    """YAML lets a later key silently replace an earlier one; we refuse it."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key.value!r}: remove one", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: Path, model: type[M], *, check: Check[M] = _nothing) -> M:
    """Read a file into the model.

    Raises:
        ConfigurationError: one line per mistake, `file:line: field: what is wrong`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    return parse(text, model, name=str(path), check=check)


def parse(text: str, model: type[M], *, name: str, check: Check[M] = _nothing) -> M:
    """Like `load`, for text that is at hand; `name` stands for the file in errors."""
    try:
        loader = _UniqueKeys(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
        lines = _Lines(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{name}:{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: not valid YAML: {error}") from error
    try:
        read = model.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise _refusal(name, lines, ((each["loc"], each["msg"]) for each in faults)) from error
    found = list(check(read))
    if found:
        raise _refusal(name, lines, found)
    return read


def _refusal(name: str, lines: _Lines, faults: Iterable[tuple[_Key, str]]) -> ConfigurationError:
    return ConfigurationError(
        "\n".join(f"{name}:{lines.of(path)}: {_dotted(path)}: {said}" for path, said in faults)
    )


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path) or "(document)"
