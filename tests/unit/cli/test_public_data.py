"""Public data sets through `sluice map`, where they are at hand (SLUICE_DATA): others' files."""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.replay import public_data
from services.cli.main import cli

ROOT = Path(__file__).parents[3]
HOME = public_data.home()
_EPCIS = "openepcis/core/src/main/resources/2.0/EPCIS/JSON"

pytestmark = pytest.mark.skipif(
    HOME is None, reason=f"no public data sets ({public_data.VARIABLE} names no folder)"
)


def files(pattern: str) -> list[Path]:
    """Of the data sets; none where they are absent."""
    return sorted(HOME.glob(pattern)) if HOME else []


def mapped(*words: str | Path) -> tuple[int, list[dict]]:
    """Exit code, and what is said as JSON."""
    done = CliRunner().invoke(cli, ["map", *map(str, words), "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def events_in(file: Path) -> int:
    """How many a document holds, counted without any code of ours."""
    data = json.loads(file.read_bytes())
    if isinstance(data, dict) and "epcisBody" in data:
        body = data["epcisBody"]
        body = body.get("queryResults", {}).get("resultsBody", body)
        return len(body["eventList"])
    return len(data.get("events", [data])) if isinstance(data, dict) else len(data)


def test_every_valid_epcis_document_maps_whole() -> None:
    """Captured documents, single events, query results: each event is a case."""
    found = [
        file
        for folder in ("Capture/Documents", "Capture/Events", "Query")
        for file in files(f"{_EPCIS}/{folder}/*.json")
    ]
    assert len(found) == 52
    code, said = mapped(*found, "--as", "epcis")
    assert (code, [each for each in said if "refused" in each]) == (0, [])
    assert len(said) == sum(map(events_in, found))


# What is wrong in each, read from the file; None: several things are.
_FAULTS = {
    "Combination_of_events_with_missing_mandatory_fields.json": None,
    "Combination_of_multiple_invalid_fields.json": None,
    "Combination_of_non_standard_bizStep_and_disposition.json": None,
    "EPCISDocument_without_context.json": "@context",
    "ObjectEvent_with_ilmd_field_without_namespace.json": "ilmd",
    "ObjectEvent_with_invalid_action.json": "action",
    "ObjectEvent_with_invalid_certificationInfo.json": "certificationInfo",
    "ObjectEvent_with_invalid_eventTime_format.json": "eventTime",
    "ObjectEvent_with_non_standard_bizStep.json": "bizStep",
    "ObjectEvent_with_non_standard_bizStep_in_second_event.json": "eventList[1].bizStep",
    "ObjectEvent_with_non_standard_disposition.json": "disposition",
    "ObjectEvent_with_quantity_as_text.json": "quantity",
    "ObjectEvent_with_unknown_field_in_quantityList.json": "quantityList",
    "ObjectEvent_without_action_and_eventTime.json": None,
    "ObjectEvent_without_identifier_list.json": "epcList",
    "QueryDocument_with_invalid_action.json": "action",
    "QueryDocument_with_invalid_eventType.json": "type",
}
_FIELD = re.compile(r"([\w@:.\[\]]+): ")


@pytest.mark.parametrize(
    "file",
    [
        *files(f"{_EPCIS}/Capture/Invalid/*.json"),
        *files(f"{_EPCIS}/Query/Invalid/*.json"),
    ],
    ids=lambda file: file.name,
)
def test_every_invalid_epcis_document_is_refused_by_field(file) -> None:
    """Whole, with the field where it is wrong."""
    code, (said,) = mapped(file, "--as", "epcis")
    assert code == 1
    named = _FIELD.match(said["refused"]["detail"])
    assert named
    if fault := _FAULTS.get(file.name):
        assert fault in named[1]


def test_a_generated_chain_maps_whole() -> None:
    """Commissioned, packed, loaded, shipped: hundreds of events in one document."""
    (chain,) = files("openepcis/testdata-generator/examples/design test data ui/Generated*.json")
    code, said = mapped(chain, "--as", "epcis")
    assert (code, len(said)) == (0, events_in(chain))
    steps = Counter(each["event"]["milestone"] for each in said)
    assert steps.keys() == {"commissioned", "packed", "loaded", "shipped"}


@pytest.mark.parametrize("file", files("dcsa/messages/*.json"), ids=lambda file: file.name)
def test_every_dcsa_message_maps_whole(file) -> None:
    """Track and trace 2.2 and 3.0: each event is a case that says what it is about."""
    code, said = mapped(file, "--as", "dcsa")
    assert (code, len(said)) == (0, events_in(file))
    assert all(each["event"]["refs"] for each in said)


def some_of(table: Path, folder: Path, count: int) -> Path:
    """The first rows of a table, for tests that must be quick."""
    with table.open(encoding="utf-8-sig") as lines:
        (file := folder / table.name).write_text("".join(islice(lines, count + 1)))
    return file


def test_order_lines_become_promises_and_lateness(tmp_path) -> None:
    """By the columns file that comes with us; days late are the table's own."""
    (table,) = files("scms/*.csv")
    columns = ROOT / "infra/replay/scms-order-lines.yaml"
    lines = some_of(table, tmp_path, 100)
    code, said = mapped(lines, "--as", "suppliers", "--columns", columns)
    assert (code, len(said)) == (0, 200)
    kinds = Counter(each["event"]["source_code"] for each in said)
    assert kinds == {"scms:promised": 100, "scms:delivered": 100}
    late = [float(each["event"]["delay_days"]) for each in said if "delay_days" in each["event"]]
    assert any(days > 0 for days in late)


def test_questions_of_customers_become_tickets(tmp_path) -> None:
    """A table of real messages, one ticket each."""
    (table,) = files("hint3/test/*.csv")
    code, said = mapped(some_of(table, tmp_path, 200), "--as", "helpdesk", "--text", "sentence")
    assert code == 0
    assert len(said) > 190
    assert all(each["text"] for each in said)
