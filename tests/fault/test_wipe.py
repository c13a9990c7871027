"""A broker that lost everything: clients declare it all again, what outboxes hold arrives (P14).

What was confirmed and not yet consumed is lost with the broker's data; refilling it is another
matter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aio_pika
import pytest
from aiormq.exceptions import ChannelNotFoundEntity
from prometheus_client import CollectorRegistry

from chassis.bus import Bus
from chassis.publisher import NotPublished
from contracts.envelope import Envelope
from tests.conftest import ServerUrls
from tests.fault.cluster import Cluster
from tests.fault.load import loaded, remove_queues
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import Broker
from tests.service.chassis.sample import fresh
from tests.unit.chassis.test_relay import envelope


async def declare(url: str, name: str) -> None:
    """A durable queue that none of our services knows of."""
    async with await aio_pika.connect(url) as connection:
        await (await connection.channel()).declare_queue(name, durable=True)


async def has(url: str, name: str) -> bool:
    """Whether the broker has a queue of that name."""
    async with await aio_pika.connect(url) as connection:
        try:
            await (await connection.channel()).get_queue(name)
        except ChannelNotFoundEntity:
            return False
        return True


async def wiped_under_load(
    broker: Cluster, servers: ServerUrls, directory: Path, fault: str
) -> Outcome:
    """Stop, erase and start all nodes of a broker; commands come while it is away."""
    url, witness = broker.url_of("node1"), fresh("witness")
    await declare(url, witness)
    async with loaded(broker.url(), servers, directory, partial(remove_queues, url)) as load:
        load.begin()
        await load.runs(2)
        await load.hush()
        await broker.stop(*broker.names)
        load.resume()
        assert await load.accepts() > 0
        broker.erase()
        await broker.start(*broker.names)
        over = time.monotonic()
        assert not await has(url, witness)
        await load.moves()
        await load.runs()
        return await load.end(fault, over)


async def test_wiped_broker_is_declared_again_and_gets_what_outboxes_hold(
    lone_node: Cluster, servers: ServerUrls, tmp_path: Path, report: Callable[[Outcome], None]
) -> None:
    report(await wiped_under_load(lone_node, servers, tmp_path, "broker's data wiped"))


@pytest.mark.long
async def test_wiped_cluster_is_declared_again_and_gets_what_outboxes_hold(
    cluster: Cluster, servers: ServerUrls, tmp_path: Path, report: Callable[[Outcome], None]
) -> None:
    await cluster.restore()
    report(await wiped_under_load(cluster, servers, tmp_path, "all three nodes wiped"))


async def test_event_after_a_wipe_is_not_sent_before_every_inbox_is_bound_again(
    lone_node: Cluster,
) -> None:
    """Else the broker confirms it, and a reader that comes back a moment later never gets it."""
    url, witness = lone_node.url(), fresh("witness")
    readers = [fresh("bus") for _ in range(9)]
    await declare(url, witness)
    bus = Bus(url, fresh("bus"), dict.fromkeys(readers, ("sample.#",)), CollectorRegistry())
    await bus.start(ignore)
    await bus.publish(envelope("t1", 1))
    await lone_node.stop("node1")
    lone_node.erase()
    publishing = asyncio.create_task(refusals(bus, envelope("t1", 2)))
    await lone_node.start("node1")
    refused = await publishing
    assert not await has(url, witness)
    await bus.stop()
    assert refused > 0
    assert await bodies_in(url, [f"{reader}.inbox" for reader in readers]) == [1] * len(readers)
    await remove_queues(
        url, [f"{reader}.inbox{end}" for reader in readers for end in ("", ".dead")]
    )


async def ignore(_: Envelope) -> None:
    """A receiver that wants nothing."""


async def refusals(bus: Bus, event: Envelope, seconds: float = 60) -> int:
    """How often publishing was refused until the broker confirmed it."""
    refused = 0
    async with asyncio.timeout(seconds):
        while True:
            try:
                await bus.publish(event)
            except NotPublished:
                refused += 1
                await asyncio.sleep(0.001)
            else:
                return refused


async def bodies_in(url: str, queues: list[str]) -> list[int]:
    """How many messages lie in each queue."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        seen = Broker(channel)
        return [len(await seen.taken(await channel.get_queue(name))) for name in queues]
