"""The store: whole documents, replaced by compare-and-set, found by indexed scalar fields.

Invariant: nothing is written but by `insert_one` of a new document and `replace_one` of the very
revision that was read, both asked for with majority and journal. `tests/architecture` refuses any
other database operator, because the embedded server is exact for these only (docs/decisions).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic
from weakref import WeakValueDictionary

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from chassis import chance, failpoints
from chassis.database import AWAY
from chassis.document import WARN_BYTES, Document
from chassis.listing import Lists, Order, Scalar
from chassis.recent import Recent
from chassis.stored import S, Spec, checked_size, from_stored, to_stored

log = structlog.get_logger()


FOUND_BY = ("id", "relay_due", "unsent_since", "wake_at", "parked_since")
"""What every kind of document is found by, whatever it is listed by."""


class LostRace(Exception):
    """Somebody else wrote this document since it was read: load again and decide again."""


class AlreadyExists(Exception):
    """A document of that id, or of that unique value, is there already."""

    code = "already-exists"


class NotStorable(Exception):
    """What the document has become is nothing that this store can hold, or list."""

    code = "not-storable"


class StoreUnavailable(Exception):
    """The database is away; nothing is known to be written."""


@dataclass(slots=True)
class Counts:
    """How often the store was asked; the tests hold every operation to exact numbers."""

    reads: int = 0
    writes: int = 0
    queries: int = 0


class Collection(Generic[S]):
    """The documents of one kind. Every method is one round trip to the database.

    `trim` drops from the outbox what is known to be confirmed, before a save; `saved` is told of
    every save, so that events leave and due work is begun at once, whoever saved.
    """

    def __init__(
        self,
        database: AsyncDatabase[Any],
        spec: Spec[S],
        *,
        clock_ms: Callable[[], int],
        trim: Callable[[str, Document[Any]], None] = lambda name, document: None,
        saved: Callable[[Collection[Any], Document[Any]], None] = lambda self, document: None,
        relay_grace_ms: int = 5000,
    ) -> None:
        if any("_id" in fields for fields in spec.indexed):
            raise ValueError(f"{spec.name}: index `id`, the embedded server cannot index `_id`")
        self.spec = spec
        self.lists = Lists(spec.indexed, (*FOUND_BY, *spec.unique))
        self.counts = Counts()
        self._stored = database[spec.name]
        self._trim = trim
        self._saved = saved
        self.relay_grace_ms = relay_grace_ms
        self._clock_ms = clock_ms
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._recent = Recent(lambda: asyncio.get_running_loop().time())

    async def prepare(self) -> None:
        """Create the indexes; safe to repeat, and several replicas may do it at once."""
        try:
            await self._create_indexes()
        except AWAY as failure:
            raise StoreUnavailable from failure

    async def _create_indexes(self) -> None:
        for name in (*FOUND_BY, *self.lists.indexed):
            await self._stored.create_index([(name, 1)])
        for name in self.spec.unique:
            await self._stored.create_index([(name, 1)], unique=True, sparse=True)

    def lock(self, document_id: str) -> asyncio.Lock:
        """Held while one task decides on a document: spares this process its own lost races."""
        return self._locks.setdefault(document_id, asyncio.Lock())

    async def get(self, document_id: str) -> Document[S] | None:
        """The document of that id, or None."""
        self.counts.reads += 1
        try:
            stored = await self._stored.find_one({"_id": document_id})
        except AWAY as failure:
            raise StoreUnavailable from failure
        return None if stored is None else self._from_stored(stored)

    async def load(self, document_id: str) -> Document[S] | None:
        """As `get`, for whoever saves it: may be as this process wrote it last, without a read.

        Only `save` tells whether it still is the present one; never answer a reader from it.
        """
        stored = self._recent.take(document_id)
        return await self.get(document_id) if stored is None else self._from_stored(stored)

    def blank(self, document_id: str) -> Document[S]:
        """A document that is not stored yet; only a state that can begin empty may be read into."""
        return Document(id=document_id, state=self.spec.state.model_validate({"id": document_id}))

    async def save(self, document: Document[S]) -> None:
        """Write the document: a new one is inserted, a known one replaces the revision read.

        Raises LostRace, AlreadyExists, StoreUnavailable, DocumentTooLarge, NotStorable. A write
        whose reply was lost is settled by reading the document again and looking for this write's
        mark.
        """
        self._trim(self.spec.name, document)
        document.unsent_since = self._unsent_since(document)
        mark = chance.token_hex(8)
        try:
            stored = self._to_stored(document, mark)
            # What is parked came from outside and has a bound of its own (`document.PARKED_BYTES`).
            held = {**stored, "parked": []} if document.parked else stored
            size = checked_size(held, self.spec.max_bytes)
        except ValueError as failure:
            raise NotStorable(document.id) from failure
        if size > WARN_BYTES:
            log.warning("document-grows", collection=self.spec.name, id=document.id, bytes=size)
        self.counts.writes += 1
        failpoints.reach("before-save", self.about(document))
        try:
            if document.rev == 0:
                await self._stored.insert_one(stored)
            else:
                key = {"_id": document.id, "rev": document.rev}
                if (await self._stored.replace_one(key, stored)).matched_count == 0:
                    self._recent.rest()
                    raise LostRace(document.id)
        except DuplicateKeyError as duplicate:
            raise AlreadyExists(document.id) from duplicate
        except AWAY as failure:
            self._recent.forget()
            if not await self._was_written(document.id, mark):
                raise StoreUnavailable from failure
        if not document.parked:  # their size is not counted
            self._recent.keep(document.id, stored, size)
        document.rev += 1
        failpoints.reach("after-save", self.about(document))
        self._saved(self, document)

    def about(self, document: Document[S]) -> str:
        """What a fail point at this document is about."""
        return f"{self.spec.name}/{document.id}/{document.seq}"

    async def find(
        self,
        query: Mapping[str, Any],
        *,
        sort: Order = (),
        limit: int = 100,
        after: tuple[Scalar, str] | None = None,
    ) -> list[Document[S]]:
        """Documents by indexed scalar fields, in index order; from behind a value and id on."""
        self.counts.queries += 1
        narrowed, order = self.lists.narrow(query, sort, after)
        try:
            cursor = self._stored.find(narrowed).limit(limit)
            if order:
                cursor = cursor.sort(list(order))
            return [self._from_stored(stored) async for stored in cursor]
        except AWAY as failure:
            raise StoreUnavailable from failure

    async def find_one(self, **fields: Scalar) -> Document[S] | None:
        """The one document whose indexed fields have these values, or None."""
        found = await self.find(fields, limit=1)
        return found[0] if found else None

    async def find_any(
        self, alternatives: Sequence[Mapping[str, Any]], limit: int = 100
    ) -> list[Document[S]]:
        """Documents that fit one of these questions at least, in no order; a query for each."""
        found: dict[str, Document[S]] = {}
        for query in alternatives:
            found |= {document.id: document for document in await self.find(query, limit=limit)}
        return list(found.values())

    async def look(
        self,
        query: Mapping[str, Any],
        *parts: str,
        sort: Order = (("id", 1),),
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Some parts of documents, as stored, with their ids; what they hold is not loaded."""
        self.counts.queries += 1
        narrowed, order = self.lists.narrow(query, sort)
        try:
            cursor = self._stored.find(narrowed, ["id", *parts]).sort(list(order)).limit(limit)
            return [stored async for stored in cursor]
        except AWAY as failure:
            raise StoreUnavailable from failure

    async def each(self, batch: int = 200) -> AsyncIterator[Document[S]]:
        """Every document, by id, without holding a cursor open between batches."""
        async for document in self._paged({}, batch):
            yield document

    async def lacking(self, name: str, batch: int = 200) -> AsyncIterator[Document[S]]:
        """Documents without a value in this indexed field, by id: what an older version wrote."""
        async for document in self._paged({name: {"$exists": False}}, batch):
            yield document

    async def _paged(self, query: Mapping[str, Any], batch: int) -> AsyncIterator[Document[S]]:
        """By `id`: a range of `_id` has the embedded server read everything for each batch."""
        after = ""
        while page := await self.find(
            {**query, "id": {"$gt": after}}, sort=[("id", 1)], limit=batch
        ):
            for document in page:
                yield document
            after = page[-1].id

    async def _was_written(self, document_id: str, mark: str) -> bool:
        try:
            stored = await self._stored.find_one({"_id": document_id})
        except AWAY as failure:
            raise StoreUnavailable from failure
        return stored is not None and stored.get("mark") == mark

    async def relist(self, batch: int = 200) -> int:
        """Save again what a version wrote that knew less lists; how many documents that were.

        It belongs to no operation, so what it asks is not counted.
        """
        saved = 0
        lacking: dict[str, dict[str, Any]] = {
            name: {name: {"$exists": False}} for name in self.lists.indexed
        }
        lacking["unsent_since"] = {"relay_due": {"$gt": 0}, "unsent_since": {"$exists": False}}
        for name, query in lacking.items():
            before = -1
            while saved > before:
                before = saved
                try:
                    cursor = self._stored.find(query).limit(batch)
                    found = [self._from_stored(stored) async for stored in cursor]
                except AWAY as failure:
                    raise StoreUnavailable from failure
                for document in found:
                    if name in self._to_stored(document, ""):
                        with suppress(LostRace):  # whoever was faster has listed it
                            await self.save(document)
                        saved += 1
        return saved

    def _unsent_since(self, document: Document[S]) -> int:
        """As long as something is unsent, since when: sending goes on with every confirmation."""
        return (document.unsent_since or self._clock_ms()) if document.outbox else 0

    def _to_stored(self, document: Document[S], mark: str) -> dict[str, Any]:
        relay_due = self._clock_ms() + self.relay_grace_ms if document.outbox else 0
        return to_stored(self.spec, self.lists, document, mark, relay_due)

    def _from_stored(self, stored: Mapping[str, Any]) -> Document[S]:
        return from_stored(self.spec, stored)
