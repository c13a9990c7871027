"""Events on their way in: the connection that consumes the service's own inbox.

Invariant: a message is acknowledged only when whoever receives it is done, and a message that
cannot be decoded, or that its document has no room for, goes to the dead queue. Of several nodes
each is used as `chassis.nodes` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from faststream import AckPolicy, StreamMessage
from faststream.exceptions import RejectMessage
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue
from faststream.rabbit.prometheus import RabbitPrometheusMiddleware
from prometheus_client import CollectorRegistry, Counter

from chassis import failpoints
from chassis.document import TooMuchSetAside
from chassis.nodes import GONE, Route, connection_settings
from chassis.queues import (
    DEAD,
    EVENTS,
    PROBE,
    DeadMessage,
    Probe,
    dead,
    dead_message,
    decode,
    inbox,
)
from contracts.envelope import Envelope
from contracts.topology import inbox_name

log = structlog.get_logger()

PREFETCH = 32
GRACE_SECONDS = 10.0  # for handlers that are at work

Receive = Callable[[Envelope], Awaitable[None]]
Bury = Callable[[DeadMessage], Awaitable[None]]


class Inbox:
    """What lies in the service's own queues; nothing, where `reads` is empty: it hears nobody."""

    def __init__(
        self,
        route: Route,
        service: str,
        reads: Sequence[str],
        registry: CollectorRegistry,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.route = route
        self.progressed_at = self.buried_at = 0.0
        self.probed = 0
        self._service = service
        self._reads = reads
        self._grace_seconds = grace_seconds
        self._unknown = Counter(
            "opora_unknown_attributes", "Attributes of events not known here", registry=registry
        )
        self._metrics = RabbitPrometheusMiddleware(registry=registry, app_name=service)
        self._receive: Receive | None = None
        self._bury: Bury | None = None
        self.make_connection()

    @property
    def name(self) -> str | None:
        """The name of the queue; None if the service hears nobody."""
        return inbox_name(self._service) if self._reads else None

    def make_connection(self) -> None:
        """Nothing is connected yet."""
        self._broker = RabbitBroker(
            self.route.node,
            graceful_timeout=self._grace_seconds,
            middlewares=[self._metrics],
            apply_types=False,
            **connection_settings(self.route, self._service),
        )
        self._bury = None
        if self._reads:
            self._subscribe(inbox(self._service, self._reads))

    def give_to(self, receive: Receive, bury: Bury | None) -> None:
        """Who takes the events, and who what lies in the dead queue; without, it stays there."""
        self._receive = receive
        if bury is not None and self._bury is None and self._reads:
            self._subscribe_to_dead()
        self._bury = bury

    async def connect(self) -> None:
        """Connect, and consume nothing yet.

        The queue is not declared here: it would be consumed on the channel that declared it, not on
        the subscriber's, which limits the prefetch.
        """
        await self._broker.connect()
        await self._broker.declare_exchange(EVENTS)

    async def consume(self) -> None:
        """Begin to consume; the queue is there."""
        await self._broker.start()
        await self._bind()

    async def _bind(self) -> None:
        """Again, over the subscriber's channel: it makes anew, bindings and all, what it knows of.

        That happens when the inbox is deleted under it, or a broker comes back without its data.
        """
        if self._reads:
            own = await self._broker.declare_queue(inbox(self._service, self._reads))
            for topic in self._reads:
                await own.bind(EVENTS.name, topic)

    async def stop(self) -> None:
        """Finish what is being handled, then close the connection."""
        await self._broker.stop()

    async def ping(self, seconds: float) -> bool:
        """Whether the connection answers."""
        return await self._broker.ping(seconds)

    def _subscribe(self, queue: RabbitQueue) -> None:
        async def decoded(message: StreamMessage[Any]) -> Envelope | Probe:
            if message.content_type == PROBE:
                return Probe.of(message.body)
            return decode(message.body, self._unknown.inc)

        @self._broker.subscriber(
            queue,
            EVENTS,
            channel=Channel(prefetch_count=PREFETCH),
            ack_policy=AckPolicy.REJECT_ON_ERROR,
            decoder=decoded,
            no_reply=True,
        )
        async def consume(message: Envelope | Probe) -> None:
            if isinstance(message, Probe):
                self.probed = max(self.probed, message.sent)
            elif self._receive is not None:
                try:
                    await self._receive(message)
                except TooMuchSetAside as full:
                    self._progress()
                    raise RejectMessage from full
                failpoints.reach("before-acknowledge", message.id)
                await self._acknowledge()
                failpoints.reach("after-acknowledge", message.id)
            self._progress()

    def _progress(self) -> None:
        self.progressed_at = asyncio.get_running_loop().time()

    def _subscribe_to_dead(self) -> None:
        async def raw(message: StreamMessage[Any]) -> DeadMessage:
            return dead_message(message.raw_message)

        @self._broker.subscriber(
            dead(self._service),
            DEAD,
            channel=Channel(prefetch_count=1),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=raw,
            no_reply=True,
        )
        async def consume(message: DeadMessage) -> None:
            if self._bury is not None:
                await self._bury(message)
                self.buried_at = asyncio.get_running_loop().time()

    async def _acknowledge(self) -> None:
        message: RabbitMessage = self._broker.context.get_local("message")
        try:
            await message.ack()
        except GONE as failure:  # with the connection; the broker delivers it again
            log.warning("not-acknowledged", error=type(failure).__name__)
