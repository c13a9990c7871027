"""A node of the broker is cut off while commands come: nothing is lost or doubled (P2, P11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import ServerUrls
from tests.fault.cluster import SETTLING_SECONDS, partitionable
from tests.fault.load import loaded, remove_queues
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import until

CUT_OFF = "node3"


@pytest.mark.long
async def test_leader_cut_off_with_its_clients_and_healed_loses_nothing(
    servers: ServerUrls, tmp_path: Path, report: Callable[[Outcome], None]
) -> None:
    """The link goes down: neither the other nodes nor the clients hear a word of it."""
    async with partitionable() as (cluster, link):
        remove = partial(remove_queues, cluster.url_of("node1"))
        async with loaded(cluster.url(CUT_OFF), servers, tmp_path, remove) as load:
            await asyncio.sleep(SETTLING_SECONDS)
            load.begin()
            await load.runs()
            assert await cluster.leader(load.queue) == CUT_OFF

            link.down()
            assert not link.is_up()

            async def unreachable() -> bool:
                return CUT_OFF not in await cluster.peers("node1")

            await until(unreachable, seconds=30)
            await load.moves()
            assert await cluster.leader(load.queue) != CUT_OFF
            assert not link.is_up()

            link.up()
            assert link.is_up()
            over = time.monotonic()
            await cluster.whole()
            await load.runs()
            report(await load.end("leader's node cut off, healed", over))
