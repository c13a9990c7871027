"""Terms over holidays in UTC+7, with two sweepers or nobody: each sounds once, never early (P8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, Field

from chassis.calendar import DistrictCalendar
from chassis.clock import epoch_ms
from chassis.commands import Commands
from chassis.database import connect
from chassis.document import Document
from chassis.relay import Relay
from chassis.store import Collection
from chassis.stored import Spec
from chassis.sweeper import Sweeper, Watch
from contracts.context import Context
from contracts.event import Event
from contracts.terms import Deadline, TermBook
from contracts.values import SYSTEM
from tests.conftest import ServerUrls
from tests.service.chassis.sample import ThingRenamed, fresh
from tests.service.stack import Clock
from tests.unit.chassis.test_relay import FakeBroker
from tests.unit.regulation.test_deadlines import due, working

ZONE = ZoneInfo("Asia/Novokuznetsk")
CALENDAR = DistrictCalendar(ZONE)
JUST_BEFORE = timedelta(milliseconds=1)


class Watched(BaseModel):
    """A case of which only its terms matter."""

    terms: TermBook = Field(default_factory=TermBook)


WATCHED = Spec(
    name="watched", state=Watched, wake_at=lambda state: epoch_ms(state.terms.next_alarm())
)


def sound(state: Watched, at: Context) -> Sequence[Event]:
    return [ThingRenamed(by=at.by, name=alarm) for alarm, _ in state.terms.ring(at.now)]


class District:
    """Two replicas with their sweepers, over one database and one clock."""

    def __init__(self, database: Any, clock: Clock) -> None:
        self.clock = clock
        self.broker = FakeBroker()
        self.watched = [self._replica(database) for _ in range(2)]

    def _replica(self, database: Any) -> tuple[Collection[Watched], Sweeper]:
        relay = Relay(self.broker.publish, pauses=(0.0,))
        watched: Collection[Watched] = Collection(
            database, WATCHED, clock_ms=lambda: epoch_ms(self.clock())
        )
        sweeper = Sweeper(
            [Watch(watched, "sample.thing", sound)],
            relay,
            Commands("sample", "leninsk-kuznetsky"),
            self.clock,
            lambda now: Context(now=now, by=SYSTEM, calendar=CALENDAR),
        )
        return watched, sweeper

    async def open(self, started: datetime, days: int) -> tuple[str, Deadline]:
        """A case whose term of so many working days began then."""
        document = Document(id=fresh("t"), state=Watched())
        (deadline,) = document.state.terms.open(due(working(days), started))
        await self.watched[0][0].save(document)
        return document.id, deadline

    async def sweep_at(self, moment: datetime) -> None:
        """Both sweep at once, twice, when it is that late."""
        self.clock.now = moment
        await asyncio.gather(*(sweeper.sweep() for _, sweeper in self.watched * 2))

    async def alarms(self, case_id: str) -> list[str]:
        """What has been said of the case, in order: nothing is trimmed here."""
        document = await self.watched[1][0].get(case_id)
        assert document is not None
        return [envelope.data["name"] for envelope in document.outbox]


@pytest.fixture
async def district(servers: ServerUrls) -> AsyncIterator[District]:
    client, database = connect(servers.mongo_url, fresh("test_"))
    made = District(database, Clock(datetime(2024, 1, 1, tzinfo=UTC)))
    await made.watched[0][0].prepare()
    yield made
    await client.drop_database(database.name)
    await client.close()


def half_past_midnight(day: date) -> datetime:
    """In the district; in UTC it is the evening before."""
    return datetime(day.year, day.month, day.day, 0, 30, tzinfo=ZONE)


OVER_HOLIDAYS = [
    pytest.param(date(2026, 12, 30), 1, date(2027, 1, 11), id="New Year"),
    pytest.param(date(2024, 12, 27), 1, date(2024, 12, 28), id="a working Saturday in December"),
    pytest.param(date(2024, 4, 26), 1, date(2024, 4, 27), id="a working Saturday before May"),
    pytest.param(date(2024, 4, 27), 1, date(2024, 5, 2), id="the bridge in May"),
    pytest.param(date(2026, 5, 8), 2, date(2026, 5, 13), id="Victory Day"),
    pytest.param(date(2027, 2, 19), 2, date(2027, 2, 24), id="February with a working Saturday"),
]


@pytest.mark.parametrize(("started_on", "days", "due_on"), OVER_HOLIDAYS)
async def test_term_over_holidays_sounds_twice_at_its_moments_whoever_sweeps(
    district: District, started_on: date, days: int, due_on: date
) -> None:
    started = half_past_midnight(started_on)
    # Midnight in the district is 17:00 UTC: where the due day begins there, and where it ends.
    ends = datetime(due_on.year, due_on.month, due_on.day, 17, tzinfo=UTC)
    begins = ends - timedelta(days=1)
    case_id, _ = await district.open(started, days)
    for late in range((begins - started).days + 1):  # every day on the way
        await district.sweep_at(started + timedelta(days=late))
    await district.sweep_at(begins - JUST_BEFORE)
    assert await district.alarms(case_id) == []
    await district.sweep_at(begins)
    assert await district.alarms(case_id) == ["due_soon"]
    await district.sweep_at(ends - JUST_BEFORE)
    assert await district.alarms(case_id) == ["due_soon"]
    await district.sweep_at(ends)
    await district.sweep_at(ends + timedelta(days=40))
    assert await district.alarms(case_id) == ["due_soon", "missed"]


@pytest.mark.parametrize(("started_on", "days", "due_on"), OVER_HOLIDAYS)
async def test_term_that_ran_out_while_nobody_was_there_is_said_to_be_missed_once(
    district: District, started_on: date, days: int, due_on: date
) -> None:
    started = half_past_midnight(started_on)
    case_id, _ = await district.open(started, days)
    await district.sweep_at(datetime(due_on.year, due_on.month, due_on.day, 17, tzinfo=UTC))
    await district.sweep_at(started + timedelta(days=60))
    assert await district.alarms(case_id) == ["missed"]
