"""Files that people edit: every mistake is named by file, line and field."""

import pytest
from pydantic import BaseModel, ConfigDict

from services.chassis import documents
from services.chassis.errors import ConfigurationError


class Label(BaseModel):
    """A part of a file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    weight: int = 1


class File(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid")

    labels: list[Label]


def test_each_mistake_has_its_line_and_field():
    """An editor of a file of 300 lines must not have to search."""
    text = "labels:\n  - id: a\n  - id: b\n    weight: heavy\n    colour: red\n"
    with pytest.raises(ConfigurationError) as caught:
        documents.parse(text, File, name="pack.yaml")
    assert "pack.yaml:4: labels.1.weight: " in str(caught.value)
    assert "pack.yaml:5: labels.1.colour: " in str(caught.value)


def test_a_duplicate_key_is_refused():
    """YAML would silently keep the last one."""
    with pytest.raises(ConfigurationError, match=r"f:2: .*duplicate key 'labels'"):
        documents.parse("labels: []\nlabels: []\n", File, name="f")


@pytest.mark.parametrize("text", ["labels: [", "labels: \t- x", "\x00"])
def test_what_is_no_yaml_is_refused_plainly(text):
    """No stack trace for a missing bracket."""
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        documents.parse(text, File, name="f")
