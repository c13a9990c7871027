"""Today's code reads and continues the documents that other versions stored (P12)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from tests.contract.corpus import Stored, forms, stored
from tests.contract.reading import Readers

DOCUMENTS = list(stored())
each_document = pytest.mark.parametrize("entry", DOCUMENTS, ids=str)

WRITTEN_ANEW = {"rev", "mark", "relay_due"}
"""What every save says for itself."""


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    """The collections of all six services."""
    return Readers(tmp_path_factory.mktemp("keys"))


def rewritten(readers: Readers, entry: Stored, body: dict[str, Any]) -> dict[str, Any]:
    """The document as today's code stores it after it read this."""
    collection = readers.collection(entry.service, entry.collection)
    written = collection._to_stored(collection._from_stored(body), "m")
    assert written["rev"] == body["rev"] + 1
    return {name: value for name, value in written.items() if name not in WRITTEN_ANEW}


def enlarged(read: Any, written: Any) -> Any:
    """What a newer version would have written: a field more in every model, at every depth."""
    if isinstance(read, BaseModel):
        fields = {name: enlarged(getattr(read, name), value) for name, value in written.items()}
        return {**fields, "novelty": {"a": [1]}}
    if isinstance(read, dict):
        return {
            name: enlarged(value, written[name])
            for (name, value) in ((str(key), value) for key, value in read.items())
        }
    if isinstance(read, list | tuple):
        return [enlarged(*pair) for pair in zip(read, written, strict=True)]
    return written


def missing(before: Any, after: Any, path: str = "") -> list[str]:
    """What stood there before and stands there otherwise, or not at all, after."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for name, value in before.items()
            for place in missing(value, after.get(name), f"{path}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            place
            for number, pair in enumerate(zip(before, after, strict=True))
            for place in missing(*pair, f"{path}[{number}]")
        ]
    return [] if before == after else [path]


def test_every_collection_of_every_service_is_in_the_corpus(readers: Readers) -> None:
    held = {(entry.service, entry.collection) for entry in DOCUMENTS}
    kept = {
        (name, collection)
        for name, service in readers.services.items()
        for collection in service.collections
    }
    assert kept - held == set()


def test_corpus_holds_documents_with_everything_a_document_may_hold() -> None:
    for part in ("outbox", "parked", "commands", "streams"):
        assert any(entry.body[part] for entry in DOCUMENTS), part
    reasons = {parked["reason"] for entry in DOCUMENTS for parked in entry.body["parked"]}
    assert None in reasons, "none that came too early"
    assert reasons - {None}, "none that failed"


@each_document
def test_document_of_any_version_is_read_and_written_again_without_loss(
    entry: Stored, readers: Readers
) -> None:
    before = {name: value for name, value in entry.body.items() if name not in WRITTEN_ANEW}
    assert missing(before, rewritten(readers, entry, entry.body)) == []


@each_document
def test_document_of_a_newer_version_is_read_as_far_as_it_is_known(
    entry: Stored, readers: Readers
) -> None:
    document = readers.collection(entry.service, entry.collection)._from_stored(entry.body)
    state = enlarged(document.state, document.state.model_dump(mode="json"))
    newer = {**entry.body, "state": state, "novelty": [1]}
    newer["commands"] = [{**command, "novelty": 1} for command in entry.body["commands"]]
    newer["parked"] = [{**parked, "novelty": 1} for parked in entry.body["parked"]]
    assert json.dumps(newer).count("novelty") >= 2
    assert rewritten(readers, entry, newer) == rewritten(readers, entry, entry.body)


BLOCKED = [
    entry
    for entry in DOCUMENTS
    if any(parked["reason"] is not None for parked in entry.body["parked"])
]


@pytest.mark.parametrize("entry", BLOCKED, ids=str)
def test_stored_document_that_is_blocked_stays_so_for_what_comes_next(
    entry: Stored, readers: Readers
) -> None:
    collection = readers.collection(entry.service, entry.collection)
    document = collection._from_stored(entry.body)
    failed = next(parked for parked in document.parked if parked.reason is not None)
    reader = next(
        reader
        for reader in readers.of(failed.envelope.stream_kind)
        if reader.collection is collection
    )
    before = [parked.envelope.number for parked in document.parked]
    form = next(form for form in forms() if form.key == failed.envelope.routing_key)
    receipt = reader.take(document, form.body)
    assert (receipt.parked, receipt.applied, document.blocked) == (True, 0, True)
    assert [parked.envelope.number for parked in document.parked] == [*before, before[-1] + 1]
