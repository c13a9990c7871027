"""A service with its database and its inbox, in which the same work is played again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aio_pika
import httpx
from pymongo.asynchronous.database import AsyncDatabase

from contracts.envelope import CONTENT_TYPE, Envelope
from tests.fault.ends import End, end_of
from tests.fault.mortal import Mortal, Place, Reached
from tests.fault.recording import Stored
from tests.fault.works import Seeds, Work
from tests.service.stack import Spy, until

LONGEST_SECONDS = 60.0
PACES = frozenset({"gateways"})
"""Whose turn it is to ask a partner, and when the next may: no end of a work, which may take more
turns where a process died than where none did."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a work ended, what was reached after the last death, and whether there was one."""

    end: End
    trail: list[Reached]
    died: bool


class Theatre:
    """Plays works, each about other documents, and takes them away afterwards.

    `always` is stored from the beginning to the end. Only one theatre may play at a time: what
    others say comes into this one's inbox too.
    """

    def __init__(
        self,
        mortal: Mortal,
        database: AsyncDatabase[Any],
        channel: aio_pika.abc.AbstractChannel,
        spy: Spy,
        always: Seeds,
    ) -> None:
        self._mortal = mortal
        self._database = database
        self._channel = channel
        self._spy = spy
        self._always = always
        self._kept = {(collection, document["_id"]) for collection, document in always}
        self._collections: list[str] = []

    async def open(self) -> None:
        """Store the background, and have the service up with an empty inbox."""
        await self._store(self._always)
        await self.begin_anew()
        self._collections = await self._database.list_collection_names()

    async def run(self, work: Work, place: Place | None) -> Played:
        """Have the work done, the process dying at that place; how it ended, what was reached.

        What a process reached that died is not told, only what its successor did.
        """
        mortal = self._mortal
        if not work.ids:  # a process remembers ids, and a register's last number
            await self.begin_anew()
        mortal.trail()
        heard_before = len(self._spy.envelopes)
        mortal.set_clock(work.at)
        if place is not None:
            mortal.arm(place)
        await self._store(work.seeds)
        if work.event is not None:
            await self._deliver(work.event)
        answer = await self._call(work)
        died = place is not None and await self._dies(work, place, answered=answer is not None)
        if died:
            await self._succeed(work)
        if died and work.finished:
            await self._drained(work)  # before its caller comes again, who would do it
        if answer is None and work.call is not None:
            answer = await until(lambda: self._call(work), seconds=LONGEST_SECONDS)
        trail = await self._drained(work)
        if place is None:
            await self._add_rest(trail)
        stored = [document async for document in self._documents() if document["in"] not in PACES]
        said = await self._said(work, stored, heard_before)
        await self._clean()
        names = dict(zip(work.ids, work.names, strict=True))
        return Played(end_of(stored, said, answer, names, work.known), _own(trail, work), died)

    async def begin_anew(self) -> None:
        """A process of its own, with nothing of an earlier work about."""
        self._mortal.end()
        self._mortal.disarm()
        if self._mortal.reads:
            await asyncio.sleep(0.1)  # what the dead process held is put back first
            await (await self._channel.get_queue(self._mortal.inbox, ensure=False)).purge()
        await self._clean()
        self._mortal.begin()
        await self._ready()

    async def _dies(self, work: Work, place: Place, *, answered: bool) -> bool:
        """Whether it dies. It must, but where a race decides how often a place is come by: there a
        further time may never come, nor a clear, which a save of the other one spares; then all is
        done without a death."""
        mortal = self._mortal
        if work.finished and (place.nth > 1 or "clear" in place.point):
            await until(lambda: mortal.dead or (answered and self._idle(work)), LONGEST_SECONDS)
            await asyncio.sleep(0.1)  # it may be dying on the last point of all
            if not mortal.dead:
                mortal.disarm()
                return False
        await mortal.died()
        return True

    async def _succeed(self, work: Work) -> None:
        """Begin the successor. What the dead process acknowledged comes again all the same: the
        broker may not have heard it, and there would be nothing to wait for."""
        event, reached = work.event, self._mortal.trail()
        acknowledged = event is not None and Reached("after-acknowledge", event.id) in reached
        if event is not None and acknowledged:
            read = [d["streams"].get(event.stream) async for d in self._documents()]
            assert event.number in read, "acknowledged before its outcome was stored"
        # The clock stands still: no turn that the dead process had would ever lapse.
        for name in PACES & set(self._collections):
            await self._database[name].delete_many({})
        self._mortal.begin()
        if event is not None and acknowledged:
            await self._deliver(event)

    async def _call(self, work: Work) -> Any | None:
        """Send the command; None if the call was cut off: its caller will repeat it."""
        call = work.call
        if call is None:
            return None
        try:
            answer = await self._mortal.http.post(call.path, headers=call.headers, json=call.body)
        except httpx.TransportError:
            return None
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        assert answer.is_success, answer.text
        return answer.json()

    async def _drained(self, work: Work) -> list[Reached]:
        """Wait until the process has nothing left to do; what it reached meanwhile."""
        trail: list[Reached] = []

        async def done() -> bool:
            trail.extend(self._mortal.trail())
            event = work.event
            if event is not None and Reached("after-acknowledge", event.id) not in trail:
                return False
            return await self._idle(work)

        await until(done, seconds=LONGEST_SECONDS, every=0.01)
        return trail

    async def _idle(self, work: Work) -> bool:
        """Whether no document has anything to say, or is due."""
        due = {"$gt": 0, "$lte": int(work.at.timestamp() * 1000)}
        waiting = {"$or": [{"relay_due": {"$gt": 0}}, {"wake_at": due}, {"send_at": due}]}
        for name in self._collections:
            if await self._database[name].find_one(waiting) is not None:
                return False
        return True

    async def _add_rest(self, trail: list[Reached]) -> None:
        """What comes after the last write, such as the point after a clear."""
        while True:
            await asyncio.sleep(0.1)
            more = self._mortal.trail()
            if not more:
                return
            trail.extend(more)

    async def _documents(self) -> AsyncIterator[Stored]:
        """Everything that is stored but for the background."""
        for name in self._collections:
            async for document in self._database[name].find({}):
                if (name, document["_id"]) not in self._kept:
                    yield {"in": name, **document}

    async def _said(self, work: Work, stored: list[Stored], heard_before: int) -> list[Any]:
        """The events of this run, each once, in the order first heard."""
        issued = sum(document["seq"] for document in stored)
        issued -= sum(document["seq"] for _, document in work.seeds)

        def heard() -> dict[str, Envelope]:
            heard: dict[str, Envelope] = {}
            for envelope in self._spy.envelopes[heard_before:]:
                first = heard.setdefault(envelope.id, envelope)
                assert first == envelope, "two events of one id"
            return heard

        await until(lambda: len(heard()) >= issued)
        return [envelope.model_dump(mode="json") for envelope in heard().values()]

    async def _deliver(self, envelope: Envelope) -> None:
        """Into this service's inbox only: its neighbours have no part in this."""
        message = aio_pika.Message(
            envelope.model_dump_json(exclude_none=True).encode(),
            content_type=CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self._channel.default_exchange.publish(message, routing_key=self._mortal.inbox)

    async def _store(self, seeds: Seeds) -> None:
        for collection, document in seeds:
            await self._database[collection].insert_one(dict(document))

    async def _clean(self) -> None:
        async for document in self._documents():
            await self._database[document["in"]].delete_one({"_id": document["_id"]})

    async def _ready(self) -> None:
        async def ready() -> bool:
            try:
                return (await self._mortal.http.get("/health/ready")).is_success
            except httpx.TransportError:
                return False

        await until(ready, seconds=LONGEST_SECONDS)


def _own(trail: list[Reached], work: Work) -> list[Reached]:
    """What was reached about this work; one that keeps its ids has its process to itself."""
    if not work.ids:
        return trail
    return [reached for reached in trail if any(name in reached.about for name in work.ids)]
