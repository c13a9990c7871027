"""A simulated process that died does nothing more; time is virtual."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from chassis.document import Document
from chassis.failpoints import POINTS
from services.directory.domain.organization import Organization
from tests.simulation.loop import Stalled, VirtualLoop
from tests.simulation.makers import MAKERS
from tests.simulation.process import Dead
from tests.simulation.scenario import Scenario, play, prepared
from tests.simulation.trouble import Fault
from tests.simulation.world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World(1, MAKERS, prepared=prepared())
    yield made
    made.close()


def test_hour_of_waiting_takes_no_time() -> None:
    loop = VirtualLoop()
    began = time.perf_counter()
    loop.run_until_complete(asyncio.sleep(3600.0))
    assert loop.time() == pytest.approx(3600.0)
    assert time.perf_counter() - began < 5.0
    loop.close()


def test_waiting_for_what_can_never_come_is_said() -> None:
    loop = VirtualLoop()
    with pytest.raises(Stalled):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_what_a_dead_process_does_at_its_end_gets_nowhere(world: World) -> None:
    """Its `finally` blocks run, as they would not after a kill -9; nothing of it may be seen."""
    seen: list[str] = []

    async def work() -> None:
        process = world.start("directory")
        while process.app is None:
            await asyncio.sleep(0.1)
        service = process.app.state.service
        collection = service.collections["organizations"]

        async def save_at_the_end() -> None:
            document: Document[Organization] = await anext(collection.each())
            try:
                await asyncio.sleep(1000)
            finally:
                seen.append("tried")
                await collection.save(document)
                seen.append("saved")

        task = process.spawn(save_at_the_end())
        await asyncio.sleep(1)
        written = world.model.writes
        process.die(restart=False)
        with pytest.raises(Dead):
            await task
        await asyncio.sleep(10)
        assert world.model.writes == written

    world.run(work())
    assert seen == ["tried"]


@pytest.mark.parametrize("point", POINTS)
def test_death_at_every_kind_of_point_takes_place_and_leaves_no_trace(point: str) -> None:
    outcome = play(Scenario(3, ("again",), (Fault("crash", "intake", point, 1),)))
    read = play(Scenario(3, ("again",), (Fault("crash", "assessment", point, 1),)))
    for one in (outcome, read):
        assert one.contradictions == []
    assert outcome.crashes.get(point, 0) + read.crashes.get(point, 0) >= 1
