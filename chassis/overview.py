"""What an operator sees of a service: positions, what is set aside, which streams are whose.

Invariant: ids, types, positions and times; never what an event or a document holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel, Field

from chassis.consumer import subject
from chassis.document import Document, Parked
from chassis.health import Standing
from chassis.paging import Page
from chassis.store import Collection, StoreUnavailable
from contracts.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from chassis.service import Service


class ServiceStanding(BaseModel):
    """A service as its operators see it."""

    service: str
    version: str
    ready: dict[str, bool]
    standing: Standing | None = Field(description="none while the store is away")
    queues: dict[str, int | None] | None = Field(description="ready messages; none: broker away")


class Position(BaseModel):
    """How far one document has spoken on its own stream and read others'."""

    id: str
    issued: int = Field(description="last sequence issued on its own stream")
    read: dict[str, int] = Field(description="last sequence read, by stream")
    parked_since: int = Field(description="epoch milliseconds; 0 when nothing is set aside")


class Positions(BaseModel):
    """The positions of one document; no content."""

    id: str
    issued: int = Field(description="last sequence issued on its own stream")
    unconfirmed: int = Field(description="events the broker has not confirmed, as far as stored")
    kept: int = Field(description="confirmed events it can send again")
    read: dict[str, int] = Field(description="last sequence read, by stream")
    parked: dict[str, str | None] = Field(
        description="events set aside, with the reason of those that failed"
    )


class SetAside(BaseModel):
    """One event that waits in a document."""

    service: str
    collection: str
    document: str
    event: str
    type: str
    reason: str | None = Field(description="why it failed; none if it waits for another")
    waits_for: str = Field(description="the event the document stands before")
    since: int = Field(description="epoch milliseconds")
    happened_at: AwareDatetime
    attempts: int
    correlation_id: str
    traceparent: str | None


class Read(BaseModel):
    """A kind of stream that a collection reads."""

    collection: str
    stream: str
    by_subject: bool = Field(description="into the document named as the stream's subject")


class ReadsOf(BaseModel):
    """What a service speaks on and reads."""

    service: str
    speaks: dict[str, str] = Field(description="stream kind by collection")
    reads: list[Read]


async def standing_of(service: Service) -> ServiceStanding:
    """How the service stands, as far as its store and its broker can be asked."""
    try:
        standing = await service.health.standing()
    except StoreUnavailable:
        standing = None
    try:
        queues = await service.bus.depths()
    except ConnectionError:
        queues = None
    return ServiceStanding(
        service=service.name,
        version=service.version,
        ready=await service.health.ready(),
        standing=standing,
        queues=queues,
    )


def reads_of(service: Service) -> ReadsOf:
    """Which streams are whose, for reconciliation."""
    return ReadsOf(
        service=service.name,
        speaks={
            watch.collection.spec.name: watch.stream_kind
            for watch in service.watches
            if watch.stream_kind is not None
        },
        reads=[
            Read(
                collection=reader.collection.spec.name,
                stream=kind,
                by_subject=target is subject,
            )
            for reader in service.readers
            for kind, target in reader.streams.items()
        ],
    )


async def positions(collection: Collection[Any], after: str, limit: int) -> list[Position]:
    """Documents by id, without what they hold."""
    found = await collection.look(
        {"id": {"$gt": after}}, "seq", "streams", "parked_since", limit=limit
    )
    return [
        Position(
            id=stored["id"],
            issued=stored["seq"],
            read=stored["streams"],
            parked_since=stored.get("parked_since", 0),
        )
        for stored in found
    ]


async def positions_of(collection: Collection[Any], document_id: str) -> Positions:
    """One document; raises NotFound."""
    document = await collection.get(document_id)
    if document is None:
        raise NotFound("document")
    return Positions(
        id=document.id,
        issued=document.seq,
        unconfirmed=len(document.outbox),
        kept=len(document.sent),
        read=document.streams,
        parked={entry.envelope.id: entry.reason for entry in document.parked},
    )


async def parked(service: Service, after: str, limit: int) -> Page[SetAside]:
    """What is set aside in a page of documents, each with all that waits in it.

    `after`: collection and id of the last document of the page before.
    """
    begun, _, document_id = after.partition("/")
    names = list(service.collections)
    if begun and begun not in names:
        raise InvalidInput("invalid-cursor", "not a cursor of this list", field="query.after")
    found: list[tuple[Collection[Any], Document[Any]]] = []
    for name in names[names.index(begun) if begun else 0 :]:
        collection = service.collections[name]
        behind = document_id if name == begun else ""
        found += [
            (collection, document)
            for document in await collection.find(
                {"parked_since": {"$gt": 0}, "id": {"$gt": behind}},
                sort=[("id", 1)],
                limit=limit + 1 - len(found),
            )
        ]
        if len(found) > limit:
            break
    shown = found[:limit]
    return Page(
        items=[
            _set_aside(service, collection, document, entry)
            for collection, document in shown
            for entry in document.parked
        ],
        next=f"{shown[-1][0].spec.name}/{shown[-1][1].id}" if len(found) > limit else None,
    )


def _set_aside(
    service: Service, collection: Collection[Any], document: Document[Any], entry: Parked
) -> SetAside:
    envelope = entry.envelope
    return SetAside(
        service=service.name,
        collection=collection.spec.name,
        document=document.id,
        event=envelope.id,
        type=envelope.type,
        reason=entry.reason,
        waits_for=f"{envelope.stream}:{document.streams.get(envelope.stream, 0) + 1}",
        since=entry.since,
        happened_at=envelope.time,
        attempts=entry.attempts,
        correlation_id=envelope.correlationid,
        traceparent=envelope.traceparent,
    )
