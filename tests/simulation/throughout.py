"""A long run: cases one after another, several at a time, and faults at random throughout."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count

from chassis.failpoints import POINTS
from tests.simulation.makers import MAKERS
from tests.simulation.scenario import AFTERWARDS_SECONDS, Outcome, let_live, prepared, walk
from tests.simulation.trouble import Throughout
from tests.simulation.ways import WAYS
from tests.simulation.world import Maker, World

AT_ONCE = 6
RATES: Mapping[str, Sequence[tuple[str, float]]] = {
    **dict.fromkeys(POINTS, (("crash", 0.003),)),
    "read": (("lose-reply", 0.002), ("late", 0.001), ("store-away", 0.0002)),
    "query": (("lose-reply", 0.001), ("late", 0.001)),
    "write": (
        ("lose-reply", 0.004),
        ("late", 0.003),
        ("lose-request", 0.002),
        ("store-away", 0.0004),
    ),
    "publish": (
        ("refuse", 0.004),
        ("lose-answer", 0.004),
        ("late", 0.004),
        ("twice", 0.02),
        ("broker-away", 0.0005),
    ),
    "deliver": (("again", 0.02), ("again-later", 0.01), ("late", 0.03), ("disconnect", 0.002)),
    "request": (("lose-answer", 0.01), ("lose-request", 0.01), ("twice", 0.02)),
    "outside": (("stall", 0.05), ("fail-after", 0.1), ("refuse", 0.1), ("twice", 0.1)),
    "second": (("crash", 0.001), ("stop", 0.002), ("jump", 0.003), ("replica", 0.01)),
}
"""How probable each fault is, each time a service comes by a point; `second`: each second."""


def run(
    seed: int,
    steps: int,
    makers: Mapping[str, Maker] = MAKERS,
    rates: Mapping[str, Sequence[tuple[str, float]]] = RATES,
    replicas: int = 1,
) -> tuple[Outcome, World]:
    """At least so many steps with faults, then rest; what came of it, and the world as it lies."""
    world = World(seed, makers, prepared=prepared())
    trouble = Throughout(world.dice, rates)
    numbers = count()

    async def one_after_another(end: int) -> None:
        while world.steps.count < end and not world.model.findings:
            way = world.dice.choice(list(WAYS))
            await walk(world, way, next(numbers))

    async def live(world: World) -> None:
        end = world.steps.count + steps
        world.trouble = trouble
        befalling = world.spawn(world.every_second())
        walking = [world.spawn(one_after_another(end)) for _ in range(AT_ONCE)]
        while any(not task.done() for task in walking):
            await asyncio.wait(walking, timeout=1.0)
            if world.model.findings or world.steps.count > end + steps:
                for task in walking:
                    task.cancel()
        await asyncio.sleep(AFTERWARDS_SECONDS)
        befalling.cancel()

    outcome = let_live(world, live, replicas)
    outcome.troubles, outcome.cases = trouble.met, next(numbers)
    return outcome, world
