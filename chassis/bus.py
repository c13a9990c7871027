"""The broker: one durable topic exchange, one quorum inbox queue per service.

Invariant: `publish` returns only when the broker has confirmed that the event lies in every queue
bound to it. Unroutable, refused, timed out and disconnected all raise `NotPublished`. What cannot
be decoded goes to the service's dead queue, and nothing else ever does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiormq.exceptions import AMQPError
from faststream import AckPolicy
from faststream.exceptions import RejectMessage
from faststream.rabbit import (
    Channel,
    ExchangeType,
    QueueType,
    RabbitBroker,
    RabbitExchange,
    RabbitQueue,
)
from faststream.rabbit.prometheus import RabbitPrometheusMiddleware
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from contracts.envelope import CONTENT_TYPE, Envelope

log = structlog.get_logger()

EVENTS = RabbitExchange("opora.events", type=ExchangeType.TOPIC)
DEAD = RabbitExchange("opora.dead", type=ExchangeType.TOPIC)
PUBLISH_SECONDS = 5.0
PREFETCH = 32
DELIVERY_LIMIT = 1000  # every lost connection counts as a delivery: crashes must not use it up

Receive = Callable[[Envelope], Awaitable[None]]


class NotPublished(Exception):
    """The broker has not confirmed the event; it may or may not have it."""


def inbox(service: str, reads: Sequence[str]) -> RabbitQueue:
    """A service's queue; the arguments mean the same to RabbitMQ 3.10 and 4."""
    return RabbitQueue(
        f"{service}.inbox",
        queue_type=QueueType.QUORUM,
        routing_key=reads[0],
        arguments={
            "x-dead-letter-exchange": DEAD.name,
            "x-dead-letter-routing-key": f"{service}.inbox",
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": DELIVERY_LIMIT,
        },
    )


class Bus:
    """Two connections: a broker that blocks publishers must not hold up consumers."""

    def __init__(
        self, url: str, service: str, reads: Sequence[str], registry: CollectorRegistry
    ) -> None:
        self._service = service
        self._reads = reads
        self.published = 0
        logger = logging.getLogger(f"opora.{service}.bus")
        shared = {
            "logger": logger,
            "log_level": logging.DEBUG,
            "app_id": f"opora-{service}",
            "fail_fast": False,
            "apply_types": False,
        }
        self._publisher = RabbitBroker(
            url, default_channel=Channel(on_return_raises=True), reconnect_interval=1.0, **shared
        )
        self._consumer = RabbitBroker(
            url,
            reconnect_interval=1.0,
            graceful_timeout=10,
            middlewares=[RabbitPrometheusMiddleware(registry=registry, app_name=service)],
            **shared,
        )

    async def start(self, receive: Receive) -> None:
        """Declare exchanges, inbox and dead queue, then begin to consume."""
        if self._reads:
            queue = inbox(self._service, self._reads)

            async def decoded(message: object) -> Envelope:
                return decode(message.body)  # type: ignore[attr-defined]

            @self._consumer.subscriber(
                queue,
                EVENTS,
                channel=Channel(prefetch_count=PREFETCH),
                ack_policy=AckPolicy.REJECT_ON_ERROR,
                decoder=decoded,
                no_reply=True,
            )
            async def consume(envelope: Envelope) -> None:
                await receive(envelope)

        await self._publisher.connect()
        await self._consumer.connect()
        await self._publisher.declare_exchange(EVENTS)
        await self._consumer.declare_exchange(EVENTS)
        await self._consumer.declare_exchange(DEAD)
        if self._reads:
            dead = await self._consumer.declare_queue(
                RabbitQueue(f"{self._service}.inbox.dead", queue_type=QueueType.QUORUM)
            )
            await dead.bind(DEAD.name, f"{self._service}.inbox")
            declared = await self._consumer.declare_queue(queue)
            for topic in self._reads:
                await declared.bind(EVENTS.name, topic)
        await self._consumer.start()
        await self._publisher.start()

    async def stop(self) -> None:
        """Finish what is being handled, then close both connections."""
        for broker in (self._consumer, self._publisher):
            try:
                await broker.stop()
            except (AMQPError, ExceptionGroup, ConnectionError) as failure:
                log.warning("bus-stop", error=type(failure).__name__)

    async def ready(self) -> bool:
        """Whether both connections answer."""
        return await self._publisher.ping(1.0) and await self._consumer.ping(1.0)

    async def publish(self, envelope: Envelope) -> None:
        """Send one event and wait for the broker's confirmation; raises NotPublished."""
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._publisher.publish(
                    envelope.model_dump_json(exclude_none=True).encode(),
                    exchange=EVENTS,
                    routing_key=envelope.routing_key,
                    mandatory=True,
                    persist=True,
                    message_id=envelope.id,
                    correlation_id=envelope.correlationid,
                    content_type=CONTENT_TYPE,
                )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # aio-pika cancels waiting publishers when a heartbeat finds the connection dead
            raise NotPublished("connection lost") from None
        except (AMQPError, OSError, TimeoutError, RuntimeError) as failure:
            raise NotPublished(type(failure).__name__) from failure
        self.published += 1


def decode(body: bytes) -> Envelope:
    """The event in a message; what is no CloudEvent of ours is rejected to the dead queue."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as failure:
        fields = sorted({".".join(map(str, e["loc"])) or "body" for e in failure.errors()})
        log.error("undecodable-message", fields=fields)
        raise RejectMessage from failure
