"""What the page on reference data shows can be published as it stands."""

import json
import re
from pathlib import Path

import services.assessor.reference
from services.assessor.domain.joining import ATTRIBUTES, Type
from services.assessor.reference.records import entity_of, name_of
from services.assessor.reference.tables import Tables
from tests.fakes_reference import record, told

PAGE = Path(services.assessor.reference.__file__).with_name("README.md").read_text()
SHIPPED = Path(services.assessor.reference.__file__).with_name("reference.yaml").read_text()


def test_the_entity_that_is_shown_is_read():
    """Key and value as the line of kcat splits them."""
    (line,) = re.findall(r"echo '(.*)' \|", PAGE)
    key, value = line.split("=>")
    sent = record(value.encode(), key)
    assert entity_of(sent, name_of(sent, Tables()), Tables()).attributes["status"] == "shipped"


def test_the_promise_that_is_shown_is_read():
    """Office hours, holidays, targets."""
    (value,) = re.findall(
        r'^    (\{"tenant".*?"sla_policy".*?\}\}\})$', PAGE, re.DOTALL | re.MULTILINE
    )
    sent = record(json.loads(value), "acme|sla_policy:default")
    assert entity_of(sent, name_of(sent, Tables()), Tables()) is not None


def test_the_files_that_are_shown_are_accepted(tmp_path):
    """Also what the shipped file holds in its comment."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert told(shown, tmp_path).feeds == {("acme", Type.ORDER)}
    commented = [
        line[2:] for line in SHIPPED.splitlines() if re.match(r"# (change_feeds|tables|  )", line)
    ]
    assert told("\n".join(commented), tmp_path).feeds == {("acme", Type.ORDER)}


def test_every_type_and_attribute_is_on_the_page():
    """What nobody can read about nobody publishes."""
    for type_, attributes in ATTRIBUTES.items():
        assert f"`{type_}`" in PAGE
        missing = [
            each for each in attributes if f"`{each}`" not in PAGE and f'"{each}"' not in PAGE
        ]
        assert missing == []
