"""Exchanges and queues: how they are declared, what lies in them, and a look at them from outside.

What cannot be decoded goes to the service's dead queue, and with it only what its document has no
room to set aside. Every look takes a connection of its own, made for it: what has become of the
service's own connections is just what a look must not depend on.
"""

from __future__ import annotations

import asyncio
import re
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

from chassis.database import CannotBeHeld, stored_size
from chassis.document import MAX_BYTES
from contracts.envelope import Envelope, misfits
from contracts.topology import EXCHANGE, dead_name, inbox_name

log = structlog.get_logger()

EVENTS = RabbitExchange(EXCHANGE, type=ExchangeType.TOPIC)
DEAD = RabbitExchange("opora.dead", type=ExchangeType.TOPIC)
DELIVERY_LIMIT = 1000  # every lost connection counts as a delivery: crashes must not use it up
PROBE = "application/vnd.opora.probe"
LOOK_SECONDS = 5.0
DATA_BYTES = MAX_BYTES - 16 * 1024
"""The document that an event was issued from held it, and so must whoever keeps it."""
DEPTH = 100


def inbox(service: str, reads: Sequence[str]) -> RabbitQueue:
    """A service's queue; the arguments mean the same to RabbitMQ 3.10 and 4."""
    return RabbitQueue(
        inbox_name(service),
        queue_type=QueueType.QUORUM,
        routing_key=reads[0],
        arguments={
            "x-dead-letter-exchange": DEAD.name,
            "x-dead-letter-routing-key": inbox_name(service),
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": DELIVERY_LIMIT,
        },
    )


class NoEvent(ValueError):
    """A message is no event of ours, or none that a store can hold; `fields` do not fit."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def read(body: bytes, unknown: Callable[[int], None] = lambda count: None) -> Envelope:
    """The event in a message; raises NoEvent.

    Attributes of a newer writer, not known here, are passed over; `unknown` is told how many.
    """
    try:
        envelope = Envelope.model_validate_json(body, extra="allow")
        if envelope.model_extra:
            unknown(len(envelope.model_extra))
            envelope = Envelope.model_validate_json(body)
    except ValidationError as failure:
        raise NoEvent(misfits(failure)) from failure
    if not _can_be_stored(envelope.data):
        raise NoEvent(["data"])
    return envelope


def dead(service: str) -> RabbitQueue:
    """The queue beside a service's inbox."""
    return RabbitQueue(dead_name(service), queue_type=QueueType.QUORUM)


def decode(body: bytes, unknown: Callable[[int], None] = lambda count: None) -> Envelope:
    """As `read`; what is no event is rejected to the dead queue."""
    try:
        return read(body, unknown)
    except NoEvent as failure:
        log.error("undecodable-message", fields=failure.fields)
        raise RejectMessage from failure


def _can_be_stored(data: Mapping[str, Any]) -> bool:
    try:
        return stored_size(data) <= DATA_BYTES and not _nests_deeper(data, DEPTH)
    except CannotBeHeld:
        return False


def _nests_deeper(value: Any, than: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return than == 0 or any(_nests_deeper(part, than - 1) for part in value)


@dataclass(frozen=True, slots=True)
class Probe:
    """A message that says nothing but when it was sent, in epoch milliseconds; 0 if not even that.

    It goes into a service's own inbox: coming out of it, it tells how old what lies there is.
    """

    sent: int

    @property
    def body(self) -> bytes:
        """What is sent."""
        return str(self.sent).encode()

    @classmethod
    def of(cls, body: bytes) -> Probe:
        """The probe that came."""
        return cls(int(body) if re.fullmatch(rb"[0-9]{1,18}", body) else 0)


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


async def answers(url: str, queue: str) -> bool:
    """Whether the broker answers what is sent over a connection made just now.

    A refusal is an answer, and so is that there is no such queue. A broker that blocks its
    publishers (it is short of memory or disk) takes connections, and answers nothing that is sent.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            connection = await aio_pika.connect(url)
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
