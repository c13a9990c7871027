"""P8: a term rings once and not before its moment, though nobody was there when it came."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.event import REGISTERED, TermDueSoonFact, TermMissedFact
from deploy.demo import journey
from deploy.demo.people import invent
from tests.simulation.makers import MAKERS
from tests.simulation.scenario import prepared
from tests.simulation.truth import contradictions
from tests.simulation.world import World

DAY = timedelta(days=1)


def rung(world: World, kind: type) -> list[str]:
    """The terms of which an alarm was sounded."""
    return [
        issued["data"]["term"]["code"]
        for issued in world.model.issued.values()
        if issubclass(REGISTERED[issued["type"]], kind)
    ]


@pytest.mark.parametrize("replicas", [1, 2])
def test_term_that_came_while_intake_was_down_rings_once_afterwards(replicas: int) -> None:
    world = World(8, MAKERS, prepared=prepared())

    async def live() -> None:
        await world.begin(replicas)
        case = await journey.refer(world.staff, invent(8), "terms")
        await world.rest()
        for process in list(world.processes["intake"]):
            process.die(restart=False)
        world.clock.forward(9 * DAY)
        await asyncio.sleep(30)
        assert rung(world, TermMissedFact) == []
        for _ in range(replicas):
            world.start("intake")
        await world.rest()
        assert rung(world, TermMissedFact) == ["referral-analysis"]
        assert rung(world, TermDueSoonFact) == []  # too late for a warning
        await journey.triage(world.staff, case)
        await world.rest()

    try:
        world.run(live())
        assert contradictions(world) == []
    finally:
        world.close()


def test_every_alarm_sounds_at_its_moment_while_all_serve() -> None:
    world = World(9, MAKERS, prepared=prepared())

    async def live() -> None:
        await world.begin(2)
        await journey.refer(world.staff, invent(9), "terms")
        for _ in range(20):
            world.clock.forward(timedelta(hours=3))
            await world.rest()

    try:
        world.run(live())
        assert rung(world, TermDueSoonFact) == ["referral-analysis"]
        assert rung(world, TermMissedFact) == ["referral-analysis"]
        assert contradictions(world) == []
    finally:
        world.close()
