"""The consumer: every event of the inbox to every document that reads its stream.

Invariant: a message is acknowledged only after its outcome is stored. A lost race is decided
again; a database that is away slows consumption down and never loses or spins; a handler that
fails for good sets its event aside in its own document and touches no other; where there is no
room for it, it becomes a dead letter. A defect of ours keeps its message waiting, unacknowledged:
it neither loses it nor fills the dead queue.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from chassis import chance, tracing
from chassis.clock import epoch_ms
from chassis.document import (
    Document,
    DocumentTooLarge,
    Handler,
    Parked,
    Reading,
    Receipt,
    TooMuchSetAside,
    receive,
)
from chassis.store import AlreadyExists, Collection, LostRace, NotStorable, StoreUnavailable
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.values import IDENTIFIER

log = structlog.get_logger()

LONGEST_PAUSE_SECONDS = 15.0

Target = Callable[[Envelope], str | None]


def subject(envelope: Envelope) -> str | None:
    """The usual target: the document named as the stream's subject."""
    return envelope.subject


@dataclass(frozen=True, slots=True)
class Reader:
    """Which streams a collection reads, into which document, and what it does on which event.

    A target must give the same answer for every event of a stream: it is asked anew each time.
    """

    collection: Collection[Any]
    streams: Mapping[str, Target]
    handlers: Mapping[type[Event], Handler] = field(default_factory=dict)


def _target(reader: Reader, envelope: Envelope) -> str | None:
    document_id = reader.streams[envelope.stream_kind](envelope)
    fits = document_id is not None and re.fullmatch(IDENTIFIER, document_id) is not None
    return document_id if fits else None


@dataclass(slots=True)
class Tally:
    """What the consumer has met; read by the metrics."""

    received: int = 0
    applied: int = 0
    duplicates: int = 0
    parked: int = 0
    released: int = 0
    failed: int = 0
    unknown: int = 0
    unread: int = 0

    def add(self, receipt: Receipt) -> None:
        """Count one delivery to one document."""
        self.applied += receipt.applied
        self.duplicates += receipt.duplicate
        self.parked += receipt.parked
        self.released += receipt.released
        self.failed += receipt.failed is not None
        self.unknown += receipt.unknown


async def store(
    collection: Collection[Any],
    document: Document[Any],
    reading: Reading,
    decide: Callable[[Document[Any], Reading], Receipt],
) -> Receipt:
    """Decide on a document and save it, with as many events in the write as the store takes.

    What it refuses (the document would be too large, a unique value is taken) is decided again
    with one event less, so that the one that does not fit fails, and no other. Raises what `save`
    does; a refusal only where no event is the cause of it.
    """
    while True:
        receipt = decide(document, reading)
        if not receipt.changed:
            return receipt
        try:
            await collection.save(document)
            return receipt
        except (AlreadyExists, DocumentTooLarge, NotStorable) as failure:
            present = await collection.get(document.id) or collection.blank(document.id)
            if present.rev != document.rev:  # born or written elsewhere: no clash of values
                raise LostRace(document.id) from failure
            if receipt.applied == 0:
                raise
            reading, document = reading.short_of(receipt, failure.code), present


@dataclass(frozen=True, slots=True, eq=False)
class _InHand:
    since: float


class Consumer:
    """Feeds the readers."""

    def __init__(
        self,
        readers: Sequence[Reader],
        reading: Callable[[Reader], Reading],
        clock: Callable[[], Any],
        record: Callable[[Envelope], Awaitable[None]] | None = None,
    ) -> None:
        self._by_kind: dict[str, list[tuple[Reader, Reading]]] = {}
        for reader in readers:
            for kind in reader.streams:
                self._by_kind.setdefault(kind, []).append((reader, reading(reader)))
        self._clock = clock
        self._record = record
        self._in_hand: set[_InHand] = set()
        self.tally = Tally()

    @property
    def oldest_in_hand(self) -> float:
        """Seconds since the earliest message was taken that is not dealt with yet; 0 if none is."""
        now = asyncio.get_running_loop().time()
        return max((now - message.since for message in self._in_hand), default=0.0)

    def reading_of(self, collection: Collection[Any], stream_kind: str) -> Reading | None:
        """How a collection reads a kind of stream; None if it does not."""
        readers = self._by_kind.get(stream_kind, ())
        return next((how for reader, how in readers if reader.collection is collection), None)

    async def set_aside(self, envelope: Envelope) -> list[Parked]:
        """Where an event that was received has not taken effect: its entry in each such document.

        Raises StoreUnavailable.
        """
        found: list[Parked] = []
        for reader, _ in self._by_kind.get(envelope.stream_kind, ()):
            target = _target(reader, envelope)
            document = await reader.collection.get(target) if target is not None else None
            if document is not None:
                found += [entry for entry in document.parked if entry.envelope.id == envelope.id]
        return found

    async def receive(self, envelope: Envelope) -> None:
        """Take one message in; returns when its outcome is stored, however long that takes.

        Raises TooMuchSetAside when one of its documents can set it aside no more; the others have
        had it then.
        """
        message = _InHand(asyncio.get_running_loop().time())
        self._in_hand.add(message)
        try:
            await self._receive(envelope)
        finally:
            self._in_hand.discard(message)

    async def _receive(self, envelope: Envelope) -> None:
        self.tally.received += 1
        trace = tracing.begin(envelope.correlationid, envelope.id, envelope.traceparent)
        pause = 0.05
        with tracing.use(trace):
            while True:
                try:
                    return await self._store_outcome(envelope)
                except LostRace:
                    await asyncio.sleep(chance.uniform(0, 0.02))
                    continue
                except TooMuchSetAside as full:
                    log.error("event-refused", event_id=envelope.id, reason=full.code)
                    raise
                except StoreUnavailable:
                    log.warning("store-away", event_id=envelope.id, pause=round(pause, 2))
                except Exception as defect:
                    log.error("event-waits", event_id=envelope.id, error=type(defect).__name__)
                await asyncio.sleep(pause * chance.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _store_outcome(self, envelope: Envelope) -> None:
        if self._record is not None:
            await self._record(envelope)
        readers = self._by_kind.get(envelope.stream_kind, ())
        if not readers:
            self.tally.unread += 1
        full: TooMuchSetAside | None = None
        for reader, reading in readers:
            document_id = _target(reader, envelope)
            if document_id is None:
                self.tally.unread += 1
                continue
            async with reader.collection.lock(document_id):
                try:
                    await self._deliver(reader.collection, reading, document_id, envelope)
                except TooMuchSetAside as refused:  # it harms no other reader
                    full = refused
        if full is not None:
            raise full

    async def _deliver(
        self, collection: Collection[Any], reading: Reading, document_id: str, envelope: Envelope
    ) -> None:
        now_ms = epoch_ms(self._clock())

        def take(document: Document[Any], reading: Reading) -> Receipt:
            return receive(document, envelope, reading, now_ms)

        document: Document[Any] = await collection.load(document_id) or collection.blank(
            document_id
        )
        receipt = await store(collection, document, reading, take)
        if receipt.failed is not None:
            log.error("event-set-aside", event_id=envelope.id, reason=receipt.failed)
        self.tally.add(receipt)
