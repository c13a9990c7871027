"""A process's connection to the broker, with the methods of `chassis.bus.Bus`.

It reaches the same fail points, and answers as late, as doubtfully or not at all, as a network may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from faststream.exceptions import RejectMessage

from chassis import failpoints
from chassis.inbox import Bury, Receive
from chassis.publisher import PUBLISH_SECONDS, NotPublished
from chassis.queues import Probe, decode
from contracts.envelope import Envelope
from contracts.topology import inbox_name
from tests.simulation.broker import Channel, Message

if TYPE_CHECKING:
    from tests.simulation.process import Process

RECONNECT_SECONDS = 1.0
PROBE = b""


class Bus:
    """One process's publisher and consumer."""

    def __init__(
        self,
        process: Process,
        service: str,
        inboxes: Mapping[str, Sequence[str]],
        grace_seconds: float,
    ) -> None:
        self._process, self._world = process, process.world
        self._broker = process.world.broker
        self._service, self._inboxes, self._grace = service, inboxes, grace_seconds
        self._receive: Receive | None = None
        self._channel: Channel | None = None
        self._handling: dict[asyncio.Task[None], None] = {}
        self._declared = self._started = self._consuming = False
        self.published = 0
        self.progressed_at = self.buried_at = 0.0
        self.probed = 0

    @property
    def inbox(self) -> str | None:
        """The service's own queue."""
        return inbox_name(self._service) if self._service in self._inboxes else None

    async def start(self, receive: Receive, bury: Bury | None = None) -> None:
        """Declare every inbox, then begin to consume."""
        await self._process.delay()
        if self._broker.away:
            raise ConnectionError
        self._broker.declare(self._inboxes)
        self._receive = receive
        self._declared = self._started = self._consuming = True
        self.connect()

    def connect(self) -> None:
        """Begin to consume, or again after the connection was lost."""
        if not self._consuming or not self._process.alive or self._channel is not None:
            return
        if self._service in self._inboxes:
            if self._broker.away:
                self._world.later(RECONNECT_SECONDS, self.connect)
            else:
                self._channel = self._broker.consume(self._service, self)

    def disconnect(self) -> None:
        """Lose the connection: what is being handled goes on, and is delivered again."""
        if self._channel is not None:
            channel, self._channel = self._channel, None
            self._broker.disconnect(self._service, channel)
            self._world.later(RECONNECT_SECONDS, self.connect)

    async def stop_consuming(self) -> None:
        """Take no more, finish what is being handled."""
        self._process.check()
        self._consuming = self._started = False
        if self._handling:
            await asyncio.wait(list(self._handling), timeout=self._grace)
        for task in list(self._handling):
            task.cancel()
        self.disconnect()

    async def stop(self) -> None:
        """Close both connections."""
        await self.stop_consuming()

    async def ready(self) -> bool:
        """Whether everything was declared and the broker answers."""
        return self._started and not self._broker.away

    async def answers(self) -> bool:
        """Whether the broker answers."""
        await self._process.delay()
        return not self._broker.away

    async def probe(self, probe: Probe) -> None:
        """Put a probe into the service's own inbox, if it has one; raises NotPublished."""
        await self._process.delay()
        if not self._started or self._broker.away:
            raise NotPublished("not started")
        if self.inbox is not None:
            self._broker.put(self._service, PROBE)

    async def letters_lie(self) -> bool:
        """Nobody deletes a queue here."""
        return False

    async def publish(self, envelope: Envelope) -> None:
        """Send one event and wait for the confirmation; raises NotPublished."""
        self._process.check()
        if not self._declared:
            raise NotPublished("inboxes are not declared yet")
        body = envelope.model_dump_json(exclude_none=True).encode()
        action = self._process.meets("publish", envelope.id)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        delay = self._world.latency()
        if action == "late":  # perhaps so late that it is given up before it arrives
            delay += self._world.dice.uniform(0.0, 3 * PUBLISH_SECONDS)
            self._world.later(PUBLISH_SECONDS, self._answer, answer, True)
        self._world.later(delay, self._arrive, envelope, body, action, answer)
        await answer
        failpoints.reach("after-publish", envelope.id)
        self.published += 1

    def _arrive(
        self, envelope: Envelope, body: bytes, action: str | None, answer: asyncio.Future[None]
    ) -> None:
        if action == "broker-away":
            self._world.broker_goes_away()
        delay, refused = self._world.latency(), False
        if self._broker.away or action == "refuse":
            refused = True
        else:
            for _ in range(2 if action == "twice" else 1):
                self._world.model.routed.add(envelope.id)
                refused = self._broker.route(envelope.routing_key, body) == 0
        if action == "lose-answer":
            delay, refused = PUBLISH_SECONDS, True
        self._world.later(delay, self._answer, answer, refused)

    @staticmethod
    def _answer(answer: asyncio.Future[None], refused: bool) -> None:
        if answer.done():
            return
        if refused:
            answer.set_exception(NotPublished("not confirmed"))
        else:
            answer.set_result(None)

    def hand(self, channel: Channel, tag: int, message: Message) -> None:
        """A message is on its way here."""
        action = self._process.meets("deliver", message.key)
        delay = self._world.latency()
        if action == "late":
            delay += self._world.dice.uniform(0.1, 5.0)
        self._world.later(delay, self._take, channel, tag, message)
        if action in {"again", "again-later"}:
            wait = delay if action == "again" else self._world.dice.uniform(1.0, 60.0)
            self._world.later(wait, self._broker.repeat, self._service, message)
        if action == "disconnect":
            self._world.later(delay + self._world.latency(), self.disconnect)

    def _take(self, channel: Channel, tag: int, message: Message) -> None:
        if not self._process.alive or tag not in channel.unacknowledged:
            return
        task = self._process.spawn(self._handle(channel, tag, message))
        self._handling[task] = None
        task.add_done_callback(lambda done: self._handling.pop(done, None))

    async def _handle(self, channel: Channel, tag: int, message: Message) -> None:
        if message.body == PROBE:
            self._broker.settle(self._service, channel, tag)
            self.progressed_at = asyncio.get_running_loop().time()
            return
        try:
            envelope = decode(message.body)
        except RejectMessage:
            self._broker.settle(self._service, channel, tag, dead=True)
            return
        self._world.arrivals.note(self._service, envelope)
        if self._receive is not None:
            await self._receive(envelope)
            failpoints.reach("before-acknowledge", envelope.id)
            self._process.check()
            self._process.step("acknowledge", envelope.id)
            await self._process.delay()
            self._broker.settle(self._service, channel, tag)
            failpoints.reach("after-acknowledge", envelope.id)
        self.progressed_at = asyncio.get_running_loop().time()


def made_for(process: Process) -> Any:
    """The `bus` of a `Backing`: called as `chassis.bus.Bus` is."""

    def make(
        url: str,
        service: str,
        inboxes: Mapping[str, Sequence[str]],
        registry: object,
        grace_seconds: float = 10.0,
        **more: object,
    ) -> Bus:
        process.bus = Bus(process, service, inboxes, grace_seconds)
        return process.bus

    return make
