"""Nodes of a three-node broker die and hang while commands come: nothing is lost or doubled.

P2: a confirmed event is never lost. P11: consumers come back by themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import ServerUrls
from tests.fault.cluster import SETTLING_SECONDS, Cluster
from tests.fault.load import Load, loaded, remove_queues
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import until

Report = Callable[[Outcome], None]


@pytest.fixture
async def load(cluster: Cluster, servers: ServerUrls, tmp_path: Path) -> AsyncIterator[Load]:
    """Commands to services that were told of all nodes."""
    await cluster.restore()
    remove = partial(remove_queues, cluster.url_of("node1"))
    async with loaded(cluster.url(), servers, tmp_path, remove) as made:
        await asyncio.sleep(SETTLING_SECONDS)
        made.begin()
        yield made
        await cluster.restore()


async def leader_of(cluster: Cluster, load: Load) -> str:
    """The node that leads the reader's inbox."""
    leader = await cluster.leader(load.queue)
    assert leader is not None
    return leader


async def led_by_another(cluster: Cluster, load: Load, than: str) -> bool:
    """Whether the reader's inbox is led by another node than this."""
    return await cluster.leader(load.queue) not in {None, than}


async def test_leader_killed_under_load_and_restored_loses_nothing(
    cluster: Cluster, load: Load, report: Report
) -> None:
    await load.runs()
    leader = await leader_of(cluster, load)
    await cluster.kill(leader)
    assert cluster.pid(leader) == 0
    await until(lambda: led_by_another(cluster, load, leader), seconds=60)
    await load.moves()
    await cluster.start(leader)
    over = time.monotonic()
    await load.runs()
    report(await load.end("leader killed, restored", over))


@pytest.mark.long
async def test_leader_frozen_and_thawed_under_load_loses_nothing(
    cluster: Cluster, load: Load, report: Report
) -> None:
    """Its connections stay open and say nothing.

    RabbitMQ 3.10 does not notice afterwards that such a node was away: as its manual says, somebody
    restarts it. Until then events flow all the same.
    """
    await load.runs()
    leader = await leader_of(cluster, load)
    await cluster.freeze(leader)
    assert cluster.is_frozen(leader)
    await until(lambda: led_by_another(cluster, load, leader), seconds=30)
    await load.moves()
    assert cluster.is_frozen(leader)
    await cluster.thaw(leader)
    over = time.monotonic()
    await load.runs()
    await cluster.kill(leader)
    await cluster.start(leader)
    await cluster.whole()
    await load.runs()
    report(await load.end("leader frozen, thawed", over))


@pytest.mark.long
async def test_two_of_three_killed_under_load_and_restored_lose_nothing(
    cluster: Cluster, load: Load, report: Report
) -> None:
    """There is no majority: commands are accepted, their events wait."""
    await load.runs()
    leader = await leader_of(cluster, load)
    killed = [leader, cluster.others(leader)[0]]
    await cluster.kill(*killed)
    assert [cluster.pid(name) for name in killed] == [0, 0]
    await asyncio.sleep(1.0)  # what was delivered already
    await load.accepts(seconds=10)
    await cluster.start(*killed)
    over = time.monotonic()
    await load.moves()
    report(await load.end("two of three killed, restored", over))


@pytest.mark.long
async def test_follower_that_nobody_uses_killed_under_load_is_not_noticed(
    cluster: Cluster, load: Load, report: Report
) -> None:
    await load.runs()
    leader = await leader_of(cluster, load)
    follower = cluster.others("node1", leader)[-1]  # clients are on the node named first
    began = time.monotonic()
    await cluster.kill(follower)
    assert cluster.pid(follower) == 0
    await load.runs()
    assert await leader_of(cluster, load) == leader
    await cluster.start(follower)
    outcome = await load.end("uninvolved follower killed", began)
    report(outcome)
    assert outcome.worst_stall < 5


@pytest.mark.long
async def test_all_three_killed_at_once_under_load_and_restored_lose_nothing(
    cluster: Cluster, load: Load, report: Report
) -> None:
    await load.runs()
    await cluster.kill(*cluster.names)
    assert [cluster.pid(name) for name in cluster.names] == [0, 0, 0]
    await asyncio.sleep(0.5)
    await load.accepts()
    await cluster.start(*cluster.names)
    over = time.monotonic()
    await load.moves()
    report(await load.end("all three killed, restored", over))
