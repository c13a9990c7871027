"""Contenders without a framework: the floor, the naive outbox and the monolith.

`python -m tests.bench.bare` is one process of one of them; its environment says which.

floor     one find, one compare-and-set write, one confirmed publish, the acknowledgement; nothing
          a stage could leave out. It survives a crash at any point because a redelivered event
          that was written already is published again.
naive     the outbox as it is usually drawn: look the message up among those processed, find the
          document, store it with the event in its outbox, note the message as processed, publish,
          store the document without the event. Three writes, two finds, in an order that is safe.
monolith  no broker: one process takes a turn through all stages, one find and one write each.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import uvloop
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection

from tests.bench.cases import PREFETCH, STAGES, Place, advanced, database_of
from tests.bench.ledger import Ledger

Documents = AsyncCollection[dict[str, Any]]
Publish = Callable[[bytes], Awaitable[None]]
DURABLE = WriteConcern(w="majority", j=True)


async def compare_and_set(
    documents: Documents, found: dict[str, Any] | None, changed: dict[str, Any]
) -> None:
    if found is None:
        await documents.insert_one(changed)
        return
    key = {"_id": found["_id"], "rev": found["rev"]}
    if (await documents.replace_one(key, changed)).matched_count == 0:
        raise RuntimeError(f"lost race on {found['_id']}")


async def floor(documents: Documents, _: Documents, body: bytes, publish: Publish) -> None:
    event = json.loads(body)
    found = await documents.find_one({"_id": event["case"]})
    changed = advanced(found, event)
    if changed is not None:
        await compare_and_set(documents, found, changed)
    await publish(json.dumps(event).encode())


async def naive(documents: Documents, processed: Documents, body: bytes, publish: Publish) -> None:
    event = json.loads(body)
    message_id = f"{event['case']}:{event['turn']}"
    seen = await processed.find_one({"_id": message_id})
    found = await documents.find_one({"_id": event["case"]})
    stored = found
    if seen is None:
        stored = advanced(found, event)
        if stored is not None:
            stored["outbox"] = [*stored.get("outbox", []), event]
            await compare_and_set(documents, found, stored)
        await processed.insert_one({"_id": message_id})
    stored = stored or found
    if stored is None or not stored["outbox"]:
        return
    await publish(json.dumps(stored["outbox"][0]).encode())
    await compare_and_set(documents, stored, {**stored, "rev": stored["rev"] + 1, "outbox": []})


Step = Callable[[Documents, Documents, bytes, Publish], Awaitable[None]]
STEPS: dict[str, Step] = {"floor": floor, "naive": naive}


def connected(place: Place, database: str) -> tuple[AsyncMongoClient[dict[str, Any]], Documents]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        place.mongo_url, event_listeners=[Ledger(place.ledger)]
    )
    return client, client.get_database(database, write_concern=DURABLE)["cases"]


async def declare(channel: aio_pika.abc.AbstractChannel, name: str) -> aio_pika.abc.AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})


async def stage(place: Place, step: Step, ended: asyncio.Event) -> None:
    """Consume, carry out, acknowledge, until told to end."""
    client, documents = connected(place, database_of(place.contender, place.stage))
    processed = documents.database["processed"]
    connection = await aio_pika.connect(place.amqp_url)
    async with client, connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=PREFETCH)
        await declare(channel, place.onward)
        exchange: AbstractExchange = channel.default_exchange

        async def publish(body: bytes) -> None:
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, place.onward, mandatory=True)

        async def handle(message: AbstractIncomingMessage) -> None:
            async with message.process(requeue=True):  # a queue made just now may refuse once
                await step(documents, processed, message.body, publish)

        await (await declare(channel, place.inbox)).consume(handle)
        async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", place.port):
            await ended.wait()


async def monolith(place: Place, ended: asyncio.Event) -> None:
    """One line in is a turn to take, the same line out is a turn that was taken."""
    clients, stages = zip(
        *(connected(place, database_of(place.contender, name)) for name in STAGES), strict=True
    )

    async def take(line: bytes, writer: asyncio.StreamWriter) -> None:
        event = json.loads(line)
        for documents in stages:
            found = await documents.find_one({"_id": event["case"]})
            changed = advanced(found, event)
            if changed is not None:
                await compare_and_set(documents, found, changed)
        writer.write(line)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.TaskGroup() as turns:
            while line := await reader.readline():
                turns.create_task(take(line, writer))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", place.port):
        await ended.wait()
    for client in clients:
        await client.close()


async def main() -> None:
    ended, place = asyncio.Event(), Place.here()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    if place.contender == "monolith":
        await monolith(place, ended)
    else:
        await stage(place, STEPS[place.contender], ended)


if __name__ == "__main__":
    uvloop.run(main())
