"""Commands: what a caller asks of one document, decided and stored in one write.

Invariant: a command takes effect once per idempotency key, on the version its caller has seen.
The same key with the same request gets the first answer again; with another request, an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from chassis import tracing
from chassis.document import Answered, Document, Origin, issue
from chassis.races import until_won
from chassis.store import AlreadyExists, Collection, LostRace
from contracts.context import Context
from contracts.errors import NotFound, Refusal
from contracts.event import Event

S = TypeVar("S", bound=BaseModel)


class StaleVersion(Refusal):
    """If-Match names a version that is no longer the present one."""

    status = 412


class KeyReused(Refusal):
    """The idempotency key was used for another request."""

    status = 422


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a command repeatable: its key, its fingerprint, the version it was made on."""

    key: str
    fingerprint: str
    version: int | None = None

    def require_same(self, fingerprint: str) -> None:
        """Refuse the key, if it was used for a request of another fingerprint."""
        if fingerprint != self.fingerprint:
            raise KeyReused(
                "idempotency-key-reused",
                "this Idempotency-Key was used for another request",
                field="Idempotency-Key",
            )


class Commands:
    """Carries commands out."""

    def __init__(self, service: str, district: str) -> None:
        self._service = service
        self._district = district

    def origin(self, stream_kind: str | None) -> Origin:
        """Where events of a collection come from."""
        return Origin(stream_kind, self._service, self._district)

    @until_won(lost=(LostRace,))
    async def execute(
        self,
        collection: Collection[S],
        document_id: str,
        stream_kind: str | None,
        request: Request | None,
        at: Context,
        decide: Callable[[S], Sequence[Event]],
        *,
        visible: Callable[[S], bool],
        answer: Callable[[S], dict[str, Any]] = lambda state: {},
        what: str = "case",
        begin: Callable[[], Document[S] | None] = lambda: None,
    ) -> Answered:
        """Load, check, decide, store, publish. Raises Refusal and StoreUnavailable.

        Without a request it is the machine that records what came of an errand: there is no key
        to remember, and the version moves only if there is an event to tell. `begin` gives what a
        record is before its first change, if it may have been known before it was stored.
        """
        async with collection.lock(document_id):
            document = await get_visible(collection, document_id, visible, what, begin)
            known = repeated(document, request) if request is not None else None
            if known is not None:
                return known
            check_version(document, request)
            events = decide(document.state)
            try:
                return await self.store(
                    collection, document, stream_kind, request, at, events, answer
                )
            except AlreadyExists as begun:
                if document.rev:  # it is not the record that was begun by another meanwhile
                    raise
                raise LostRace(document_id) from begun

    async def first_answer(
        self, collection: Collection[S], document_id: str, request: Request
    ) -> Answered | None:
        """What this very request was answered before; None if it is new here.

        For use cases that look at other records first: what they find may have changed since the
        request was carried out, and a repetition is answered all the same.
        """
        stored = await collection.get(document_id)
        return repeated(stored, request) if stored is not None else None

    async def create(
        self,
        collection: Collection[S],
        document: Document[S],
        stream_kind: str | None,
        request: Request,
        at: Context,
        events: Sequence[Event],
        answer: Callable[[S], dict[str, Any]] = lambda state: {},
    ) -> Answered:
        """Store a new document. A repetition finds it there and gets the first answer."""
        try:
            return await self.store(collection, document, stream_kind, request, at, events, answer)
        except AlreadyExists:
            known = await self.first_answer(collection, document.id, request)
            if known is None:
                raise
            return known

    async def store(
        self,
        collection: Collection[S],
        document: Document[S],
        stream_kind: str | None,
        request: Request | None,
        at: Context,
        events: Sequence[Event],
        answer: Callable[[S], dict[str, Any]] = lambda state: {},
    ) -> Answered:
        """One write of the new state, its events and its answer; with the save the events leave."""
        if request is not None or events:
            document.version += 1
        issue(document, events, at, self.origin(stream_kind), tracing.current())
        answered = Answered(
            key=request.key if request else "",
            fingerprint=request.fingerprint if request else "",
            version=document.version,
            answer={
                "id": document.id,
                "version": document.version,
                "events": [type(event).type for event in events],
                **answer(document.state),
            },
        )
        if request is not None:
            document.remember(answered)
        await collection.save(document)
        return answered


async def get_visible(
    collection: Collection[S],
    document_id: str,
    visible: Callable[[S], bool],
    what: str = "case",
    begin: Callable[[], Document[S] | None] = lambda: None,
) -> Document[S]:
    """A document the caller may know of; any other does not exist for them."""
    document = await collection.get(document_id) or begin()
    if document is None or not visible(document.state):
        raise NotFound(what)
    return document


def check_version(document: Document[Any], request: Request | None) -> None:
    """Refuse a change that was made on another version than the present one."""
    if request is not None and request.version not in {None, document.version}:
        raise StaleVersion(
            "stale-version",
            f"If-Match names version {request.version}, the present one is"
            f" {document.version}; read the record again",
            field="If-Match",
        )


def repeated(document: Document[Any], request: Request) -> Answered | None:
    """The first answer to this request, if it was carried out already."""
    known = document.answered(request.key)
    if known is not None:
        request.require_same(known.fingerprint)
    return known
