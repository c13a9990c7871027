"""A document as it is stored: what the store must know of its kind, and its form in the database.

Invariant: what a newer version has stored is read, and what it added to the state is written back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from chassis.database import stored_size
from chassis.document import MAX_BYTES, Answered, Document, DocumentTooLarge, Parked
from chassis.listing import Lists, Scalar
from contracts.envelope import Envelope

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Spec(Generic[S]):
    """What the store must know of a kind of document.

    `index` gives the scalar fields it is found and listed by (`id` is always one), `indexed` how:
    by one field, or by several as a list (see `chassis/listing.py`); `wake_at` gives the epoch
    milliseconds at which the document wants to be looked at again (0: never).
    """

    name: str
    state: type[S]
    index: Callable[[S], Mapping[str, Scalar]] = lambda state: {}
    wake_at: Callable[[S], int] = lambda state: 0
    indexed: Sequence[tuple[str, ...]] = ()
    unique: Sequence[str] = ()
    max_bytes: int = MAX_BYTES


def to_stored(
    spec: Spec[S], lists: Lists, document: Document[S], mark: str, relay_due: int
) -> dict[str, Any]:
    """The document as it is stored. `mark` tells this write from any other of the same revision."""
    scalars = spec.index(document.state)
    return {
        "_id": document.id,
        "id": document.id,
        "rev": document.rev + 1,
        "mark": mark,
        "version": document.version,
        "state": {**document.unknown, **document.state.model_dump(mode="json")},
        "seq": document.seq,
        "outbox": [envelope.model_dump(mode="json") for envelope in document.outbox],
        "relay_due": relay_due,
        "unsent_since": document.unsent_since,
        "sent": document.sent,
        "wake_at": spec.wake_at(document.state),
        "streams": dict(document.streams),
        "parked": [entry.model_dump(mode="json") for entry in document.parked],
        "parked_since": document.parked_since,
        "blocked": int(document.blocked),
        "commands": [entry.model_dump(mode="json") for entry in document.commands],
        **scalars,
        **lists.rows({"id": document.id, **scalars}, document.id),
    }


def from_stored(spec: Spec[S], stored: Mapping[str, Any]) -> Document[S]:
    """A newer replica may have stored more than is known here: at any depth it is passed over,
    and what it added to the state itself is kept, to be written back with the next save."""
    state, known = stored["state"], spec.state.model_fields
    return Document(
        id=stored["_id"],
        state=spec.state.model_validate(state, extra="ignore"),
        rev=stored["rev"],
        version=stored["version"],
        seq=stored["seq"],
        outbox=[Envelope.model_validate(entry) for entry in stored["outbox"]],
        unsent_since=stored.get("unsent_since", 0),  # not there before they were kept
        sent=list(stored.get("sent", ())),
        streams=dict(stored["streams"]),
        parked=[Parked.model_validate(entry) for entry in stored["parked"]],
        commands=[Answered.model_validate(entry) for entry in stored["commands"]],
        unknown={name: value for name, value in state.items() if name not in known},
    )


def checked_size(stored: Mapping[str, Any], most: int = MAX_BYTES) -> int:
    """Size in bytes of what is about to be stored; refuses what is over the bound."""
    size = stored_size(stored)
    if size > most:
        raise DocumentTooLarge(
            "document-too-large", f"the record would grow to {size} bytes, over {most}"
        )
    return size
