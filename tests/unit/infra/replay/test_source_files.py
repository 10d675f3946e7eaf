"""What a file is taken for, and which documents its source would send."""

import json
from pathlib import Path

import pytest

from infra.replay import columns
from infra.replay.source_files import Taking, read
from services.chassis.errors import ConfigurationError
from services.intake.formats import ALL
from tests.fakes_intake import dcsa, example, ticket


def taken(path: Path, content: str | bytes, name: str = "sluice-ticket", **more):
    """A file of that content, as that format's source would send it."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    opened = read(path, Taking(shape=ALL[name], **more))
    return opened.taken_for, list(opened.documents)


def values(documents) -> list:
    """What the documents say."""
    return [json.loads(each.value) for each in documents]


ONE = json.dumps(ticket())


@pytest.mark.parametrize(
    ("name", "content", "taken_for", "count"),
    [
        ("x.json", ONE, "one document", 1),
        ("x.json", json.dumps(ticket(), indent=2), "one document", 1),
        ("x.json", f"[{ONE}, {ONE}]", "an array of 2 documents", 2),
        ("x.json", f"{ONE}\n\n{ONE}\n", "JSON Lines of 2 documents", 2),
        ("x.jsonl", ONE, "one document", 1),
        ("x.ndjson", f"{ONE}\n{{broken\n{ONE}", "JSON Lines of 3 documents", 3),
        ("x.jsonl", f"{{broken\n{ONE}", "JSON Lines of 2 documents", 2),
        ("x.json", "{\n  broken\n}", "one document", 1),
        ("x", "", "one document", 1),
        ("x.json", "[]", "one document", 1),
        ("x.json", "\ufeff" + ONE, "one document", 1),
        ("x.json", "\ufeff" + f"{ONE}\n{ONE}", "JSON Lines of 2 documents", 2),
    ],
)
def test_a_file_is_one_document_or_many(tmp_path, name, content, taken_for, count) -> None:
    """By its content first: what people call a file is often wrong."""
    said, documents = taken(tmp_path / name, content)
    assert said == taken_for
    assert len(documents) == count
    assert {each.content_type for each in documents} == {"application/json"}


def test_a_single_document_goes_as_it_is(tmp_path) -> None:
    """Byte for byte: nobody's numbers are written anew."""
    content = b'{"ticket_id": "T-1",  "revision": 1, "weight": 1.10, "big": 123456789012345678901}'
    _, (document,) = taken(tmp_path / "x.json", content)
    assert document.value == content
    _, lines = taken(tmp_path / "x.jsonl", content + b"\n" + content)
    assert [each.value for each in lines] == [content, content]


def test_an_array_is_one_document_where_its_source_sends_arrays(tmp_path) -> None:
    """A carrier's response and a page of tickets are documents of many events."""
    said, documents = taken(tmp_path / "x.json", json.dumps([dcsa(), dcsa()]), "dcsa")
    assert (said, len(documents)) == ("one document", 1)
    page = example("sources/zendesk/ticket-page.json")["tickets"]
    assert taken(tmp_path / "x.json", json.dumps(page), "zendesk")[0] == "one document"
    event = example("sources/epcis/single-event.json")
    said, documents = taken(tmp_path / "x.json", json.dumps([event, event]), "epcis")
    assert (said, len(documents)) == ("an array of 2 documents", 2)


@pytest.mark.parametrize(
    ("name", "format_name", "kind"),
    [
        ("x.eml", "email", "message/rfc822"),
        ("x.eml", "notice", "message/rfc822"),
        ("mail", "email", "message/rfc822"),
        ("x.txt", "notice", "text/plain"),
        ("notice", "notice", "text/plain"),
    ],
)
def test_what_is_no_json_goes_with_its_content_type(tmp_path, name, format_name, kind) -> None:
    """By its ending, or by what its source sends."""
    _, (document,) = taken(tmp_path / name, b"Subject: x\r\n\r\nHello", format_name)
    assert document.content_type == kind
    assert document.value == b"Subject: x\r\n\r\nHello"


def test_the_form_that_is_asked_for_counts(tmp_path) -> None:
    """Where an ending misleads."""
    _, (document,) = taken(tmp_path / "x.json", b'"PO-1 is late"', "notice", form="text")
    assert document.content_type == "text/plain"
    _, (document,) = taken(tmp_path / "x.txt", ONE, form="json")
    assert document.content_type == "application/json"


def test_each_element_can_travel_in_a_document_of_its_own(tmp_path) -> None:
    """The rest of the document stays with every one: it is as valid as the whole."""
    whole = example("sources/epcis/inbound-receipt.json")
    said, documents = taken(
        tmp_path / "x.json", json.dumps(whole), "epcis", each="epcisBody.eventList"
    )
    assert said == "3 documents of one element each"
    for n, made in enumerate(values(documents)):
        assert made["epcisBody"]["eventList"] == [whole["epcisBody"]["eventList"][n]]
        assert made | {"epcisBody": 0} == whole | {"epcisBody": 0}
    said, documents = taken(tmp_path / "x.json", json.dumps([dcsa(), dcsa()]), "dcsa", each=".")
    assert [len(each) for each in values(documents)] == [1, 1]
    for wrong in (".", "epcisBody", "eventList.0"):
        with pytest.raises(ConfigurationError, match=f"no array at {wrong}"):
            taken(tmp_path / "x.json", json.dumps(whole), "epcis", each=wrong)


def test_the_same_file_gives_the_same_ids_and_every_document_its_own(tmp_path) -> None:
    """Who publishes a file again repeats its events; two equal lines are two."""
    _, once = taken(tmp_path / "a.jsonl", f"{ONE}\n{ONE}")
    _, again = taken(tmp_path / "b.jsonl", f"{ONE}\n{ONE}\n{ONE}")
    assert [each.id for each in once] == [each.id for each in again[:2]]
    assert len({each.id for each in again}) == 3


def tickets(path: Path, content: str | bytes, *, ident: str | None = "id", **more):
    """A table's rows as tickets."""
    found = columns.texts("sluice-ticket", text="text", ident=ident, table=path.stem)
    return taken(path, content, columns=found, **more)


def test_a_table_of_texts_becomes_tickets(tmp_path) -> None:
    """CSV, TSV and JSON Lines alike; ids by their column, or by the row."""
    wanted = ["Where, oh where?", "Second\nline"]
    for name, content in (
        ("a.csv", 'id,text\n7,"Where, oh where?"\n8,"Second\nline"\n'),
        ("a.tsv", 'id\ttext\n7\tWhere, oh where?\n8\t"Second\nline"\n'),
        ("a.jsonl", '{"id": 7, "text": "Where, oh where?"}\n{"id": 8, "text": "Second\\nline"}\n'),
    ):
        said, documents = tickets(tmp_path / name, content)
        assert said == "a table of 2 rows"
        assert [each["message"]["text"] for each in values(documents)] == wanted
        assert [each["ticket_id"] for each in values(documents)] == ["7", "8"]
        for each in values(documents):
            ALL["sluice-ticket"].map(each)
    _, documents = tickets(tmp_path / "b.csv", "text\nHello\nBye\n", ident=None)
    assert [each["ticket_id"] for each in values(documents)] == ["b-2", "b-3"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,words\n1,x\n", "no column text; it has id, words"),
        ("id,Text\n1,x\n", "no column text; did you mean Text"),
        ("id,text\n1,x,y\n", "a.csv:2: more cells than columns"),
        ("id,id\n1,x\n", "two columns are called id"),
        ("", "no header"),
        (b"id,text\n1,\xe9\n", "not UTF-8; convert it"),
        ('id,text\n1,"x"y\n', "no table"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path, content, told) -> None:
    """Nothing of it is half read."""
    with pytest.raises(ConfigurationError, match=told.replace(",", ".")):
        tickets(tmp_path / "a.csv", content)
    with pytest.raises(ConfigurationError, match=r"a\.json:1: a row must be a JSON object"):
        tickets(tmp_path / "a.json", "[7]")
    with pytest.raises(ConfigurationError, match=r"a\.jsonl:2: not JSON"):
        tickets(tmp_path / "a.jsonl", '{"id": 1, "text": "x"}\n{')


TEMPLATE = """
times: ["%d-%b-%y"]
zone: "+05:30"
empty: [N/A]
documents:
  - event_id: "line-{ID}"
    family: order
    milestone: confirmed
    occurred_at: {$time: Due}
    new_time: {$time: Moved}
    refs:
      - {type: po, value: "{PO}"}
      - {type: supplier, value: "{Vendor}, {Country}"}
    quantities: [{value: "{Count}"}]
  - {event_id: "second-{#}", family: order, milestone: delivered, occurred_at: {$time: Due}}
"""


def test_a_columns_file_says_what_rows_become(tmp_path) -> None:
    """A document of each template; what is empty is left out, times get their zone."""
    (file := tmp_path / "columns.yaml").write_text(TEMPLATE)
    _, documents = taken(
        tmp_path / "x.csv",
        "ID,Due,Moved,PO,Vendor,Country,Count\n"
        "1,02-Jun-06,2006-06-09T10:00:00Z,PO-1,Acme,,24\n"
        "2,2006-06-02, n/a ,N/A,N/A,N/A,\n".replace(" n/a ", "N/A"),
        "sluice-supply",
        columns=columns.load(file),
    )
    assert values(documents) == [
        {
            "event_id": "line-1",
            "family": "order",
            "milestone": "confirmed",
            "occurred_at": "2006-06-02T00:00:00+05:30",
            "new_time": "2006-06-09T10:00:00+00:00",
            "refs": [{"type": "po", "value": "PO-1"}, {"type": "supplier", "value": "Acme, "}],
            "quantities": [{"value": "24"}],
        },
        {
            "event_id": "second-2",
            "family": "order",
            "milestone": "delivered",
            "occurred_at": "2006-06-02T00:00:00+05:30",
        },
        {
            "event_id": "line-2",
            "family": "order",
            "milestone": "confirmed",
            "occurred_at": "2006-06-02T00:00:00+05:30",
        },
        {
            "event_id": "second-3",
            "family": "order",
            "milestone": "delivered",
            "occurred_at": "2006-06-02T00:00:00+05:30",
        },
    ]
    ALL["sluice-supply"].map(values(documents)[0])


def test_a_cell_that_is_no_time_is_its_rows_fault_alone(tmp_path) -> None:
    """The others go; the column is named, the cell not."""
    (file := tmp_path / "columns.yaml").write_text(
        "documents: [{ticket_id: '{ID}', revision: 1, created_at: {$time: At}}]"
    )
    _, documents = taken(
        tmp_path / "x.csv", "ID,At\n1,meera\n2,2026-01-01\n", columns=columns.load(file)
    )
    assert documents[0].fault is not None
    assert documents[0].fault.startswith("At: is no time as `times` of ")
    assert "meera" not in documents[0].fault
    assert json.loads(documents[1].value)["created_at"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("documents: []", "columns.yaml:1: documents"),
        ("documents: [{}]\ncolums: 1", "columns.yaml:2: colums: Extra inputs"),
        ("documents: [{}]\nzone: noon", "columns.yaml:2: zone: .* must be an offset"),
        ("documents:\n  - a: 1\n    b: {$tme: X}", "columns.yaml:3: documents.0.b: what begins"),
        ("documents:\n  - {a: {$time: X, b: 1}}", "documents.0.a: what begins"),
        ("documents: {", "not valid YAML"),
    ],
)
def test_a_mistake_in_a_columns_file_is_named_by_line(tmp_path, text, told) -> None:
    """Before any row is read."""
    (file := tmp_path / "columns.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        columns.load(file)
