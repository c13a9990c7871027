"""Dead letters: messages that could not be decoded, kept where an operator can see and replay them.

Beside them lie events that their document had no room to set aside: nothing of these is misfit, and
once what is set aside there was seen to they are replayed.

Invariant: a dead message is acknowledged only once it is stored here; stored, it stays. A replay is
an ordinary delivery, so a letter replayed twice takes effect once. One that will never be an event
is discarded: it waits no longer, and can still be replayed. What a letter holds is shown to nobody:
it may be anybody's data.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from contextlib import suppress
from typing import Any

import structlog
from pydantic import AwareDatetime, BaseModel
from pydantic_core import from_json

from chassis.clock import Now, epoch_ms
from chassis.document import Document
from chassis.queues import DeadMessage, NoEvent, read
from chassis.races import until_won
from chassis.store import AlreadyExists, Collection, StoreUnavailable
from chassis.stored import Spec
from contracts.envelope import Envelope
from contracts.errors import Refusal

log = structlog.get_logger()

LONGEST_PAUSE_SECONDS = 15.0
WHOLE_BYTES = 6 * 1024 * 1024
PART_BYTES = 64 * 1024
SHOWN = ("id", "type", "source", "subject", "stream", "sequence", "time", "correlationid")
PLAIN = re.compile(r"[A-Za-z0-9_.:+/-]{1,200}")


class StillUndecodable(Refusal):
    """The letter is no event to today's code either."""

    status = 409


class Letter(BaseModel):
    """A message that could not be decoded."""

    id: str
    received_at: AwareDatetime
    routing_key: str
    message_id: str | None
    correlation_id: str | None
    size: int
    body: str
    """Base64; of a message over WHOLE_BYTES the beginning only."""
    fields: list[str]
    """Which parts of the envelope did not fit."""
    replayed_at: AwareDatetime | None = None
    discarded_at: AwareDatetime | None = None

    @property
    def bytes(self) -> bytes:
        """The message."""
        return base64.b64decode(self.body)

    @property
    def waits(self) -> bool:
        """Whether an operator has still to see to it."""
        return self.replayed_at is None and self.discarded_at is None

    @property
    def whole(self) -> bool:
        """Whether all of the message was kept."""
        return self.size <= WHOLE_BYTES

    def attributes(self) -> dict[str, str]:
        """What the message says of itself, where it is plain enough to be an attribute of ours."""
        try:
            said: Any = from_json(self.bytes)  # stops at a depth, as a ValueError too
        except ValueError:
            return {}
        found = {name: said.get(name) for name in SHOWN} if isinstance(said, dict) else {}
        return {
            name: value
            for name, value in found.items()
            if isinstance(value, str) and PLAIN.fullmatch(value)
        }


LETTERS = Spec(
    name="letters",
    state=Letter,
    index=lambda letter: {
        "waits": int(letter.waits),
        "received": epoch_ms(letter.received_at),
    },
    indexed=(("waits", "received", "id"),),
    max_bytes=12 * 1024 * 1024,
)


def wrong_fields(body: bytes) -> list[str]:
    """Which parts of the envelope do not fit; empty when it can be decoded."""
    try:
        read(body)
    except NoEvent as failure:
        return failure.fields
    return []


class Letters:
    """Keeps the dead letters of one service."""

    def __init__(self, stored: Collection[Letter], now: Now) -> None:
        self._stored = stored
        self._now = now

    async def bury(self, message: DeadMessage) -> None:
        """Store a dead message, however long that takes; one that is there already is nothing."""
        letter = self._letter(message)
        pause = 0.1
        while True:
            try:
                with suppress(AlreadyExists):
                    await self._stored.save(Document(id=letter.id, state=letter, version=1))
                log.error("dead-letter", id=letter.id, fields=letter.fields)
                return
            except StoreUnavailable:
                log.warning("store-away", letter=letter.id)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _letter(self, message: DeadMessage) -> Letter:
        kept = message.body if len(message.body) <= WHOLE_BYTES else message.body[:PART_BYTES]
        name = f"{message.routing_key}\n{message.message_id}\n".encode() + message.body
        return Letter(
            id=f"L{hashlib.sha256(name).hexdigest()[:32]}",
            received_at=self._now(),
            routing_key=message.routing_key,
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            size=len(message.body),
            body=base64.b64encode(kept).decode(),
            fields=wrong_fields(message.body),
        )

    def readable(self, letter: Letter) -> Envelope:
        """The event, if today's code can read it; raises StillUndecodable."""
        fields = wrong_fields(letter.bytes) if letter.whole else ["body"]
        if fields:
            raise StillUndecodable(
                "still-undecodable", f"the message is no event of ours: {', '.join(fields)}"
            )
        return read(letter.bytes)

    async def replayed(self, letter_id: str) -> None:
        """Note that the letter was delivered."""
        await self._note(letter_id, "replayed_at")

    async def discarded(self, letter_id: str) -> None:
        """Note that the letter is no event and never will be."""
        await self._note(letter_id, "discarded_at")

    @until_won("letter")
    async def _note(self, letter_id: str, moment: str) -> None:
        document = await self._stored.get(letter_id)
        if document is None or getattr(document.state, moment) is not None:
            return
        setattr(document.state, moment, self._now())
        document.version += 1
        await self._stored.save(document)
