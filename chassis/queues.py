"""Exchanges and queues: how they are declared, what lies in them, and a look at them from outside.

What cannot be decoded goes to the service's dead queue, and nothing else ever does. Every look
takes a connection of its own, made for it: what has become of the service's own connections is
just what a look must not depend on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aio_pika
import structlog
from aio_pika.abc import AbstractIncomingMessage
from aiormq.exceptions import AMQPError, DeliveryError
from faststream.exceptions import RejectMessage
from faststream.rabbit import ExchangeType, QueueType, RabbitExchange, RabbitQueue
from pydantic import ValidationError

from contracts.envelope import Envelope

log = structlog.get_logger()

EVENTS = RabbitExchange("opora.events", type=ExchangeType.TOPIC)
DEAD = RabbitExchange("opora.dead", type=ExchangeType.TOPIC)
DELIVERY_LIMIT = 1000  # every lost connection counts as a delivery: crashes must not use it up
PROBE = "application/vnd.opora.probe"
LOOK_SECONDS = 5.0


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


def decode(body: bytes, unknown: Callable[[int], None] = lambda count: None) -> Envelope:
    """The event in a message; what is no CloudEvent of ours is rejected to the dead queue.

    Attributes of a newer writer, not known here, are passed over; `unknown` is told how many.
    """
    try:
        envelope = Envelope.model_validate_json(body, extra="allow")
    except ValidationError as failure:
        fields = sorted({".".join(map(str, e["loc"])) or "body" for e in failure.errors()})
        log.error("undecodable-message", fields=fields)
        raise RejectMessage from failure
    if envelope.model_extra:
        unknown(len(envelope.model_extra))
        return Envelope.model_validate_json(body)
    return envelope


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """What lay in a dead queue: a message that could not be decoded, as it came."""

    body: bytes
    routing_key: str
    message_id: str | None
    correlation_id: str | None
    content_type: str | None
    headers: Mapping[str, Any]


def dead_message(message: AbstractIncomingMessage) -> DeadMessage:
    """A message with what the broker noted when it set it aside."""
    deaths: Any = message.headers.get("x-death") or [{}]
    keys = deaths[-1].get("routing-keys") or [""]
    return DeadMessage(
        body=message.body,
        routing_key=str(keys[0]),
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        headers=message.headers,
    )


async def answers(url: str, queue: str | None) -> bool:
    """Whether the broker answers what is sent over a connection made just now.

    A refusal is an answer. A broker that blocks its publishers (it is short of memory or disk)
    takes connections, and answers nothing that is sent to a queue.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            connection = await aio_pika.connect(url)
            if queue is not None:
                with suppress(DeliveryError):
                    channel = await connection.channel()
                    probe = aio_pika.Message(b"", content_type=PROBE)
                    await channel.default_exchange.publish(probe, routing_key=queue)
            await connection.close()
    except (AMQPError, OSError, TimeoutError, RuntimeError):
        return False
    return True


async def depths(url: str, *queues: str) -> dict[str, int | None]:
    """How many messages lie ready in these queues; None for one that is not there.

    The broker's counts are behind by seconds. Raises ConnectionError if it cannot be asked.
    """
    found: dict[str, int | None] = {}
    try:
        async with asyncio.timeout(LOOK_SECONDS), await aio_pika.connect(url) as connection:
            for queue in queues:
                channel = await connection.channel()
                try:
                    declared = await channel.declare_queue(queue, passive=True)
                    found[queue] = declared.declaration_result.message_count
                except AMQPError:  # it closes the channel; the next queue gets another
                    found[queue] = None
    except (AMQPError, OSError, TimeoutError, RuntimeError) as failure:
        raise ConnectionError("broker") from failure
    return found
