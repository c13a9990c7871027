"""The system's log: every event once, whole, under an id made from its own.

Erasing a citizen (152-FZ 21) reaches the log too: the cards of that citizen's earlier events are
emptied, and the log can still be sent again from the beginning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from pydantic import AwareDatetime, BaseModel

from contracts import appointments, assessment, careplan, citizen, complaints, intake
from contracts.catalogue import events
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor

Target = Callable[[Envelope], str | None]

ID_LENGTH = 100
WITHHELD = "ru.opora.intake.citizen-card-withheld.v1"

DECLARED: Mapping[str, type[Event]] = {event.type: event for event in events()}
"""Every event of the catalogue by its type: the register hears them all."""


class LogEntry(BaseModel):
    """One event as it came, and when."""

    envelope: Envelope
    received_at: AwareDatetime
    erased: bool = False


def entry_id(event_id: str) -> str:
    """Id of an event's entry. Within a stream ids sort as the sequence does.

    A colon becomes a point: the sequence is the last part in both, so no two ids meet. What is
    too long, or holds other characters than ours, is named by its hash.
    """
    stream, _, number = event_id.rpartition(":")
    plain = f"E{stream}.{int(number):010d}"
    if len(plain) <= ID_LENGTH and re.fullmatch(r"[A-Za-z0-9_.-]+", plain):
        return plain
    return "E" + hashlib.sha256(event_id.encode()).hexdigest()


def _subject(envelope: Envelope) -> str | None:
    return envelope.subject


def named_case(envelope: Envelope) -> str | None:
    """The case a complaint or an appointment is about; every event of its stream names it."""
    case_id = envelope.data.get("case_id")
    return case_id if isinstance(case_id, str) and case_id else None


CASE_STREAMS: Mapping[str, Target] = {
    intake.CASE: _subject,
    assessment.CASE: _subject,
    careplan.CASE: _subject,
    complaints.COMPLAINT: named_case,
    appointments.APPOINTMENT: named_case,
}
"""The streams a case's record reads, and how an event of each names the case."""


def case_of(envelope: Envelope) -> str | None:
    """The case an event is about, if it is about one."""
    target = CASE_STREAMS.get(envelope.stream_kind)
    return target(envelope) if target else None


def carries_personal_data(envelope: Envelope) -> bool:
    """Whether erasure concerns it: a card, or an event of the citizen's stream not known here."""
    if envelope.stream_kind != citizen.CITIZEN:
        return False
    return "card" in envelope.data or envelope.type not in DECLARED


def as_seen_by(by: Actor, envelope: Envelope) -> Envelope:
    """The event as the caller may see it: an operator sees that a citizen's event came, not whose
    card it holds. No other stream holds personal data."""
    if by.role == Role.OPERATOR and envelope.stream_kind == citizen.CITIZEN:
        return envelope.model_copy(update={"data": {}})
    return envelope


def resendable(entry: LogEntry) -> Envelope:
    """The event as it may leave again: of an erased card nothing is left that a reader could take
    for one, so it leaves under a type that readers count and pass over."""
    if "card" not in entry.envelope.data or not entry.erased:
        return entry.envelope
    return entry.envelope.model_copy(update={"type": WITHHELD})


def erase(entry: LogEntry) -> None:
    """Empty the card; of an unknown event keep only who did it."""
    kept = {"by": entry.envelope.data.get("by")}
    data = {**entry.envelope.data, "card": {}} if "card" in entry.envelope.data else kept
    if entry.envelope.type not in DECLARED:
        data = kept
    entry.envelope = entry.envelope.model_copy(update={"data": data})
    entry.erased = True
