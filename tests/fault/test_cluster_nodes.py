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
import pytest_asyncio

from tests.conftest import ServerUrls
from tests.fault.cluster import SETTLING_SECONDS, Cluster, clustered
from tests.fault.load import Load, loaded, remove_queues
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import until

Report = Callable[[Outcome], None]

pytestmark = pytest.mark.timeout(240)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    """Three nodes, for all tests of this file."""
    async with clustered() as made:
        yield made


@pytest.fixture
async def load(cluster: Cluster, servers: ServerUrls, tmp_path: Path) -> AsyncIterator[Load]:
    """Commands to services that were told of all nodes."""
    await cluster.whole()
    remove = partial(remove_queues, cluster.url_of("node1"))
    async with loaded(cluster.url(), servers, tmp_path, remove) as made:
        await asyncio.sleep(SETTLING_SECONDS)
        made.begin()
        yield made
        await cluster.whole()  # what a test broke is whole again, or the test failed


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
    await until(lambda: led_by_another(cluster, load, leader), seconds=20)
    await load.moves()
    await cluster.start(leader)
    over = time.monotonic()
    await load.runs()
    report(await load.end("leader killed, restored", over))
