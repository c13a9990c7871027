"""Use cases of an operator: look at what is set aside, try it again, pass it over, send it again.

Invariant: each change is one compare-and-set of one document, decided again when somebody else was
faster; what leaves or is handled here again is dropped by whoever has had it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from chassis import recovery
from chassis.commands import Request
from chassis.consumer import store
from chassis.document import Document, Reading, Receipt
from chassis.interventions import Deed, carry_out
from chassis.letters import Letter, Letters
from chassis.publisher import NotPublished
from chassis.races import until_won
from chassis.store import Collection, LostRace
from contracts.envelope import Envelope
from contracts.errors import InvalidInput, NotFound, Refusal
from contracts.values import Actor

if TYPE_CHECKING:
    from chassis.service import Service

REPLAY_SECONDS = 30.0
AT_ONCE = 32


class TryLater(Refusal):
    """Nothing is known to have been done; the request may be repeated with the same key."""

    status = 503


class Outcome(BaseModel):
    """What an intervention did."""

    applied: bool = Field(description="whether it took effect; else `reason` says why not")
    reason: str | None = None
    released: int = Field(0, description="events behind it that took effect with it")


class Resent(BaseModel):
    """A page of a re-emission."""

    documents: int
    events: int
    next: str | None = Field(default=None, description="`after` of the next page, if there is one")


@dataclass(frozen=True, slots=True)
class Extent:
    """Which documents of a collection are to send again, and to whom."""

    after: str = ""
    document: str | None = None
    to: str | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Remedy:
    """What may be done about an event that is set aside."""

    name: str
    check: Callable[[Document[Any], str], object]
    change: Callable[[Document[Any], str, Reading], Receipt]
    succeeded: Callable[[Receipt], bool]
    """Whether it did what it was for, whatever became of the events behind."""


RETRY = Remedy("retry", recovery.set_aside_in, recovery.retry, lambda done: done.applied > 0)
SKIP = Remedy("skip", recovery.skippable, recovery.skip, lambda done: True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event is set aside."""

    collection: Collection[Any]
    document: str
    event: str


async def mend(
    service: Service, remedy: Remedy, place: Place, request: Request, by: Actor, reason: str
) -> Outcome:
    """Try an event again, or pass it over; raises NotFound, NotSetAside."""

    async def check() -> None:
        remedy.check(await _document(place.collection, place.document), place.event)

    async def act(again: bool) -> Outcome:
        try:
            return await _mend(service, place, remedy)
        except recovery.NotSetAside:
            if again and await _is_past(place):  # it was done before we died
                return Outcome(applied=True)
            raise

    about = f"{place.collection.spec.name}/{place.document} {place.event}"
    deed = Deed(remedy.name, about, Outcome, act, check)
    return await carry_out(service.interventions, request, service.at(by), reason, deed)


async def _is_past(place: Place) -> bool:
    """Whether the document has gone on behind this event."""
    stream, _, number = place.event.rpartition(":")
    document = await _document(place.collection, place.document)
    return document.streams.get(stream, 0) >= int(number)


async def _document(collection: Collection[Any], document_id: str) -> Document[Any]:
    document = await collection.get(document_id)
    if document is None:
        raise NotFound("document")
    return document


@until_won(lost=(LostRace,))
async def _mend(service: Service, place: Place, remedy: Remedy) -> Outcome:
    collection = place.collection

    def attend(document: Document[Any], reading: Reading) -> Receipt:
        return remedy.change(document, place.event, reading)

    async with collection.lock(place.document):
        document = await _document(collection, place.document)
        reading = _reading(service, collection, document, place.event)
        receipt = await store(collection, document, reading, attend)
    applied = remedy.succeeded(receipt)
    return Outcome(
        applied=applied,
        reason=None if applied else receipt.failed,
        released=receipt.released,
    )


def _reading(
    service: Service, collection: Collection[Any], document: Document[Any], event_id: str
) -> Reading:
    """How the collection reads the stream of an event that is set aside here."""
    stream = recovery.stream_of(event_id)
    for entry in document.parked:
        if entry.envelope.stream == stream:
            reading = service.consumer.reading_of(collection, entry.envelope.stream_kind)
            if reading is not None:
                return reading
    raise recovery.NotSetAside("not-parked", "no such event is set aside in this record")


async def get_letter(service: Service, letter_id: str) -> Document[Letter]:
    """A dead letter; raises NotFound."""
    document = await service.letters.get(letter_id)
    if document is None:
        raise NotFound("letter")
    return document


async def replay(
    service: Service, letter_id: str, request: Request, by: Actor, reason: str
) -> Outcome:
    """Deliver a letter as if it came now; raises NotFound, StillUndecodable, TryLater."""
    letter = (await get_letter(service, letter_id)).state
    letters = Letters(service.letters, service.now)

    async def check() -> None:
        letters.readable(letter)

    async def act(_: bool) -> Outcome:
        envelope = letters.readable(letter)
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                await service.consumer.receive(envelope)
        except TimeoutError:
            raise TryLater("store-away", "its outcome could not be stored in time") from None
        await letters.replayed(letter_id)
        aside = await service.consumer.set_aside(envelope)
        reasons = [entry.reason or "waits-for-another" for entry in aside]
        return Outcome(applied=not reasons, reason=", ".join(reasons) or None)

    deed = Deed("replay", letter_id, Outcome, act, check)
    return await carry_out(service.interventions, request, service.at(by), reason, deed)


async def discard(
    service: Service, letter_id: str, request: Request, by: Actor, reason: str
) -> Outcome:
    """Let a letter wait no longer; it stays where it can be seen. Raises NotFound."""
    await get_letter(service, letter_id)

    async def act(_: bool) -> Outcome:
        await Letters(service.letters, service.now).discarded(letter_id)
        return Outcome(applied=True)

    deed = Deed("discard", letter_id, Outcome, act)
    return await carry_out(service.interventions, request, service.at(by), reason, deed)


async def resend(
    service: Service,
    collection: Collection[Any],
    extent: Extent,
    request: Request,
    by: Actor,
    reason: str,
) -> Resent:
    """Send again what a page of documents remembers to have said; raises TryLater."""
    to, limit = extent.to, extent.limit
    require_reader(service, to)
    which = {"id": extent.document} if extent.document else {"id": {"$gt": extent.after}}

    async def act(_: bool) -> Resent:
        found = await collection.look(which, "sent", "outbox", limit=limit)
        events = [
            Envelope.model_validate(entry)
            for stored in found
            for entry in [*stored.get("sent", ()), *stored["outbox"]]
        ]
        await send_again(service, events, to)
        more = found[-1]["id"] if len(found) == limit else None
        return Resent(documents=len(found), events=len(events), next=more)

    about = f"{collection.spec.name}/{extent.document or '*'} to {to or 'all'}"
    deed = Deed("reemit", about, Resent, act)
    return await carry_out(service.interventions, request, service.at(by), reason, deed)


def require_reader(service: Service, to: str | None) -> None:
    """Refuse to send to a service that has no inbox."""
    if to is not None and to not in service.inboxes:
        raise InvalidInput(
            "unknown-reader", f"one of: {', '.join(sorted(service.inboxes))}", field="query.to"
        )


async def send_again(service: Service, events: list[Envelope], to: str | None) -> None:
    """Send events that were sent before; who has had them drops them. Raises TryLater."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def send(envelope: Envelope) -> None:
        async with slots:
            await service.bus.send_again(envelope, to)

    try:
        async with asyncio.TaskGroup() as group:
            for envelope in events:
                group.create_task(send(envelope))
    except* NotPublished as failure:
        raise TryLater("broker-away", "the broker has not confirmed; try again") from failure
