"""The broker: one durable topic exchange, one quorum inbox queue per service.

Invariant: `publish` returns only when the broker has confirmed that the event lies in every queue
bound to it. Unroutable, refused, timed out and disconnected all raise `NotPublished`. Where the
broker has several nodes, a connection that is lost is made again to another one (`chassis.nodes`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import structlog
from aio_pika.abc import AbstractRobustChannel
from aiormq.exceptions import AMQPError, DeliveryError, PublishError
from faststream import AckPolicy, StreamMessage
from faststream.exceptions import FastStreamException
from faststream.rabbit import (
    Channel,
    QueueType,
    RabbitBroker,
    RabbitExchange,
    RabbitMessage,
    RabbitQueue,
)
from faststream.rabbit.prometheus import RabbitPrometheusMiddleware
from prometheus_client import CollectorRegistry, Counter

from chassis import failpoints
from chassis.nodes import ELECTION_SECONDS, Patience, Route, open_anew, parse_nodes, with_heartbeats
from chassis.queues import (
    DEAD,
    EVENTS,
    PROBE,
    DeadMessage,
    answers,
    dead_message,
    decode,
    depths,
    inbox,
)
from contracts.envelope import CONTENT_TYPE, Envelope

log = structlog.get_logger()

PUBLISH_SECONDS = 5.0
PREFETCH = 32
GRACE_SECONDS = 10.0  # for handlers that are at work
STOP_SECONDS = 12.0  # a broker that hangs does not keep us from ending
CONNECT_SECONDS = 5.0  # a node that hangs is passed over, where there is another

Receive = Callable[[Envelope], Awaitable[None]]
Bury = Callable[[DeadMessage], Awaitable[None]]

GONE = (AMQPError, FastStreamException, OSError, TimeoutError, RuntimeError)
"""What says that the broker did not do as asked, or that the connection to it is gone."""


class NotPublished(Exception):
    """The broker has not confirmed the event; it may or may not have it."""


class Refused(NotPublished):
    """The broker itself said no: a queue is full, or none is bound. Others may have the event."""


class InboxGone(NotPublished):
    """The service's own inbox is not there any more."""


class Bus:
    """Two connections: a broker that blocks publishers must not hold up consumers."""

    def __init__(
        self,
        url: str,
        service: str,
        inboxes: Mapping[str, Sequence[str]],
        registry: CollectorRegistry,
        publish_seconds: float = PUBLISH_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
        election_seconds: float = ELECTION_SECONDS,
    ) -> None:
        self._service = service
        self._inboxes = inboxes
        self._publish_seconds = publish_seconds
        self.published = 0
        self.progressed_at = 0.0
        self._unknown = Counter(
            "opora_unknown_attributes", "Attributes of events not known here", registry=registry
        )
        self._declared = False
        self._started = False
        self._receive: Receive | None = None
        self._bury: Bury | None = None
        self._patience = Patience()
        self._channel: AbstractRobustChannel | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._grace_seconds = grace_seconds
        self._metrics = RabbitPrometheusMiddleware(registry=registry, app_name=service)
        nodes = with_heartbeats(parse_nodes(url))
        self._publishing = Route(nodes, election_seconds)
        self._consuming = Route(nodes, election_seconds)
        self._make_connections()

    def _make_connections(self) -> None:
        """Nothing is connected yet. Of several nodes each is tried at the start for a while only:
        what is called when a connection is lost comes into force once there is one."""
        several = self._publishing.forks
        common: dict[str, Any] = {
            "reconnect_interval": 0.5 if several else 1.0,
            "fail_fast": several,
            "timeout": CONNECT_SECONDS if several else None,
            "app_id": f"opora-{self._service}",
            "logger": logging.getLogger(f"opora.{self._service}.bus"),
            "log_level": logging.DEBUG,
        }
        self._publisher = RabbitBroker(
            self._publishing.node,
            default_channel=Channel(on_return_raises=True),
            on_close=[self._publishing.lost],
            **common,
        )
        self._consumer = RabbitBroker(
            self._consuming.node,
            graceful_timeout=self._grace_seconds,
            middlewares=[self._metrics],
            apply_types=False,
            on_close=[self._consuming.lost],
            **common,
        )
        if reads := self._inboxes.get(self._service):
            self._subscribe(inbox(self._service, reads))

    @property
    def inbox(self) -> str | None:
        """The name of the service's own queue; None if it hears nobody."""
        return f"{self._service}.inbox" if self._inboxes.get(self._service) else None

    async def start(self, receive: Receive, bury: Bury | None = None) -> None:
        """Declare exchanges and every inbox, then begin to consume. May be tried again.

        `bury` takes what lies in the dead queue; without it, it stays there.
        """
        self._receive = receive
        if bury is not None and self._bury is None and self.inbox is not None:
            self._subscribe_to_dead()
        self._bury = bury
        try:
            await self._declare()
            await self._consumer.start()
            await self._bind_own()
            await self._publisher.start()
        except Exception:
            await self.stop()  # else the next try would meet the channels this one has closed
            if self._publishing.forks:
                self._publishing.turn()
                self._consuming.turn()
                self._make_connections()
                self._bury = None
            raise
        self._started = True

    async def _declare(self) -> None:
        """Everybody's inbox, so that no event is lost to a reader that has yet to start.

        On the publisher's channel, which declares it all again each time it is opened again: the
        broker may have lost everything, and other connections to it may come back later. And what
        the consumer's connection had declared would be consumed on the channel that did so, not on
        the subscriber's, which limits the prefetch.
        """
        await self._publisher.connect()
        await self._consumer.connect()
        await self._consumer.declare_exchange(EVENTS)
        events = await self._publisher.declare_exchange(EVENTS)
        await self._publisher.declare_exchange(DEAD)
        for service, reads in self._inboxes.items():
            name = f"{service}.inbox"
            dead = await self._publisher.declare_queue(
                RabbitQueue(f"{name}.dead", queue_type=QueueType.QUORUM)
            )
            await dead.bind(DEAD.name, name)
            declared = await self._publisher.declare_queue(inbox(service, reads))
            for topic in reads:
                await declared.bind(EVENTS.name, topic)
        self._channel = cast(AbstractRobustChannel, events.channel)
        self._channel.close_callbacks.add(self._undeclared)
        self._channel.reopen_callbacks.add(self._redeclared)
        self._declared = True

    def _undeclared(self, *_: object) -> None:
        self._declared = False

    def _redeclared(self, *_: object) -> None:
        self._declared = True

    async def _bind_own(self) -> None:
        """Again, over the subscriber's channel: it makes anew, bindings and all, what it knows of.

        That happens when the inbox is deleted under it, or a broker comes back without its data.
        """
        reads = self._inboxes.get(self._service)
        if reads:
            own = await self._consumer.declare_queue(inbox(self._service, reads))
            for topic in reads:
                await own.bind(EVENTS.name, topic)

    def _subscribe(self, queue: RabbitQueue) -> None:
        async def decoded(message: StreamMessage[Any]) -> Envelope | None:
            probe = message.content_type == PROBE
            return None if probe else decode(message.body, self._unknown.inc)

        @self._consumer.subscriber(
            queue,
            EVENTS,
            channel=Channel(prefetch_count=PREFETCH),
            ack_policy=AckPolicy.REJECT_ON_ERROR,
            decoder=decoded,
            no_reply=True,
        )
        async def consume(envelope: Envelope | None) -> None:
            if self._receive is not None and envelope is not None:
                await self._receive(envelope)
                failpoints.reach("before-acknowledge", envelope.id)
                await self._acknowledge()
                failpoints.reach("after-acknowledge", envelope.id)
            self.progressed_at = asyncio.get_running_loop().time()

    def _subscribe_to_dead(self) -> None:
        async def raw(message: StreamMessage[Any]) -> DeadMessage:
            return dead_message(message.raw_message)

        @self._consumer.subscriber(
            RabbitQueue(f"{self.inbox}.dead", queue_type=QueueType.QUORUM),
            DEAD,
            channel=Channel(prefetch_count=1),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=raw,
            no_reply=True,
        )
        async def consume(message: DeadMessage) -> None:
            if self._bury is not None:
                await self._bury(message)

    async def _acknowledge(self) -> None:
        message: RabbitMessage = self._consumer.context.get_local("message")
        try:
            await message.ack()
        except GONE as failure:  # with the connection; the broker delivers it again
            log.warning("not-acknowledged", error=type(failure).__name__)

    async def stop_consuming(self) -> None:
        """Finish what is being handled and take no more; publishing still works."""
        await self._stop(self._consumer)

    async def stop(self) -> None:
        """Finish what is being handled, then close both connections."""
        await self._stop(self._consumer)
        if self._reopening is not None:
            self._reopening.cancel()
        await self._stop(self._publisher)

    async def _stop(self, broker: RabbitBroker) -> None:
        self._started = False
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await broker.stop()
        except (AMQPError, ExceptionGroup, OSError, TimeoutError, RuntimeError) as failure:
            log.warning("bus-stop", error=type(failure).__name__)

    async def ready(self) -> bool:
        """Whether everything was declared and both connections answer."""
        if not self._started:
            return False
        return await self._publisher.ping(1.0) and await self._consumer.ping(1.0)

    async def publish(self, envelope: Envelope) -> None:
        """Send one event and wait for the broker's confirmation; raises NotPublished.

        Nothing is sent before every inbox is bound: the broker would confirm an event that a reader
        whose inbox is bound a moment later never gets.
        """
        await self._publish(envelope, EVENTS, envelope.routing_key)

    async def send_again(self, envelope: Envelope, to: str | None) -> None:
        """Send an event that was sent before, to all who read it or to one service alone."""
        if to is None:
            await self.publish(envelope)
        else:
            await self._publish(envelope, None, f"{to}.inbox")

    async def _publish(
        self, envelope: Envelope, exchange: RabbitExchange | None, routing_key: str
    ) -> None:
        if not self._declared:
            raise NotPublished("inboxes are not declared yet")
        await self._send(
            envelope.model_dump_json(exclude_none=True).encode(),
            exchange=exchange,
            routing_key=routing_key,
            message_id=envelope.id,
            correlation_id=envelope.correlationid,
            content_type=CONTENT_TYPE,
        )
        failpoints.reach("after-publish", envelope.id)
        self.published += 1

    async def probe(self) -> None:
        """Put a message that says nothing into the service's own inbox.

        Raises NotPublished, and InboxGone when the inbox is not there any more.
        """
        if not self._started or self.inbox is None:
            raise NotPublished("not started")
        try:
            await self._send(b"", routing_key=self.inbox, content_type=PROBE)
        except NotPublished as failure:
            if isinstance(failure.__cause__, PublishError):  # nowhere to route it to
                raise InboxGone(self.inbox) from failure
            raise

    async def answers(self) -> bool:
        """Whether the broker answers over a new connection, whatever has become of ours."""
        return await answers(self._publishing.node, self.inbox)

    async def depths(self) -> dict[str, int | None]:
        """How much lies in the service's own queues; raises ConnectionError."""
        names = (self.inbox, f"{self.inbox}.dead") if self.inbox else ()
        return await depths(self._publishing.node, *names)

    async def _send(self, body: bytes, *, routing_key: str, **properties: Any) -> None:
        try:
            async with asyncio.timeout(self._publish_seconds):
                await self._publisher.publish(
                    body, routing_key=routing_key, mandatory=True, persist=True, **properties
                )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # aio-pika cancels waiting publishers when a heartbeat finds the connection dead
            raise NotPublished("connection lost") from None
        except DeliveryError as failure:
            if not isinstance(failure, PublishError):  # then no channel is to blame
                self._refused(routing_key)
            raise Refused(type(failure).__name__) from failure
        except GONE as failure:
            raise NotPublished(type(failure).__name__) from failure
        self._patience.confirmed(routing_key)

    def _refused(self, kind: str) -> None:
        """Open a new channel where this one is refused for good, because it came too early."""
        channel = self._channel
        if channel is None or not self._publishing.forks or not self._patience.exhausted(kind):
            return
        if self._reopening is None or self._reopening.done():
            log.warning("channel-opened-anew", routing_key=kind)
            self._reopening = asyncio.create_task(open_anew(channel, GONE))
