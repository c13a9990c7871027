"""Today's code reads every event version that was ever published (P12)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chassis.queues import decode
from contracts.appointments import APPOINTMENT
from contracts.catalogue import CATALOGUE, SCHEMAS, events
from contracts.envelope import Envelope
from contracts.event import PREFIX, REGISTERED, Event
from services.registry.domain.log import case_of
from services.registry.domain.timeline import line_of
from services.registry.stores import LOG
from tests.contract.corpus import EVENTS, STORED, SUMS, Form, edited, enter, forms
from tests.contract.reading import Readers, documents, fitting, later

FORMS = list(forms())
each_form = pytest.mark.parametrize("form", FORMS, ids=str)


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    """The readers of all six services."""
    return Readers(tmp_path_factory.mktemp("keys"))


def wire(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


DATA_REASONS = ("data-does-not-fit", "handler-error")


def test_every_event_version_has_its_minimal_and_its_full_form() -> None:
    held: dict[str, set[str]] = {}
    for form in FORMS:
        held.setdefault(form.key, set()).add(form.name)
    missing = [
        event.routing_key()
        for event in events()
        if not {"minimal", "full"} <= held.get(event.routing_key(), set())
    ]
    assert missing == []


def optional(schema: dict[str, Any], node: Any, path: str, data: Any) -> Iterator[tuple[str, bool]]:
    """Every optional field of a schema, at every depth, and whether the data have it."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in node:
        node = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
        yield from optional(schema, node, path, data)
    elif "items" in node:
        for item in data or [None]:
            yield from optional(schema, node["items"], f"{path}[]", item)
    for name, inner in node.get("properties", {}).items():
        value = data.get(name) if isinstance(data, dict) else None
        where = f"{path}.{name}"
        if name not in node.get("required", ()):
            yield where, value not in (None, [])
        yield from optional(schema, inner, where, value)


@pytest.mark.parametrize("event", events(), ids=lambda event: event.routing_key())
def test_every_optional_field_at_every_depth_is_in_some_form_and_none_in_the_minimal(
    event: type[Event],
) -> None:
    schema = json.loads((SCHEMAS / event.schema_name()).read_text(encoding="utf-8"))
    mine = [form for form in FORMS if form.key == event.routing_key()]
    seen: Counter[str] = Counter()
    for form in mine:
        for path, there in optional(schema, schema, "data", form.body["data"]):
            seen[path] += there
            assert not (there and form.name == "minimal"), path
    assert seen, event
    assert [path for path, count in seen.items() if not count] == []


def test_committed_corpus_is_what_was_entered() -> None:
    assert edited(EVENTS) == []
    assert edited(STORED) == []


def test_edited_gone_and_new_file_are_each_named_and_the_edited_is_never_entered(
    tmp_path: Path,
) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / SUMS).write_text("")
    enter(tmp_path)
    assert edited(tmp_path) == []
    (tmp_path / "c.json").write_text("{}")
    assert edited(tmp_path) == ["c.json: not entered"]
    (tmp_path / "a.json").write_text("{ }")
    (tmp_path / "b.json").unlink()
    assert edited(tmp_path) == ["a.json: edited", "b.json: gone", "c.json: not entered"]
    with pytest.raises(SystemExit, match=r"a\.json: edited"):
        enter(tmp_path)


@each_form
def test_event_fits_the_schemas_as_published(form: Form) -> None:
    catalogue = json.loads((CATALOGUE / "envelope.json").read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS / f"{form.key}.json").read_text(encoding="utf-8"))
    for wanted, body in ((catalogue, form.body), (schema, form.body["data"])):
        jsonschema.Draft202012Validator(wanted).validate(body)


def lost(said: Any, read: Any, path: str = "") -> list[str]:
    """Where what was said was read otherwise; what was left out there may have its default here."""
    if isinstance(said, dict) and isinstance(read, dict):
        return [
            place
            for name, value in said.items()
            for place in lost(value, read.get(name), f"{path}.{name}")
        ]
    if isinstance(said, list) and isinstance(read, list) and len(said) == len(read):
        return [
            place
            for number, pair in enumerate(zip(said, read, strict=True))
            for place in lost(*pair, f"{path}[{number}]")
        ]
    return [] if said == read else [path]


@each_form
def test_event_is_decoded_and_typed_without_loss(form: Form) -> None:
    envelope = decode(wire(form.body))
    event = envelope.event()
    assert type(event) is REGISTERED[PREFIX + form.key]
    assert lost(form.body["data"], event.model_dump(mode="json")) == []
    assert lost(form.body, envelope.model_dump(mode="json")) == []


@each_form
def test_every_reader_of_every_service_takes_the_event(form: Form, readers: Readers) -> None:
    kind = form.envelope.stream_kind
    reading = list(readers.of(kind))
    assert "registry" in {reader.service.name for reader in reading}
    for reader in reading:
        handled = REGISTERED[form.envelope.type] in reader.reader.handlers
        taken = 0
        for document in documents(reader):
            before = document.version
            receipt = reader.take(document, form.body)
            # a document may stand where its handler refuses the event; the data are never why
            assert not (receipt.failed or "").startswith(DATA_REASONS), (reader, document.id)
            assert receipt.unknown == 0
            if receipt.failed is None:
                assert (receipt.applied, document.version - before) == (1, handled)
                taken += 1
        assert taken, reader


@each_form
def test_register_keeps_the_event_whole_and_shows_it_in_the_timeline(form: Form) -> None:
    envelope = form.envelope
    kept = LOG.state.model_validate({"envelope": form.body, "received_at": form.body["time"]})
    assert kept.envelope.data == form.body["data"]
    line = line_of(envelope)
    declared = REGISTERED[envelope.type]
    assert (line.title_ru, line.title_en, line.clause) == (
        declared.ru,
        declared.en,
        declared.clause,
    )
    assert line.who.role == form.body["data"]["by"]["role"]
    for shown, said in (("opened", line.opened), ("closed", line.closed)):
        assert [term.code for term in said] == [
            term["code"] for term in form.body["data"].get(shown, [])
        ]
    assert (line.term.code if line.term else None) == form.body["data"].get("term", {}).get("code")
    if envelope.stream_kind == APPOINTMENT:  # who calls for the first time has no case
        assert case_of(envelope) == form.body["data"].get("case_id")
    elif not envelope.stream_kind.startswith(("intake.citizen", "directory.")):
        assert case_of(envelope)


@each_form
def test_fields_and_attributes_nobody_knows_change_nothing(form: Form, readers: Readers) -> None:
    newer = {**form.body, "data": later(form.body["data"]), "dataregulation": "152-FZ"}
    assert wire(newer).count(b"novelty") >= 2
    counted: list[int] = []
    decode(wire(form.body), counted.append)
    assert counted == []
    envelope = decode(wire(newer), counted.append)
    assert counted == [1]
    assert "dataregulation" not in envelope.model_dump()
    assert envelope.event() == form.envelope.event()
    for reader in readers.of(envelope.stream_kind):
        plain = fitting(reader, form)
        other = deepcopy(plain)
        receipts = reader.take(plain, form.body), reader.take(other, newer)
        assert receipts[0] == receipts[1]
        assert receipts[1].failed is None
        assert (other.state, other.version, other.outbox) == (
            plain.state,
            plain.version,
            plain.outbox,
        )


@each_form
def test_stream_goes_on_behind_a_type_nobody_knows(form: Form, readers: Readers) -> None:
    unknown = {**form.body, "type": "ru.opora.intake.sung-about.v7", "data": {"by": {}, "x": 1}}
    if "case_id" in form.body["data"]:
        unknown["data"]["case_id"] = form.body["data"]["case_id"]
    for reader in readers.of(form.envelope.stream_kind):
        document = fitting(reader, form)
        passed = reader.take(document, unknown)
        assert (passed.unknown, passed.applied, passed.failed) == (1, 1, None)
        followed = reader.take(document, form.body)
        assert (followed.applied, followed.failed, document.parked) == (1, None, [])


def test_line_of_an_unknown_type_is_in_the_timeline_by_its_name() -> None:
    form = next(form for form in FORMS if form.key == "intake.case-triaged.v1")
    body = {**form.body, "type": "ru.opora.intake.case-sung.v1"}
    line = line_of(Envelope.model_validate(body))
    assert (line.title_en, line.who.role) == ("intake.case-sung.v1", "urgent_head")
