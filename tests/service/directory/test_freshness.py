"""What other replicas change is taken in, whoever changed what between and by whatever clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import epoch_ms
from chassis.document import Document
from chassis.store import Collection
from services.directory.domain.listing import ListedService
from services.directory.freshness import AT_ONCE, LOOKS, News
from services.directory.offer_stores import SERVICES
from tests.simulation.database import Database, Straight, Tables
from tests.unit.directory.offered import listing

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Replica:
    """A replica's memory, with its own clock."""

    def __init__(self, stored: Collection[ListedService]) -> None:
        self.stored = stored
        self.now = BEGAN
        self.known: dict[str, int] = {}
        self.news = News(stored, lambda key: self.known.get(key, 0), self.take, lambda: self.now)

    def take(self, service: ListedService, version: int) -> None:
        self.known[service.id] = version

    async def look(self, after: timedelta = timedelta(seconds=2)) -> int:
        """Look once more; how many questions and reads that took."""
        self.now += after
        before = self.stored.counts.queries + self.stored.counts.reads
        await self.news.take_in()
        return self.stored.counts.queries + self.stored.counts.reads - before


@pytest.fixture
def stored() -> Collection[ListedService]:
    """The services, as they are stored."""
    return Collection(Database(Tables(), Straight()), SERVICES, clock_ms=lambda: epoch_ms(BEGAN))


@pytest.fixture
async def replica(stored: Collection[ListedService]) -> Replica:
    """A replica that has looked once."""
    await stored.prepare()
    made = Replica(stored)
    await made.look()
    return made


async def change(
    stored: Collection[ListedService], number: int, at: datetime
) -> Document[ListedService]:
    """A change of one service, by a clock that says so."""
    key = f"r-institution-15.s{number:04}"
    document = await stored.get(key)
    if document is None:
        state = ListedService(id=key, listing=listing(id=key), changed_at=at)
        document = Document(id=key, state=state)
    document.version += 1
    document.state.changed_at = at
    await stored.save(document)
    return document


async def test_own_change_among_forty_of_others_hides_none_of_them(
    stored: Collection[ListedService], replica: Replica
) -> None:
    """Of the twenty newest one was known, so twenty-one others were never read."""
    for number in range(40):
        await change(stored, number, replica.now + timedelta(milliseconds=number))
    own = await change(stored, 99, replica.now + timedelta(milliseconds=50))
    replica.take(own.state, own.version)
    await replica.look()
    assert replica.known == {f"r-institution-15.s{n:04}": 1 for n in (*range(40), 99)}


@pytest.mark.parametrize(("back", "every"), LOOKS)
async def test_writer_whose_clock_lags_is_not_missed(
    stored: Collection[ListedService], replica: Replica, back: timedelta, every: timedelta
) -> None:
    """The further it lags, the later, and never for good."""
    for number in range(100):
        await change(stored, number, replica.now)
    await replica.look()
    lags = min(back, timedelta(days=400)) - timedelta(seconds=3)
    late = await change(stored, 500, replica.now - lags)
    await replica.look(max(every, timedelta(seconds=2)))
    assert replica.known[late.id] == 1


async def test_looks_that_go_far_back_are_rare(
    stored: Collection[ListedService], replica: Replica
) -> None:
    for moment in (timedelta(minutes=5), timedelta(days=1)):
        late = await change(stored, 1, replica.now - moment)
        await replica.look()
        assert replica.known.get(late.id, 0) < late.version


async def test_more_than_one_look_asks_for_are_all_read(
    stored: Collection[ListedService], replica: Replica
) -> None:
    for number in range(AT_ONCE + 1):
        await change(stored, number, replica.now)
    await replica.look()
    assert len(replica.known) == AT_ONCE + 1


async def test_thousands_of_changes_are_asked_for_in_pieces(
    stored: Collection[ListedService], replica: Replica
) -> None:
    """None is larger than the others: whoever reads meanwhile waits for one of them."""
    count = 5 * AT_ONCE
    for number in range(count):
        await change(stored, number, replica.now + timedelta(milliseconds=number))
    asked = await replica.look()
    assert len(replica.known) == count
    pieces = asked - count
    assert count / AT_ONCE < pieces <= count / AT_ONCE + 2
    assert await replica.look() == pieces  # and nothing is read twice


async def test_idle_look_is_one_question_and_reads_nothing(
    stored: Collection[ListedService], replica: Replica
) -> None:
    for number in range(30):
        await change(stored, number, replica.now)
    assert await replica.look() == 31
    assert await replica.look() == 1


async def test_look_after_a_long_absence_of_the_store_begins_where_the_last_one_ended(
    stored: Collection[ListedService], replica: Replica
) -> None:
    await replica.look(timedelta(minutes=30))
    await change(stored, 1, replica.now + timedelta(seconds=1))
    await replica.look(timedelta(seconds=59))
    assert len(replica.known) == 1
