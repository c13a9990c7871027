"""A channel that publishes before a queue's new leader is chosen is refused for good: left (P11).

RabbitMQ 3.10: such a channel is refused until the node that is gone has come back, while others to
the same queue work. The pause before another node is tried avoids it; here it is taken away, to see
that a publisher that is caught all the same opens a new channel.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from chassis.bus import Bus
from chassis.publisher import NotPublished
from contracts.envelope import Envelope
from tests.fault.cluster import SETTLING_SECONDS, Cluster
from tests.fault.load import remove_queues
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import fresh
from tests.unit.chassis.test_relay import envelope

CAUGHT_SECONDS = 2.0  # an election takes some tenths of one


@dataclass
class Publishing:
    """Events published one after another, and what became of each."""

    bus: Bus
    confirmed: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            try:
                await self.bus.publish(envelope("t1", number))
                self.confirmed.append(time.monotonic())
            except NotPublished as failure:
                if str(failure) == "DeliveryError":
                    self.refused.append(time.monotonic())
            await asyncio.sleep(0.002)


async def ignore(_: Envelope) -> None:
    """A receiver that wants nothing."""


@pytest.mark.long
async def test_publisher_that_is_caught_by_an_election_gets_out_before_the_node_is_back(
    cluster: Cluster,
) -> None:
    for _ in range(4):
        if await caught(cluster):
            return
    pytest.fail("no channel was refused for longer than an election takes")


async def caught(cluster: Cluster) -> bool:
    """Kill the leader under a publisher in haste; whether it was refused for long, and got out."""
    await cluster.restore()
    reader = fresh("reader")
    bus = Bus(
        cluster.url("node1"),
        fresh("bus"),
        {reader: ("sample.#",)},
        CollectorRegistry(),
        election_seconds=0,
    )
    await bus.start(ignore)
    await asyncio.sleep(SETTLING_SECONDS)
    publishing = Publishing(bus)
    running = asyncio.create_task(publishing.run())
    try:
        await until(lambda: len(publishing.confirmed) > 100)
        assert await cluster.leader(f"{reader}.inbox") == "node1"
        await cluster.kill("node1")
        killed = time.monotonic()
        await until(lambda: publishing.confirmed[-1] > killed + CAUGHT_SECONDS, seconds=30)
        assert cluster.pid("node1") == 0
    finally:
        running.cancel()
        await bus.stop()
        await cluster.restore()
        await remove_queues(cluster.url_of("node1"), [f"{reader}.inbox", f"{reader}.inbox.dead"])
    gap = max(b - a for a, b in zip(publishing.confirmed, publishing.confirmed[1:], strict=False))
    return gap > CAUGHT_SECONDS and len(publishing.refused) > 10
