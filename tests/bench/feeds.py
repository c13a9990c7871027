"""How the driver hands a turn to a contender and hears that it was taken: the same work for all."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from chassis.document import Document, Origin, issue
from chassis.queues import EVENTS
from chassis.tracing import begin
from contracts.context import Context
from contracts.envelope import CONTENT_TYPE
from contracts.values import SYSTEM
from tests.bench.bare import declare
from tests.bench.cases import NOTE, STAGES, Turn, said
from tests.bench.ours import Referred, Registered

Taken = Callable[[Turn], None]


class Feed(Protocol):
    """One contender's entrance and exit."""

    sizes: list[int]
    """Bytes of what came out."""

    async def open(self, taken: Taken) -> None: ...

    async def send(self, turn: Turn) -> None: ...

    async def close(self) -> None: ...


class BrokerFeed:
    """Through the broker, confirmed."""

    def __init__(self, amqp_url: str, contender: str) -> None:
        self._url = amqp_url
        self._contender = contender
        self._connection: aio_pika.abc.AbstractConnection | None = None
        self._exchange: AbstractExchange
        self.sizes: list[int] = []

    async def open(self, taken: Taken) -> None:
        self._connection = await aio_pika.connect(self._url)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=100)

        async def hear(message: AbstractIncomingMessage) -> None:
            self.sizes.append(len(message.body))
            taken(self._turn(message.body))
            await message.ack()

        self._exchange = await self._entrance(channel)
        queue = await declare(channel, f"{self._contender}.done")
        await self._bind(queue)
        await queue.consume(hear)

    async def send(self, turn: Turn) -> None:
        message, routing_key = self._message(turn)
        await self._exchange.publish(message, routing_key, mandatory=True)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _entrance(self, channel: AbstractChannel) -> AbstractExchange:
        return channel.default_exchange

    async def _bind(self, queue: aio_pika.abc.AbstractQueue) -> None:
        pass

    def _message(self, turn: Turn) -> tuple[aio_pika.Message, str]:
        return _persistent(json.dumps(said(turn)).encode()), f"{self._contender}.{STAGES[0]}"

    def _turn(self, body: bytes) -> Turn:
        event = json.loads(body)
        return Turn(event["case"], event["turn"])


def _template() -> dict[str, Any]:
    """An event of the service before the first stage, to be filled in without a model's cost."""
    intake: Document[Any] = Document(id="case", state=SYSTEM)
    at = Context(now=datetime.now(UTC), by=SYSTEM, calendar=None)  # type: ignore[arg-type]
    event = Referred(by=SYSTEM, turn=1, note=NOTE)
    issue(intake, [event], at, Origin(Referred.stream, "benchintake", "bench"), begin())
    return intake.outbox[0].model_dump(mode="json", exclude_none=True)


_TEMPLATE = _template()


class OurFeed(BrokerFeed):
    """Plays the service before the first stage and the one after the last."""

    async def _entrance(self, channel: AbstractChannel) -> AbstractExchange:
        return await channel.get_exchange(EVENTS.name)

    async def _bind(self, queue: aio_pika.abc.AbstractQueue) -> None:
        await queue.bind(EVENTS.name, Registered.routing_key())

    def _message(self, turn: Turn) -> tuple[aio_pika.Message, str]:
        stream, number = f"{Referred.stream}.{turn.case}", f"{turn.number:010d}"
        event = _TEMPLATE | {
            "id": f"{stream}:{turn.number}",
            "subject": turn.case,
            "stream": stream,
            "sequence": number,
            "data": _TEMPLATE["data"] | {"turn": turn.number},
        }
        body = json.dumps(event).encode()
        return _persistent(body, content_type=CONTENT_TYPE), Referred.routing_key()

    def _turn(self, body: bytes) -> Turn:
        event = json.loads(body)
        return Turn(event["subject"], event["data"]["turn"])


class CeleryFeed(BrokerFeed):
    """Speaks Celery's message protocol (version 2)."""

    def _message(self, turn: Turn) -> tuple[aio_pika.Message, str]:
        body = json.dumps([[], said(turn), {}]).encode()
        task_id = str(uuid.uuid4())
        headers: dict[str, Any] = {
            "lang": "py",
            "task": "bench.stage",
            "id": task_id,
            "root_id": task_id,
            "argsrepr": "()",
            "kwargsrepr": "{}",
        }
        message = _persistent(
            body, content_type="application/json", headers=headers, correlation_id=task_id
        )
        message.content_encoding = "utf-8"
        return message, f"{self._contender}.{STAGES[0]}"

    def _turn(self, body: bytes) -> Turn:
        event = json.loads(body)[1]
        return Turn(event["case"], event["turn"])


class LineFeed:
    """Without a broker: a line to one of the processes, always the same one for a case."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._writers: list[asyncio.StreamWriter] = []
        self._listeners: list[asyncio.Task[None]] = []
        self.sizes: list[int] = []

    async def open(self, taken: Taken) -> None:
        async def hear(reader: asyncio.StreamReader) -> None:
            while line := await reader.readline():
                self.sizes.append(len(line))
                event = json.loads(line)
                taken(Turn(event["case"], event["turn"]))

        for port in self._ports:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            self._writers.append(writer)
            self._listeners.append(asyncio.create_task(hear(reader)))

    async def send(self, turn: Turn) -> None:
        writer = self._writers[sum(turn.case.encode()) % len(self._writers)]
        writer.write(json.dumps(said(turn)).encode() + b"\n")

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._listeners)


def _persistent(body: bytes, **properties: Any) -> aio_pika.Message:
    return aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **properties)


def feed_of(contender: str, amqp_url: str, ports: list[int]) -> Feed:
    """How to reach a contender."""
    if contender == "monolith":
        return LineFeed(ports)
    kinds = {"ours": OurFeed, "celery": CeleryFeed}
    return kinds.get(contender, BrokerFeed)(amqp_url, contender)
