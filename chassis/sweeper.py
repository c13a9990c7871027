"""The sweeper: finds what a process that died, or a moment that came, has left to do.

Invariant: an outbox that is not empty and a moment that is due are found by an index, whoever
left them; so nothing waits for the process that began it. Two sweepers at once are harmless.
A document that fails holds up no other, however many fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from chassis import failpoints
from chassis.clock import epoch_ms
from chassis.commands import Commands
from chassis.document import Document, issue
from chassis.ending import end_all
from chassis.relay import Relay
from chassis.store import AlreadyExists, Collection, LostRace, StoreUnavailable
from chassis.tracing import begin, use
from contracts.context import Context
from contracts.event import Event

log = structlog.get_logger()

INTERVAL_SECONDS = 1.0
QUIET_SECONDS = 2.0
BATCH = 200
CLEARED_AT_ONCE = 8
BACKLOG = 1000
ERRANDS_AT_ONCE = 32
ERRAND_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Watch:
    """A collection with its stream, and what its documents do when their moment has come.

    `on_due` is pure and sounds terms; `errand` reaches outside parties and then records the
    outcome by a command. Both must move the document's `wake_at` on, or they are called again.
    """

    collection: Collection[Any]
    stream_kind: str | None
    on_due: Callable[[Any, Context], Sequence[Event]] | None = None
    errand: Callable[[str], Awaitable[None]] | None = None


class Sweeper:
    """Looks at every watched collection once per interval."""

    def __init__(
        self,
        watches: Sequence[Watch],
        relay: Relay,
        commands: Commands,
        clock: Callable[[], datetime],
        context: Callable[[datetime], Context],
        errand_seconds: float = ERRAND_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._watches = watches
        self._relay = relay
        self._commands = commands
        self._clock = clock
        self._context = context
        self._nudge = asyncio.Event()
        self._errand_seconds = errand_seconds
        self._interval_seconds = interval_seconds
        self.quiet_seconds = quiet_seconds
        self._errands: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._errand_slots = asyncio.Semaphore(ERRANDS_AT_ONCE)
        self._relayed_to: dict[str, str] = {}
        self._by_name = {watch.collection.spec.name: watch for watch in watches}
        self.recovered = 0
        self.progressed_at: float = 0.0

    def nudge(self) -> None:
        """Something has become due just now: do not wait for the interval."""
        self._nudge.set()

    async def run(self) -> None:
        """Sweep for ever. A database that is away is waited for."""
        first = True
        self._progress()
        while True:
            try:
                await self.sweep(everything=first)
                first = False
            except StoreUnavailable:
                log.warning("sweep-waits-for-store")
            except Exception as failure:  # a sweeper that dies strands everything
                log.error("sweep-failed", error=type(failure).__name__)
            self._progress()
            try:
                async with asyncio.timeout(self._interval_seconds):
                    await self._nudge.wait()
                await asyncio.sleep(0.02)  # many nudges, one sweep
            except TimeoutError:
                pass
            self._nudge.clear()

    def _progress(self) -> None:
        """A round may be long, after a long time down; what counts is that it goes on."""
        self.progressed_at = asyncio.get_running_loop().time()

    async def stop(self) -> None:
        """End the errands that are under way; the next process takes them up again."""
        await end_all(*self._errands.values())

    async def sweep(self, everything: bool = False) -> None:
        """One round. `everything` also takes outboxes whose grace is not over (after a start)."""
        await self.clear()
        for watch in self._watches:
            if watch.stream_kind is not None:
                await self._relay_left_over(watch, everything)
            if watch.on_due is not None or watch.errand is not None:
                await self._wake(watch)

    async def clear(self, quiet_seconds: float | None = None) -> int:
        """Store emptied outboxes of documents that fell quiet, a few at a time."""
        self._relay.lapse()
        quiet = self.quiet_seconds if quiet_seconds is None else quiet_seconds
        keys = self._relay.gone_quiet(quiet)
        for first in range(0, len(keys), CLEARED_AT_ONCE):
            ends = await asyncio.gather(
                *(self._clear_one(*key) for key in keys[first : first + CLEARED_AT_ONCE]),
                return_exceptions=True,
            )
            for end in ends:
                if end is not None:
                    raise end
        return len(keys)

    async def _clear_one(self, name: str, document_id: str) -> None:
        watch = self._by_name.get(name)
        if watch is None:
            return
        async with watch.collection.lock(document_id):
            document = await watch.collection.load(document_id)
            if document is None or not self._relay.settled(name, document):
                self._relay.leave(name, document_id)
                return
            try:
                if document.outbox:
                    failpoints.reach("before-clear", watch.collection.about(document))
                    await watch.collection.save(document)
                    failpoints.reach("after-clear", watch.collection.about(document))
                self._relay.forget(name, document_id)
            except LostRace:
                return  # the next sweep looks again

    async def _relay_left_over(self, watch: Watch, everything: bool) -> None:
        """Take up outboxes in turns, so that those that cannot be sent starve no others."""
        name = watch.collection.spec.name
        until = {"$gt": 0} if everything else {"$gt": 0, "$lte": epoch_ms(self._clock())}
        for _ in range(BACKLOG // BATCH):  # what the relay holds back adds nothing to its backlog
            if self._relay.backlog >= BACKLOG:
                return
            found = await watch.collection.find(
                {"relay_due": until, "id": {"$gt": self._relayed_to.get(name, "")}},
                sort=[("id", 1)],
                limit=BATCH,
            )
            self._progress()
            for document in found:
                if not self._relay.settled(name, document):
                    self.recovered += 1
                self._relay.submit(name, document)
            self._relayed_to[name] = found[-1].id if len(found) == BATCH else ""
            if len(found) < BATCH:
                return

    async def _wake(self, watch: Watch) -> None:
        until = {"$gt": 0, "$lte": epoch_ms(self._clock())}
        after = ""
        while True:
            due = await watch.collection.find(
                {"wake_at": until, "id": {"$gt": after}}, sort=[("id", 1)], limit=BATCH
            )
            for document in due:
                self._progress()
                await self._ring_safely(watch, document.id)
                self._start_errand(watch, document.id)
            if len(due) < BATCH:
                return
            after = due[-1].id

    async def _ring_safely(self, watch: Watch, document_id: str) -> None:
        try:
            await self._ring(watch, document_id)
        except StoreUnavailable:
            raise
        except Exception as failure:
            name = watch.collection.spec.name
            log.error("alarm-failed", collection=name, id=document_id, error=type(failure).__name__)

    def _start_errand(self, watch: Watch, document_id: str) -> None:
        key = (watch.collection.spec.name, document_id)
        if watch.errand is None or key in self._errands:
            return
        task = asyncio.create_task(self._errand(watch.errand, key))
        self._errands[key] = task
        task.add_done_callback(lambda _: self._errands.pop(key, None))

    async def _errand(self, errand: Callable[[str], Awaitable[None]], key: tuple[str, str]) -> None:
        with use(begin()):
            try:
                async with self._errand_slots, asyncio.timeout(self._errand_seconds):
                    await errand(key[1])
            except (LostRace, StoreUnavailable):
                return  # the next sweep finds it again
            except Exception as failure:
                error = type(failure).__name__
                log.error("errand-failed", collection=key[0], id=key[1], error=error)

    async def _ring(self, watch: Watch, document_id: str) -> None:
        """Sound the alarms of one document, once, in one write."""
        if watch.on_due is None:
            return
        async with watch.collection.lock(document_id):
            document: Document[Any] | None = await watch.collection.get(document_id)
            if document is None:
                return
            at = self._context(self._clock())
            with use(begin()) as trace:
                before = document.state.model_copy(deep=True)
                events = watch.on_due(document.state, at)
                if not events and document.state == before:
                    return
                document.version += 1
                issue(document, events, at, self._commands.origin(watch.stream_kind), trace)
                try:
                    await watch.collection.save(document)
                except (LostRace, AlreadyExists):
                    return  # somebody else moved it on; the next sweep looks again
