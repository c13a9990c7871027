"""The relay: the only one that publishes.

Invariant: events of one document leave in their order, each until the broker confirmed it; one
that cannot be sent holds up its own document only. What was confirmed is remembered and dropped
from the outbox with the document's next save; documents that fall quiet are cleared in batches.
An entry that was not confirmed here is never dropped here. What the broker itself refuses is tried
again at growing intervals: where one inbox is full, every try reaches the other readers once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from chassis import chance, failpoints
from chassis.document import Document
from chassis.ending import end_all
from chassis.publisher import NotPublished, Refused
from contracts.envelope import Envelope

log = structlog.get_logger()

Publish = Callable[[Envelope], Awaitable[None]]
Key = tuple[str, str]

RETRY_SECONDS = (0.0, 0.1, 1.0)
IN_FLIGHT = 64
HOLD_SECONDS = (2.0, 16.0)  # the first and the longest
LAPSE_SECONDS = 60.0
"""What is still unsent is brought again well before that."""


class Relay:
    """Publishes outboxes; knows per document up to where the broker has confirmed."""

    def __init__(
        self,
        publish: Publish,
        pauses: Sequence[float] = RETRY_SECONDS,
        first_hold: float = HOLD_SECONDS[0],
    ) -> None:
        self._publish = publish
        self._first_hold = first_hold
        self._pauses = pauses
        self._confirmed: dict[Key, int] = {}
        self._waiting: dict[Key, deque[Envelope]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._held: dict[Key, tuple[int, float]] = {}
        """Of what is not finished: times refused by the broker, and until when it waits."""
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self.quiet: dict[Key, float] = {}

    def submit(self, collection: str, document: Document[Any]) -> None:
        """Send what this document has to say; returns at once."""
        key = (collection, document.id)
        seen = self._confirmed.get(key, 0)
        queue = self._waiting.get(key)
        last = queue[-1].number if queue else seen
        fresh = [entry for entry in document.outbox if entry.number > last]
        if not fresh:
            if document.outbox and not queue:  # all confirmed, only not cleared
                self.quiet.setdefault(key, asyncio.get_running_loop().time())
            return
        if queue is not None:
            queue.extend(fresh)
            return
        if self._held.get(key, (0, 0.0))[1] > asyncio.get_running_loop().time():
            return  # the sweeper brings it again
        self._waiting[key] = deque(fresh)
        worker = asyncio.create_task(self._send(key))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    def trim(self, collection: str, document: Document[Any]) -> None:
        """Drop from the outbox what the broker has confirmed to this process."""
        key = (collection, document.id)
        seen = self._confirmed.get(key)
        if seen is None:
            return
        document.confirm(seen)

    def settled(self, collection: str, document: Document[Any]) -> bool:
        """Whether every event of the document was confirmed to this process."""
        seen = self._confirmed.get((collection, document.id), 0)
        return all(entry.number <= seen for entry in document.outbox)

    def forget(self, collection: str, document_id: str) -> None:
        """The outbox was stored empty: nothing need be remembered of it."""
        key = (collection, document_id)
        self.quiet.pop(key, None)
        self._forget(key)

    def leave(self, collection: str, document_id: str) -> None:
        """Another process has added to the outbox, or cleared it: it is no more ours to clear."""
        key = (collection, document_id)
        self.quiet.pop(key, None)
        self._held.setdefault(key, (0, asyncio.get_running_loop().time()))

    def lapse(self, seconds: float = LAPSE_SECONDS) -> None:
        """Forget what was left unfinished here and not brought again: another process has sent it.
        If not, what was confirmed leaves once more."""
        before = asyncio.get_running_loop().time() - seconds
        for key in [key for key, (_, until) in self._held.items() if until <= before]:
            self._forget(key)

    def _forget(self, key: Key) -> None:
        if key not in self._waiting:
            self._confirmed.pop(key, None)
            self._held.pop(key, None)

    def gone_quiet(self, seconds: float, most: int = 200) -> list[Key]:
        """Documents whose events are all confirmed and that were not written for a while."""
        before = asyncio.get_running_loop().time() - seconds
        return [key for key, since in self.quiet.items() if since <= before][:most]

    @property
    def backlog(self) -> int:
        """How many documents have something on its way."""
        return len(self._waiting)

    async def drain(self) -> None:
        """Wait until nothing is being sent."""
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def stop(self, seconds: float = 5.0) -> None:
        """Finish or give up; what was not confirmed is found again by the sweeper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.drain()
        await end_all(*self._workers)

    async def _send(self, key: Key) -> None:
        queue = self._waiting[key]
        try:
            while queue:
                envelope = queue[0]
                failpoints.reach("before-publish", envelope.id)
                await self._send_one(envelope, self._pauses[: 1 if self._refused(key) else None])
                failpoints.reach("before-confirm", envelope.id)
                self._confirmed[key] = queue.popleft().number
                failpoints.reach("after-confirm", envelope.id)
            self._held.pop(key, None)
            self.quiet[key] = asyncio.get_running_loop().time()
        except Refused as failure:
            self._hold(key)
            log.warning("event-held-up", collection=key[0], id=key[1], reason=str(failure))
        except NotPublished as failure:
            self._note_failure(key)
            log.warning("event-held-up", collection=key[0], id=key[1], reason=str(failure))
        except Exception as defect:
            self._note_failure(key)
            log.error("event-held-up", collection=key[0], id=key[1], reason=type(defect).__name__)
        finally:
            self._waiting.pop(key, None)

    def _refused(self, key: Key) -> int:
        return self._held.get(key, (0, 0.0))[0]

    def _note_failure(self, key: Key) -> None:
        """Nobody refused it: whoever brings it again is not held back."""
        self._held[key] = (self._refused(key), asyncio.get_running_loop().time())

    def _hold(self, key: Key) -> None:
        """Longer each time, and never in step with others that were refused together."""
        times = self._refused(key) + 1
        longest = min(self._first_hold * 2.0 ** min(times - 1, 10), HOLD_SECONDS[1])
        pause = longest * chance.uniform(0.5, 1.0)
        self._held[key] = (times, asyncio.get_running_loop().time() + pause)

    async def _send_one(self, envelope: Envelope, pauses: Sequence[float]) -> None:
        """Try once after each pause; the last failure is the caller's."""
        for pause in pauses[:-1]:
            await asyncio.sleep(pause)
            try:
                async with self._slots:
                    await self._publish(envelope)
                return
            except NotPublished:
                continue
        await asyncio.sleep(pauses[-1])
        async with self._slots:
            await self._publish(envelope)
