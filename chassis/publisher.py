"""Events on their way out: the connection that declares everything and publishes.

Invariant: `publish` returns only when the broker has confirmed that the event lies in every queue
bound to it. Unroutable, refused, timed out and disconnected all raise `NotPublished`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog
from aio_pika.abc import AbstractRobustChannel
from aiormq.exceptions import DeliveryError, PublishError
from faststream.rabbit import Channel, RabbitBroker, RabbitExchange

from chassis import failpoints
from chassis.nodes import GONE, Patience, Route, connection_settings, open_anew
from chassis.queues import DEAD, EVENTS, dead, inbox
from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.topology import inbox_name

log = structlog.get_logger()

PUBLISH_SECONDS = 5.0


class NotPublished(Exception):
    """The broker has not confirmed the event; it may or may not have it."""


class Refused(NotPublished):
    """The broker itself said no: a queue is full, or none is bound. Others may have the event."""


class InboxGone(NotPublished):
    """The service's own inbox is not there any more."""


class Publisher:
    """One connection, on which everybody's inbox is declared and every event is sent."""

    def __init__(
        self,
        route: Route,
        service: str,
        inboxes: Mapping[str, Sequence[str]],
        publish_seconds: float = PUBLISH_SECONDS,
    ) -> None:
        self.route = route
        self.published = 0
        self._service = service
        self._inboxes = inboxes
        self._publish_seconds = publish_seconds
        self._declared = False
        self._patience = Patience()
        self._channel: AbstractRobustChannel | None = None
        self._reopening: asyncio.Task[None] | None = None
        self.make_connection()

    def make_connection(self) -> None:
        """Nothing is connected yet."""
        self._broker = RabbitBroker(
            self.route.node,
            default_channel=Channel(on_return_raises=True),
            **connection_settings(self.route, self._service),
        )

    async def connect(self) -> None:
        """Connect, and neither declare nor send."""
        await self._broker.connect()

    async def declare(self) -> None:
        """Everybody's inbox, so that no event is lost to a reader that has yet to start.

        On this channel, which declares it all again each time it is opened again: the broker may
        have lost everything, and other connections to it may come back later.
        """
        events = await self._broker.declare_exchange(EVENTS)
        await self._broker.declare_exchange(DEAD)
        for service, reads in self._inboxes.items():
            beside = await self._broker.declare_queue(dead(service))
            await beside.bind(DEAD.name, inbox_name(service))
            declared = await self._broker.declare_queue(inbox(service, reads))
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

    async def start(self) -> None:
        """What is declared may now be published to."""
        await self._broker.start()

    async def stop(self) -> None:
        """Close the connection."""
        if self._reopening is not None:
            self._reopening.cancel()
        await self._broker.stop()

    async def ping(self, seconds: float) -> bool:
        """Whether the connection answers."""
        return await self._broker.ping(seconds)

    async def publish(
        self, envelope: Envelope, exchange: RabbitExchange | None, routing_key: str
    ) -> None:
        """Send one event and wait for the broker's confirmation; raises NotPublished.

        Nothing is sent before every inbox is bound: the broker would confirm an event that a reader
        whose inbox is bound a moment later never gets.
        """
        if not self._declared:
            raise NotPublished("inboxes are not declared yet")
        await self.send(
            envelope.model_dump_json(exclude_none=True).encode(),
            exchange=exchange,
            routing_key=routing_key,
            message_id=envelope.id,
            correlation_id=envelope.correlationid,
            content_type=CONTENT_TYPE,
        )
        failpoints.reach("after-publish", envelope.id)
        self.published += 1

    async def send(self, body: bytes, *, routing_key: str, **properties: Any) -> None:
        """Send one message and wait for the broker's confirmation; raises NotPublished."""
        try:
            async with asyncio.timeout(self._publish_seconds):
                await self._broker.publish(
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
        if channel is None or not self.route.forks or not self._patience.exhausted(kind):
            return
        if self._reopening is None or self._reopening.done():
            log.warning("channel-opened-anew", routing_key=kind)
            self._reopening = asyncio.create_task(open_anew(channel))
