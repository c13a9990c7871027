"""What an operator may do with an event that was set aside: have it tried again, or pass it over.

Invariant: a retry is the same handling as the first, at the event's own time, so whatever it does
it does once; a failed retry leaves everything as it was but for the reason. An event is passed
over only where the document stands right before it. Pure: who stores the document stores this.
"""

from __future__ import annotations

import re
from typing import Any

from chassis.document import Document, Parked, Reading, Receipt, release
from contracts.errors import Refusal


class NotSetAside(Refusal):
    """The event does not wait in this document, or it is not its turn."""

    status = 409


def stream_of(event_id: str) -> str:
    """The stream of an event, as its id says (`<stream>:<sequence>`)."""
    return event_id.rpartition(":")[0]


def number_of(event_id: str) -> int:
    """The sequence of an event, as its id says; 0 if it says none."""
    text = event_id.rpartition(":")[2]
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


def set_aside_in(document: Document[Any], event_id: str) -> Parked:
    """The entry of an event that failed here; raises NotSetAside."""
    entry = next((entry for entry in document.parked if entry.envelope.id == event_id), None)
    if entry is None:
        raise NotSetAside("not-parked", "no such event is set aside in this record")
    if entry.reason is None:
        read = document.streams.get(entry.envelope.stream, 0)
        raise NotSetAside(
            "waits-for-another",
            f"the event has not failed: it waits for {entry.envelope.stream}:{read + 1}",
        )
    return entry


def retry(document: Document[Any], event_id: str, reading: Reading) -> Receipt:
    """Handle a failed event again and, if that succeeds, all that waited behind it."""
    entry = set_aside_in(document, event_id)
    receipt = Receipt()
    release(document, entry.envelope.stream, reading, receipt, retry=True)
    return receipt


def skippable(document: Document[Any], event_id: str) -> None:
    """Whether a stream stands still right before this event; raises NotSetAside."""
    stream, number = stream_of(event_id), number_of(event_id)
    waiting = [entry for entry in document.parked if entry.envelope.stream == stream]
    if not waiting:
        raise NotSetAside("not-parked", "nothing of that stream is set aside in this record")
    next_number = document.streams.get(stream, 0) + 1
    if number != next_number:
        raise NotSetAside(
            "not-next", f"the record stands before {stream}:{next_number}; only that can be skipped"
        )


def skip(document: Document[Any], event_id: str, reading: Reading) -> Receipt:
    """Pass over the next event of a stream, failed or never arrived; go on with what follows."""
    skippable(document, event_id)
    stream, number = stream_of(event_id), number_of(event_id)
    document.parked = [entry for entry in document.parked if entry.envelope.id != event_id]
    document.streams[stream] = number
    receipt = Receipt()
    release(document, stream, reading, receipt)
    return receipt
