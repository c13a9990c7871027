"""Today's code reads and continues the documents that other versions stored (P12)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tests.contract.corpus import Stored, forms, stored
from tests.contract.reading import CHASSIS, Readers

DOCUMENTS = list(stored())
each_document = pytest.mark.parametrize("entry", DOCUMENTS, ids=str)

WRITTEN_ANEW = {"rev", "mark", "relay_due", "unsent_since"}
"""What every save says for itself."""

TAKEN_OUT: dict[tuple[str, str], set[str]] = {}
"""Fields of states that were emptied first and then taken out, by service and collection."""


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Readers:
    """The collections of all six services."""
    return Readers(tmp_path_factory.mktemp("keys"))


def rewritten(readers: Readers, entry: Stored, body: dict[str, Any]) -> dict[str, Any]:
    """The document as today's code stores it after it read this."""
    collection = readers.collection(entry.service, entry.collection)
    written = collection._to_stored(collection._from_stored(body), "m")
    assert written["rev"] == body["rev"] + 1
    return without_marks(written)


def without_marks(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in WRITTEN_ANEW}


def enlarged(read: Any, written: Any) -> Any:
    """What a newer version would have written: a field more in every model, at every depth."""
    if isinstance(read, BaseModel):
        fields = {
            name: enlarged(getattr(read, name, value), value) for name, value in written.items()
        }
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
    missing_ones = {(name, one) for name, one in kept - held if (CHASSIS, one) not in held}
    assert missing_ones == set()


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
    document = readers.collection(entry.service, entry.collection)._from_stored(entry.body)
    assert document.unknown.keys() <= TAKEN_OUT.get((entry.service, entry.collection), set())
    assert missing(without_marks(entry.body), rewritten(readers, entry, entry.body)) == []


@each_document
def test_what_a_newer_version_stored_is_read_as_far_as_known_and_its_own_fields_stay(
    entry: Stored, readers: Readers
) -> None:
    known = readers.collection(entry.service, entry.collection)._from_stored(entry.body)
    newer = {
        **entry.body,
        "state": enlarged(known.state, entry.body["state"]),
        "outbox": enlarged(known.outbox, entry.body["outbox"]),
        "parked": enlarged(known.parked, entry.body["parked"]),
        "commands": enlarged(known.commands, entry.body["commands"]),
        "novelty": [1],
    }
    again = rewritten(readers, entry, newer)
    assert again["state"].pop("novelty") == newer["state"]["novelty"]
    assert again == rewritten(readers, entry, entry.body)


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
