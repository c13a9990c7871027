"""A run: some cases, some faults, one seed; and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from deploy.demo.people import invent
from tests.simulation.makers import MAKERS
from tests.simulation.trouble import Fault, Planned
from tests.simulation.truth import contradictions
from tests.simulation.ways import WAYS
from tests.simulation.world import Maker, Prepared, Stuck, World

LINES_KEPT = 400
AFTERWARDS_SECONDS = 4.0
"""Time in which outboxes are cleared: there may be faults at that, too."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is to happen. It happens the same way every time."""

    seed: int
    ways: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    replicas: int = 1


@dataclass(slots=True)
class Outcome:
    """What happened."""

    contradictions: list[str] = field(default_factory=list)
    met: list[Fault] = field(default_factory=list)
    steps: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    crashes: Mapping[str, int] = field(default_factory=dict)
    troubles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Faults met in a run with faults throughout, by action and point."""
    cases: int = 0
    duplicates: int = 0
    """Deliveries of an event to a service that had begun to handle it before."""
    reordered: int = 0
    """First deliveries of an event out of its stream's order."""
    digest: str = ""
    seconds: float = 0.0
    """Of the processor, from the moment all services served."""
    lines: list[str] = field(default_factory=list)


@cache
def prepared() -> Prepared:
    """A world whose services have loaded the directory and stopped."""
    world = World(0, MAKERS)
    try:
        world.run(world.begin())
        wrong = contradictions(world)
        if wrong:
            raise AssertionError(wrong)
        return Prepared(world.tables, world.model)
    finally:
        world.close()


def play(scenario: Scenario, makers: Mapping[str, Maker] = MAKERS) -> Outcome:
    """Let a scenario happen and look at what it left."""
    planned = Planned(scenario.faults)

    async def live(world: World) -> None:
        world.trouble = planned
        walks = [world.spawn(walk(world, way, number)) for number, way in enumerate(scenario.ways)]
        befalling = world.spawn(world.every_second())
        await asyncio.wait(walks)
        await asyncio.sleep(AFTERWARDS_SECONDS)
        befalling.cancel()

    world = World(scenario.seed, makers, prepared=prepared(), keep=LINES_KEPT)
    outcome = let_live(world, live, scenario.replicas)
    outcome.met = planned.met
    return outcome


async def walk(world: World, way: str, number: int) -> None:
    """One person's way to its end."""
    try:
        await WAYS[way](world.staff, invent(number), f"s{world.seed}")
    except Exception as failure:
        world.model.find(f"the {way} of person {number} ended with {failure!r}")


def let_live(
    world: World, live: Callable[[World], Coroutine[Any, Any, None]], replicas: int = 1
) -> Outcome:
    """Begin, live, come to rest, look; a world that does not rest is a finding of its own."""
    outcome = Outcome()

    async def all_of_it() -> None:
        await world.begin(replicas)
        outcome.seconds, outcome.steps = time.process_time(), world.steps.count
        await live(world)
        if world.model.findings:
            return
        try:
            await world.rest()
        except Stuck as stuck:
            world.model.find(f"does not come to rest: {stuck}")

    try:
        world.run(all_of_it())
        outcome.contradictions = world.model.findings or contradictions(world)
        outcome.seconds = time.process_time() - outcome.seconds
        outcome.steps = world.steps.count - outcome.steps
        outcome.kinds, outcome.crashes = Counter(world.steps.kinds), Counter(world.crashes)
        outcome.duplicates = world.arrivals.duplicates
        outcome.reordered = world.arrivals.reordered
        outcome.digest, outcome.lines = world.steps.digest, world.steps.lines
        return outcome
    finally:
        world.close()
