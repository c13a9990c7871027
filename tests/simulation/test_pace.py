"""Many requests at once, in the simulated district: the partner's pace, the order, nothing lost.

Two replicas of intake over one database, a slow partner that is out of order at first, and time
that is played (R 3.2, 3.2.4).
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from chassis import chance
from chassis.backing import Backing
from chassis.document import Document
from contracts.citizen import ConsentBasis
from contracts.envelope import Envelope
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, Consent
from services.intake.domain.requests import RequestState
from services.intake.intake import Intake
from services.intake.main import create_app
from services.intake.settings import IntakeSettings
from tests.simulation.clock import BEGIN, WallClock
from tests.simulation.credentials import settings_of
from tests.simulation.database import Client, Database, Straight, Tables
from tests.simulation.loop import VirtualLoop
from tests.unit.intake.sample import CARD, requested, when

CONSENT = Consent(
    basis=ConsentBasis.WRITTEN_CONSENT, text_version="consent-2013-1", given_on=BEGIN.date()
)
MANY, FEWER, PER_MINUTE = 200, 70, 50
OFFICE = "example-pension-fund-office-01"


class NoBus:
    """A broker that takes everything."""

    published = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    async def answers(self) -> bool:
        return True

    async def publish(self, envelope: Envelope) -> None:
        self.published += 1


@dataclass
class Office(httpx.AsyncBaseTransport):
    """The partner: takes its time, and notes when each request arrived."""

    now: Callable[[], float]
    dice: random.Random
    until: float = 0.0
    """Out of order until then."""
    busy: int = 0
    """So many it answers with: too many requests, come again in 20 seconds."""
    arrivals: list[tuple[float, str]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.dice.uniform(0.0, 4.9))
        arrived = self.now()
        if arrived < self.until:
            self.refused.append(arrived)
            return httpx.Response(503)
        if self.busy:
            self.busy -= 1
            self.refused.append(arrived)
            return httpx.Response(429, headers={"Retry-After": "20"})
        self.arrivals.append((arrived, json.loads(await request.aread())["id"]))
        await asyncio.sleep(self.dice.uniform(0.0, 0.05))
        return httpx.Response(202)

    def most_in_a_minute(self) -> int:
        moments = sorted([moment for moment, _ in self.arrivals] + self.refused)
        return max(sum(first <= m <= first + 60.0 for m in moments) for first in moments)


def replica(tables: Tables, clock: WallClock, office: Office) -> Intake:
    backing = Backing(
        connect=lambda url, name: (Client(Straight()), Database(tables, Straight())), bus=NoBus
    )
    settings = settings_of("intake")
    assert isinstance(settings, IntakeSettings)
    settings = settings.model_copy(update={"pension_fund_per_minute": PER_MINUTE})
    intake: Intake = create_app(settings, clock, office, backing).state.intake
    return intake


async def fill(intake: Intake, dice: random.Random, many: int) -> dict[str, datetime]:
    """Cases with a request each, in no order; when each has to have left."""
    await intake.citizens.save(Document("P1", Citizen(id="P1", card=CARD, consent=CONSENT)))
    due: dict[str, datetime] = {}
    for number in dice.sample(range(many), many):
        case = requested()
        case.id = f"C{dice.randbytes(6).hex()}"
        request = case.request
        assert request is not None
        request.id, request.addressed_body = f"R0000{number:04d}-{case.id}", OFFICE
        request.send_by = BEGIN + timedelta(hours=number)
        due[request.id] = request.send_by
        await intake.cases.save(Document(case.id, case, version=1))
    return due


async def drained(intake: Intake) -> None:
    while await intake.cases.look({"send_to": OFFICE}, sort=[("send_due", 1)], limit=1):
        await asyncio.sleep(5.0)


def play(
    office_of: Callable[[VirtualLoop, random.Random], Office], many: int = FEWER, seed: int = 1
) -> Any:
    loop, dice = VirtualLoop(), random.Random(seed)
    office, tables = office_of(loop, dice), Tables()
    clock = WallClock(loop.time)

    async def run() -> tuple[dict[str, datetime], list[Case]]:
        chance.dice.set(dice)
        replicas = [replica(tables, clock, office) for _ in range(2)]
        due = await fill(replicas[0], dice, many)
        sending = [asyncio.create_task(one.sending.run()) for one in replicas]
        try:
            await asyncio.wait_for(drained(replicas[0]), 3600.0)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        return due, [document.state async for document in replicas[0].cases.each()]

    try:
        due, cases = loop.run_until_complete(run())
    finally:
        loop.close()
    return office, due, cases


def check_all_left_once(office: Office, due: dict[str, datetime], cases: list[Case]) -> None:
    assert sorted(request for _, request in office.arrivals) == sorted(due)
    states = [case.request.state for case in cases if case.request is not None]
    assert states == [RequestState.SENT] * len(due)


def test_200_requests_at_once_leave_by_their_terms_never_more_than_50_a_minute_r_3_2_4() -> None:
    """Each takes up to five seconds to arrive; so the turns are in order, not the arrivals: none
    overtakes another by more than lie within that time."""
    office, due, cases = play(lambda loop, dice: Office(loop.time, dice), MANY)
    check_all_left_once(office, due, cases)
    assert office.most_in_a_minute() <= PER_MINUTE
    order = [request for _, request in sorted(office.arrivals)]
    wanted = sorted(due, key=lambda request: due[request])
    assert max(abs(order.index(request) - wanted.index(request)) for request in wanted) <= 4
    minutes = (max(office.arrivals)[0] - min(office.arrivals)[0]) / 60
    assert minutes < 1.15 * MANY * 65 / 60 / PER_MINUTE  # and no slower than the pace asks


def test_after_an_outage_nothing_bursts_and_nothing_is_lost_r_3_2() -> None:
    office, due, cases = play(lambda loop, dice: Office(loop.time, dice, until=300.0))
    assert office.refused, "the outage took place"
    check_all_left_once(office, due, cases)
    assert office.most_in_a_minute() <= PER_MINUTE


def test_partner_that_asks_for_a_pause_is_left_alone_by_every_replica_r_3_2() -> None:
    office, due, cases = play(lambda loop, dice: Office(loop.time, dice, busy=1))
    (asked,) = office.refused
    check_all_left_once(office, due, cases)
    # What was under way arrives; then twenty seconds nothing.
    assert not [moment for moment, _ in office.arrivals if asked + 5.0 < moment < asked + 20.0]


def test_urgent_request_that_comes_later_overtakes_those_that_wait_r_3_2_4() -> None:
    loop, dice = VirtualLoop(), random.Random(7)
    office, tables = Office(loop.time, dice), Tables()
    clock = WallClock(loop.time)

    async def run() -> str:
        chance.dice.set(dice)
        intake = replica(tables, clock, office)
        await fill(intake, dice, FEWER)
        sending = asyncio.create_task(intake.sending.run())
        await asyncio.sleep(30.0)
        late = requested()
        late.id = "Curgent"
        assert late.request is not None
        late.request.id, late.request.addressed_body = "R00000000-Curgent", OFFICE
        late.request.send_by = when().now
        await intake.cases.save(Document(late.id, late, version=1))
        await asyncio.sleep(10.0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return late.request.id

    try:
        urgent_id = loop.run_until_complete(run())
    finally:
        loop.close()
    assert urgent_id in [request for _, request in office.arrivals]
    assert len(office.arrivals) < FEWER / 2
