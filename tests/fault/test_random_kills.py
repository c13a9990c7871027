"""Any process may die at any moment: cases travel while every kind is killed at random (P9)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.demo import journey
from deploy.demo.__main__ import directory_known
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.office import Wire
from deploy.demo.people import invent
from deploy.demo.staff import INSTITUTION, Staff, hire
from deploy.runner.system import free_service_ports
from deploy.services import SERVICES
from tests.fault.machine import District
from tests.fault.outcome import Outcome
from tests.service.stack import until

pytestmark = pytest.mark.long

Report = Callable[[Outcome], None]
VICTIMS = (*SERVICES, "broker", "database")
KILLING_SECONDS = 150.0
CALMER_SECONDS = 3.0
"""A broker killed sooner after a quorum queue's first declaration loses the queue (3.10)."""
AT_ONCE = 4


@dataclass(slots=True)
class WatchedWire(Wire):
    """Notes when a change was answered for good."""

    changed: list[float] = field(default_factory=list)

    async def call(
        self, method: str, service: str, path: str, headers: Mapping[str, str], **more: Any
    ) -> httpx.Response:
        """One request, as `Wire` makes it."""
        response = await Wire.call(self, method, service, path, headers, **more)
        if method == "POST" and response.is_success:
            self.changed.append(time.monotonic())
        return response


@dataclass
class Town:
    """A district of its own, and everyone who works in it."""

    district: District
    wire: WatchedWire
    staff: Staff
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    numbers: count[int] = field(default_factory=lambda: count(80_000_000))
    travelled: list[Travelled] = field(default_factory=list)

    async def travel(self) -> journey.Case:
        """One more person, the whole way."""
        case = await journey.travel(self.staff, invent(next(self.numbers)), self.run)
        self.travelled.append(Travelled(case, 0.0))
        return case

    async def travel_until(self, over: asyncio.Event) -> None:
        """People one after another, the last of them to the end."""
        while not over.is_set():
            await self.travel()

    async def kinds(self, case: journey.Case) -> Counter[str]:
        """How often each kind of event is in the case's timeline."""
        page = await self.staff.reader.get("registry", f"{case.record}/timeline?limit=100")
        return Counter(entry["type"] for entry in page["items"])


@pytest_asyncio.fixture(loop_scope="session")
async def town() -> AsyncIterator[Town]:
    made = District(f"test-{os.getpid()}-town", ports=free_service_ports())
    with made as district:
        async with httpx.AsyncClient(timeout=30) as http:
            wire = WatchedWire(http, district.urls)
            staff = hire(district, wire)
            await directory_known(staff.operator)
            yield Town(district, wire, staff)
    shutil.rmtree(made.data_dir, ignore_errors=True)


class Killer:
    """Kills -9 at random; in every round each kind of process once."""

    def __init__(self, district: District, seed: int) -> None:
        self._district = district
        self._dice = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.last: dict[str, int] = {}
        self.moment = 0.0

    async def rage(self, seconds: float) -> None:
        """Kill for so long, and until every kind has died at least once."""
        await asyncio.sleep(CALMER_SECONDS)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for victim in self._dice.sample(VICTIMS, len(VICTIMS)):
                await asyncio.sleep(self._dice.uniform(0.5, 8))
                if self._district.pid(victim):
                    with suppress(ProcessLookupError):
                        self.last[victim] = self._district.kill(victim)
                        self.killed[victim] += 1
                        self.moment = time.monotonic()

    async def all_replaced(self) -> None:
        """Every one of the dead has a successor that answers."""
        for victim, pid in self.last.items():

            async def replaced(victim: str = victim, pid: int = pid) -> bool:
                return self._district.replaced(victim, pid)

            await until(replaced, seconds=60, every=0.2)


async def stuck(town: Town) -> list[str]:
    """Where something still waits: disagreements, events set aside, outboxes unsent."""
    found = await disagreements(town.staff, town.travelled)
    for service in ("intake", "assessment", "careplan", "registry"):
        path = f"/operations/organizations/{INSTITUTION}"
        parked = (await town.staff.operator.get(service, path))["parked"]
        found += [f"{service}: {event} is set aside" for event in parked]
        for case in (entry.case for entry in town.travelled):
            position = await town.staff.operator.get(service, f"/operations/cases/{case.id}")
            if position["unconfirmed"]:
                found.append(f"{case.id}: {service} has not said all")
    return found


@pytest.mark.timeout(480)
async def test_every_kind_of_process_killed_at_random_all_cases_end_enrolled_once(
    town: Town, report: Report
) -> None:
    calm = [await town.travel() for _ in range(4)]
    expected: Counter[str] = Counter()
    for case in calm:
        expected |= await town.kinds(case)
    killer, over = Killer(town.district, seed=int(time.time())), asyncio.Event()
    travelling = [asyncio.create_task(town.travel_until(over)) for _ in range(AT_ONCE)]
    await killer.rage(KILLING_SECONDS)
    over.set()
    await killer.all_replaced()
    await asyncio.gather(*travelling)
    assert set(killer.killed) == set(VICTIMS), killer.killed
    assert len(town.travelled) > len(calm) + AT_ONCE

    async def nothing_stuck() -> bool:
        return await stuck(town) == []

    with suppress(TimeoutError):
        await until(nothing_stuck, seconds=60, every=2)
    doubled = [case.case.id for case in town.travelled if await town.kinds(case.case) - expected]
    changed = town.wire.changed
    left = await stuck(town)
    report(
        Outcome(
            f"{killer.killed.total()} kills at random, {len(town.travelled)} cases",
            len(changed),
            len(left),
            len(doubled),
            max(b - a for a, b in pairwise(changed)),
            min((at for at in changed if at > killer.moment), default=killer.moment)
            - killer.moment,
        )
    )
