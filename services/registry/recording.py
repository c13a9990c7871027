"""The log: every event is written down before anything is made of it.

Invariant: an entry is there once however often its event comes. After a citizen was erased no
entry keeps their card: the erasing event empties what is there, and a card that comes later finds
the erasing event. Both look only after they have written, so one of them sees the other.
"""

from __future__ import annotations

from contextlib import suppress

from chassis.document import Document
from chassis.races import until_won
from chassis.store import AlreadyExists, Collection
from contracts.citizen import CitizenErased
from contracts.envelope import Envelope
from services.registry.domain.log import LogEntry, carries_personal_data, entry_id, erase
from services.registry.registry import Registry

BATCH = 100
ARRIVALS = "arrivals"


async def record(registry: Registry, envelope: Envelope) -> None:
    """Write an event down; one that is there already is nothing."""
    async with registry.log.lock(ARRIVALS):  # a later stamp must not be seen before an earlier one
        entry = LogEntry(envelope=envelope, received_at=registry.arrival())
        with suppress(AlreadyExists):
            await registry.log.save(Document(id=entry_id(envelope.id), state=entry, version=1))
    if envelope.type == CitizenErased.type:
        await _erase_before(registry.log, envelope)
    elif carries_personal_data(envelope) and await _erased_later(registry.log, envelope):
        await _erase(registry.log, entry_id(envelope.id))


async def _erase_before(entries: Collection[LogEntry], erased: Envelope) -> None:
    after = 0
    while True:
        found = await entries.find(
            {"stream": erased.stream, "sequence": {"$gt": after, "$lt": erased.number}},
            sort=[("sequence", 1)],
            limit=BATCH,
        )
        for document in found:
            if carries_personal_data(document.state.envelope):
                await _erase(entries, document.id)
        if len(found) < BATCH:
            return
        after = found[-1].state.envelope.number


async def _erased_later(entries: Collection[LogEntry], envelope: Envelope) -> bool:
    later = await entries.find(
        {"stream": envelope.stream, "sequence": {"$gt": envelope.number}}, limit=1000
    )
    return any(document.state.envelope.type == CitizenErased.type for document in later)


@until_won("log entry")
async def _erase(entries: Collection[LogEntry], document_id: str) -> None:
    document = await entries.get(document_id)
    if document is None or document.state.erased:
        return
    erase(document.state)
    document.version += 1
    await entries.save(document)
