"""A look into queues: what lies in the dead one, how much lies in any, whether the broker is there.

Every look takes a connection of its own, made for it: what has become of the service's own
connections is just what a look must not depend on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aiormq.exceptions import AMQPError

LOOK_SECONDS = 5.0


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


async def reachable(url: str) -> bool:
    """Whether the broker takes a connection made just now."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            connection = await aio_pika.connect(url)
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
