"""One document per case: the aggregate, what it has read, what it has yet to say.

Invariant: a change of state and the events that tell of it are one write. An event read from
another service changes the state at most once, in its stream's order, whatever order, number or
delay it is delivered in. Everything here is pure: no clock, no network, no store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from chassis.database import stored_size
from chassis.tracing import Trace
from contracts.context import Context
from contracts.envelope import Envelope, misfits, sequence_text
from contracts.errors import Refusal
from contracts.event import Event

S = TypeVar("S", bound=BaseModel)

WARN_BYTES = 256 * 1024
MAX_BYTES = 1024 * 1024
PARKED_BYTES = 4 * 1024 * 1024
"""Of events set aside, beside the document's own bound: together they stay far below the 16 MB
that a database takes."""
COMMANDS_KEPT = 40
SENT_KEPT = 16
"""How many confirmed events stay with their document: a broker that lost everything takes those
with it that the register had not read yet, and then they are nowhere else."""

Handler = Callable[[Any, Any, Context], Sequence[Event]]
"""What a document does on another service's event: (state, event, context) -> own events."""


class DocumentTooLarge(Refusal):
    """A document may not outgrow its bound; attachments and logs live elsewhere."""

    status = 422


class TooMuchSetAside(Refusal):
    """No more events can be set aside in this document before those that are there are seen to."""

    status = 409


class Parked(BaseModel):
    """An event set aside: too early (`reason` is None) or failed for good."""

    envelope: Envelope
    reason: str | None = None
    since: int
    attempts: int = 0

    def fail(self, reason: str) -> None:
        """It was tried, in vain."""
        self.reason = reason
        self.attempts += 1

    @property
    def size(self) -> int:
        """Bytes it takes in the store."""
        return stored_size(self.model_dump(mode="json"))


class Answered(BaseModel):
    """A command that was carried out, kept so that its repetition gets the first answer."""

    key: str
    fingerprint: str
    answer: dict[str, Any]
    version: int


@dataclass(slots=True)
class Document(Generic[S]):
    """What is stored. `state` may be changed in place: it is always a fresh copy of the store's."""

    id: str
    state: S
    rev: int = 0
    version: int = 0
    seq: int = 0
    outbox: list[Envelope] = field(default_factory=list)
    unsent_since: int = 0
    """Epoch milliseconds since when, as far as is stored, none of the outbox was confirmed."""
    sent: list[dict[str, Any]] = field(default_factory=list)
    streams: dict[str, int] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    commands: list[Answered] = field(default_factory=list)
    unknown: dict[str, Any] = field(default_factory=dict)  # what a newer version added to the state

    @property
    def blocked(self) -> bool:
        """Whether an event failed here for good and waits for an operator."""
        return any(entry.reason is not None for entry in self.parked)

    @property
    def parked_since(self) -> int:
        """Epoch milliseconds since when an event has waited here; 0 when none does."""
        return min((entry.since for entry in self.parked), default=0)

    def confirm(self, number: int) -> None:
        """The broker has the events up to this one: they leave the outbox."""
        confirmed = [entry for entry in self.outbox if entry.number <= number]
        if confirmed:
            self.outbox = [entry for entry in self.outbox if entry.number > number]
            self.unsent_since = 0
            wire = [entry.model_dump(mode="json") for entry in confirmed]
            self.sent = [*self.sent, *wire][-SENT_KEPT:]

    def answered(self, key: str) -> Answered | None:
        """The command of that idempotency key, if it was carried out already."""
        return next((entry for entry in self.commands if entry.key == key), None)

    def remember(self, answered: Answered) -> None:
        """Keep an answer; the oldest go when there are too many."""
        self.commands = [*self.commands, answered][-COMMANDS_KEPT:]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who issues: the stream kind documents of a collection speak on, and where from."""

    stream_kind: str | None
    service: str
    district: str


def issue(
    document: Document[Any], events: Sequence[Event], at: Context, origin: Origin, trace: Trace
) -> None:
    """Append events to the outbox, numbered on the document's own stream without a gap.

    All of them or none: an event that does not fit leaves the document as it was.
    """
    envelopes: list[Envelope] = []
    for number, event in enumerate(events, start=document.seq + 1):
        if event.stream != origin.stream_kind:
            raise TypeError(f"{event.type} does not belong on stream {origin.stream_kind}")
        stream = f"{event.stream}.{document.id}"
        envelopes.append(
            Envelope(
                id=f"{stream}:{number}",
                source=f"/{origin.district}/{origin.service}",
                type=event.type,
                subject=document.id,
                time=at.now,
                dataschema=f"urn:opora:schema:{event.schema_name()}",
                stream=stream,
                sequence=sequence_text(number),
                correlationid=trace.correlation_id,
                causationid=trace.causation_id,
                district=origin.district,
                traceparent=trace.traceparent,
                data=event.model_dump(mode="json", exclude_none=True),
            )
        )
    document.outbox += envelopes
    document.seq += len(envelopes)


class Receipt(BaseModel):
    """What became of one delivered event."""

    applied: int = 0
    duplicate: bool = False
    parked: bool = False
    failed: str | None = None
    released: int = 0
    unknown: int = 0

    @property
    def changed(self) -> bool:
        """Whether there is anything to store."""
        return not self.duplicate


@dataclass(frozen=True, slots=True)
class Reading:
    """How a collection reads other services' events.

    `most` is how many may take effect in one write, where the store has refused more; the next one
    fails, with `beyond` as its reason.
    """

    handlers: Mapping[type[Event], Handler]
    origin: Origin
    context: Callable[[Envelope], Context]
    most: int | None = None
    beyond: str = ""

    def short_of(self, refused: Receipt, reason: str) -> Reading:
        """The same with one event less in the write than the store has refused."""
        return replace(self, most=refused.applied - 1, beyond=reason)


def receive(document: Document[Any], envelope: Envelope, reading: Reading, now_ms: int) -> Receipt:
    """Take one event in: a duplicate is nothing, an early one is parked, the next is applied.

    With it every parked successor of the same stream is applied, in the same write. Raises
    TooMuchSetAside when it had to be parked and there is no room for it.
    """
    receipt = Receipt()
    last = document.streams.get(envelope.stream, 0)
    if envelope.number <= last or _is_parked(document, envelope.id):
        receipt.duplicate = True
        return receipt
    if envelope.number > last + 1:
        _park(document, Parked(envelope=envelope, since=now_ms))
        receipt.parked = True
        return receipt
    entry = Parked(envelope=envelope, since=now_ms)
    if _apply(document, entry, reading, receipt):
        release(document, envelope.stream, reading, receipt)
    else:
        _park(document, entry)
    return receipt


def release(
    document: Document[Any], stream: str, reading: Reading, receipt: Receipt, retry: bool = False
) -> None:
    """Apply what is parked and next in its stream; a failed head holds back its stream only."""
    while True:
        next_number = document.streams.get(stream, 0) + 1
        head = next(
            (
                entry
                for entry in document.parked
                if entry.envelope.stream == stream and entry.envelope.number == next_number
            ),
            None,
        )
        if head is None or (head.reason is not None and not retry):
            return
        retry = False
        if not _apply(document, head, reading, receipt):
            return
        document.parked.remove(head)
        receipt.released += 1


def _park(document: Document[Any], entry: Parked) -> None:
    size = sum(parked.size for parked in (*document.parked, entry))
    if size > PARKED_BYTES:
        raise TooMuchSetAside(
            "too-much-set-aside",
            f"the events set aside in this record would take {size} bytes, over {PARKED_BYTES}",
        )
    document.parked.append(entry)
    document.parked.sort(key=lambda parked: (parked.envelope.stream, parked.envelope.number))


def _is_parked(document: Document[Any], event_id: str) -> bool:
    return any(entry.envelope.id == event_id for entry in document.parked)


def _apply(document: Document[Any], entry: Parked, reading: Reading, receipt: Receipt) -> bool:
    """Let the handler change the state; on failure leave the document as it was."""
    envelope = entry.envelope
    if receipt.applied == reading.most:
        receipt.failed = reading.beyond
        entry.fail(receipt.failed)
        return False
    try:
        declared = envelope.declared
        handler = reading.handlers.get(declared) if declared is not None else None
        if declared is None:
            receipt.unknown += 1
        elif handler is not None:  # what nobody here has a use for need not even fit
            at = reading.context(envelope)
            state = document.state.model_copy(deep=True)
            issued = handler(state, envelope.event(), at)
            trace = Trace(envelope.correlationid, envelope.id, envelope.traceparent)
            issue(document, issued, at, reading.origin, trace)
            document.state = state
            document.version += 1
    except Exception as failure:  # whatever it is, it must harm this case only
        receipt.failed = _reason(failure)
        entry.fail(receipt.failed)
        return False
    document.streams[envelope.stream] = envelope.number
    receipt.applied += 1
    return True


def _reason(failure: Exception) -> str:
    """Why a handler failed, without the data it failed on."""
    if isinstance(failure, ValidationError):
        return f"data-does-not-fit: {', '.join(misfits(failure))}"
    if isinstance(failure, Refusal):
        return failure.code
    return f"handler-error: {type(failure).__name__}"
