"""The sweeper finishes what a dead process left, and rings when a moment has come: once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from chassis.clock import epoch_ms
from chassis.commands import Commands
from chassis.document import Document
from chassis.health import Standing, _add_outboxes
from chassis.relay import Relay
from chassis.store import Collection, StoreUnavailable
from chassis.sweeper import Sweeper, Watch
from contracts.context import Context
from contracts.event import Event
from contracts.values import SYSTEM
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import THINGS, Thing, ThingRenamed, fresh
from tests.service.chassis.test_store import stored
from tests.unit.chassis.test_document import CALENDAR
from tests.unit.chassis.test_relay import FakeBroker, envelope

STREAM = "sample.thing"
MORNING = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes when told to."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def ring(thing: Thing, at: Context) -> Sequence[Event]:
    """Sounds once: with it the moment is behind."""
    if not thing.wake_at or thing.wake_at > epoch_ms(at.now):
        return []
    thing.wake_at, thing.renamed = 0, thing.renamed + 1
    return [ThingRenamed(by=at.by, name="term-missed")]


class Replica:
    """One process: its own relay, collection and sweeper over the shared database."""

    def __init__(
        self,
        database: AsyncDatabase[Any],
        broker: FakeBroker,
        clock: Clock,
        on_due: Callable[[Thing, Context], Sequence[Event]] | None = ring,
        errand: Callable[[str], Awaitable[None]] | None = None,
        **wiring: Any,
    ) -> None:
        self.relay = Relay(broker.publish, pauses=(0.0,))
        self.things: Collection[Thing] = Collection(
            database,
            THINGS,
            clock_ms=lambda: epoch_ms(clock()),
            trim=self.relay.trim,
            saved=lambda _, document: self.relay.submit("things", document),
        )
        self.sweeper = Sweeper(
            [Watch(self.things, STREAM, on_due, errand)],
            self.relay,
            Commands("sample", "leninsk-kuznetsky"),
            clock,
            lambda now: Context(now=now, by=SYSTEM, calendar=CALENDAR),
            **wiring,
        )


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def replica(database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock) -> Replica:
    made = Replica(database, broker, clock)
    await made.things.prepare()
    return made


def thing(**fields: Any) -> Document[Thing]:
    return Document(id=fresh("t"), state=Thing(**fields))


def speaking(*numbers: int) -> Document[Thing]:
    """A document with something to say."""
    document = thing()
    document.outbox = [envelope(document.id, number) for number in numbers]
    document.seq = max(numbers)
    return document


async def left_by_a_dead_process(replica: Replica, *documents: Document[Thing]) -> None:
    """Saved, but the process died before its relay sent anything."""
    dead = Collection(replica.things._stored.database, THINGS, clock_ms=replica.things._clock_ms)
    for document in documents:
        await dead.save(document)


async def test_outbox_of_a_dead_process_is_published_after_its_grace(
    replica: Replica, broker: FakeBroker, clock: Clock
) -> None:
    document = speaking(1, 2)
    await left_by_a_dead_process(replica, document)
    await replica.sweeper.sweep()
    assert broker.taken == []
    clock.pass_by(seconds=6)
    await replica.sweeper.sweep()
    await replica.relay.drain()
    assert broker.taken == [entry.id for entry in document.outbox]
    assert replica.sweeper.recovered == 1


async def test_first_sweep_after_a_start_waits_for_no_grace(
    replica: Replica, broker: FakeBroker
) -> None:
    await left_by_a_dead_process(replica, speaking(1))
    await replica.sweeper.sweep(everything=True)
    await replica.relay.drain()
    assert len(broker.taken) == 1


async def test_outbox_that_could_not_be_sent_is_sent_once_the_broker_takes_it(
    replica: Replica, broker: FakeBroker, clock: Clock
) -> None:
    document = speaking(1, 2)
    broker.refused = {document.id}
    await replica.things.save(document)
    await replica.relay.drain()
    for _ in range(3):
        clock.pass_by(seconds=6)
        await replica.sweeper.sweep()
        await replica.relay.drain()
    assert broker.taken == []
    assert len((await stored(replica.things, document.id)).outbox) == 2
    broker.refused = set()
    await replica.sweeper.sweep()
    await replica.relay.drain()
    assert broker.taken == [entry.id for entry in document.outbox]


async def test_many_outboxes_that_cannot_be_sent_starve_no_other(
    replica: Replica, broker: FakeBroker, clock: Clock
) -> None:
    stuck = [speaking(1) for _ in range(450)]
    broker.refused = {document.id for document in stuck}
    waiting = speaking(1)
    waiting.id, waiting.outbox = "tzzz", [envelope("tzzz", 1)]
    await left_by_a_dead_process(replica, *stuck, waiting)
    clock.pass_by(seconds=6)
    await replica.sweeper.sweep()
    await replica.relay.drain()
    assert broker.taken == ["sample.thing.tzzz:1"]


async def test_confirmed_outbox_is_cleared_by_one_write_and_then_left_alone(
    replica: Replica, broker: FakeBroker
) -> None:
    document = speaking(1, 2)
    await replica.things.save(document)
    await replica.relay.drain()
    before = replica.things.counts.writes
    for _ in range(3):
        await replica.sweeper.clear(quiet_seconds=0)
    assert replica.things.counts.writes == before + 1
    cleared = await stored(replica.things, document.id)
    assert (cleared.outbox, cleared.seq, cleared.version) == ([], 2, document.version)
    assert replica.relay.quiet == {}
    assert len(broker.taken) == 2


async def test_busy_document_is_cleared_by_its_own_next_save_without_another_write(
    replica: Replica, broker: FakeBroker
) -> None:
    document = speaking(1)
    await replica.things.save(document)
    await replica.relay.drain()
    document.seq, document.outbox = 2, [*document.outbox, envelope(document.id, 2)]
    await replica.things.save(document)
    await replica.relay.drain()
    assert [e.number for e in (await stored(replica.things, document.id)).outbox] == [2]
    assert replica.things.counts.writes == 2
    assert [taken.rsplit(":", 1)[1] for taken in broker.taken] == ["1", "2"]


async def test_clearing_never_drops_what_another_process_added(
    replica: Replica, database: AsyncDatabase[Any], clock: Clock, broker: FakeBroker
) -> None:
    document = speaking(1)
    await replica.things.save(document)
    await replica.relay.drain()
    added = await stored(replica.things, document.id)
    added.seq, added.outbox = 2, [*added.outbox, envelope(document.id, 2)]
    await left_by_a_dead_process(replica, added)
    before = await stored(replica.things, document.id)
    for _ in range(2):  # by the copy of its own last write, which loses its race, and by a read
        await replica.sweeper.clear(quiet_seconds=0)
        assert await stored(replica.things, document.id) == before
    assert [entry.number for entry in before.outbox] == [1, 2]
    clock.pass_by(seconds=6)
    await replica.sweeper.sweep()
    await replica.relay.drain()
    assert broker.taken == [entry.id for entry in added.outbox]


async def test_what_another_process_added_and_cleared_leaves_nothing_behind(
    replica: Replica, database: AsyncDatabase[Any], clock: Clock, broker: FakeBroker
) -> None:
    document = speaking(1)
    await replica.things.save(document)
    await replica.relay.drain()
    other = Replica(database, broker, clock)
    added = await stored(other.things, document.id)
    added.seq, added.outbox = 2, [*added.outbox, envelope(document.id, 2)]
    await other.things.save(added)
    await other.relay.drain()
    for _ in range(2):  # by the copy of its own last write, which loses its race, and by a read
        await replica.sweeper.clear(quiet_seconds=0)
    await other.sweeper.clear(quiet_seconds=0)
    assert (await stored(replica.things, document.id)).outbox == []
    for one in (replica.relay, other.relay):
        one.lapse(-60)
        assert (one._confirmed, one.quiet) == ({}, {})


async def test_unsent_event_of_a_busy_document_keeps_its_age(
    replica: Replica, clock: Clock, broker: FakeBroker
) -> None:
    """Each save puts off the moment it is brought again, not the alarm (P6)."""
    document = speaking(1)
    broker.refused = {document.id}
    began = epoch_ms(clock.now)
    for number in range(2, 6):
        await replica.things.save(document)
        await replica.relay.drain()
        document.seq, document.outbox = number, [*document.outbox, envelope(document.id, number)]
        clock.pass_by(seconds=4)
    standing = Standing()
    await _add_outboxes(standing, replica.things, epoch_ms(clock.now))
    assert (await stored(replica.things, document.id)).unsent_since == began
    assert (standing.outboxes, standing.outbox_age) == (1, 11.0)  # of 16, five are granted
    broker.refused = set()
    await replica.things.save(document)
    await replica.relay.drain()
    await replica.sweeper.clear(quiet_seconds=0)
    assert (await stored(replica.things, document.id)).unsent_since == 0


async def test_document_whose_events_are_confirmed_one_after_another_is_not_overdue(
    replica: Replica, clock: Clock
) -> None:
    document = speaking(1)
    for number in range(2, 6):
        await replica.things.save(document)
        await replica.relay.drain()
        document.seq, document.outbox = number, [*document.outbox, envelope(document.id, number)]
        clock.pass_by(seconds=4)
    standing = Standing()
    await _add_outboxes(standing, replica.things, epoch_ms(clock.now))
    assert (standing.outboxes, standing.outbox_age) == (0, 0.0)


async def test_outbox_that_an_older_version_left_is_dated(
    replica: Replica, database: AsyncDatabase[Any], clock: Clock
) -> None:
    document = speaking(1)
    await left_by_a_dead_process(replica, document)
    found = await database["things"].find_one({"_id": document.id})
    assert found is not None
    del found["unsent_since"]
    await database["things"].replace_one({"_id": document.id}, found)
    assert await replica.things.relist() == 1
    assert (await stored(replica.things, document.id)).unsent_since == epoch_ms(clock.now)
    assert await replica.things.relist() == 0


async def test_many_are_cleared_and_one_that_lost_its_race_holds_up_no_other(
    replica: Replica,
) -> None:
    documents = [speaking(1) for _ in range(20)]
    for document in documents:
        await replica.things.save(document)
    await replica.relay.drain()
    raced = await stored(replica.things, documents[3].id)
    raced.seq, raced.outbox = 2, [*raced.outbox, envelope(raced.id, 2)]
    await left_by_a_dead_process(replica, raced)
    assert await replica.sweeper.clear(quiet_seconds=0) == 20
    left = [d.id for d in await replica.things.find({"relay_due": {"$gt": 0}})]
    assert left == [raced.id]
    assert list(replica.relay.quiet) == [("things", raced.id)]


async def test_two_relays_on_one_document_publish_everything_and_clear_it(
    replica: Replica, database: AsyncDatabase[Any], clock: Clock, broker: FakeBroker
) -> None:
    other = Replica(database, broker, clock)
    document = speaking(1, 2)
    await left_by_a_dead_process(replica, document)
    clock.pass_by(seconds=6)
    await asyncio.gather(replica.sweeper.sweep(), other.sweeper.sweep())
    await asyncio.gather(replica.relay.drain(), other.relay.drain())
    assert set(broker.taken) == {entry.id for entry in document.outbox}
    await asyncio.gather(
        replica.sweeper.clear(quiet_seconds=0), other.sweeper.clear(quiet_seconds=0)
    )
    assert (await stored(replica.things, document.id)).outbox == []


async def test_term_sounds_not_before_its_moment_and_then_once(
    replica: Replica, clock: Clock
) -> None:
    await replica.things.save(document := thing(wake_at=epoch_ms(MORNING) + 60_000))
    clock.pass_by(seconds=59.999)
    await replica.sweeper.sweep()
    assert (await stored(replica.things, document.id)).state.renamed == 0
    clock.pass_by(seconds=0.001)
    for _ in range(3):
        await replica.sweeper.sweep()
    found = await stored(replica.things, document.id)
    assert (found.state.renamed, found.seq, found.version) == (1, 1, 1)


async def test_document_is_not_asked_before_its_moment(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    asked: list[datetime] = []

    def ask(state: Thing, at: Context) -> Sequence[Event]:
        asked.append(at.now)
        return []

    replica = Replica(database, broker, clock, on_due=ask)
    await replica.things.save(thing(wake_at=epoch_ms(MORNING) + 1))
    await replica.things.save(thing(wake_at=0))
    await replica.sweeper.sweep(everything=True)
    assert asked == []
    clock.pass_by(seconds=0.001)
    await replica.sweeper.sweep()
    assert asked == [clock.now]


async def test_term_that_came_while_nobody_ran_sounds_once_with_the_present_time(
    replica: Replica, clock: Clock
) -> None:
    await replica.things.save(document := thing(wake_at=epoch_ms(MORNING) + 60_000))
    clock.pass_by(days=40)
    await replica.sweeper.sweep(everything=True)
    await replica.sweeper.sweep()
    found = await stored(replica.things, document.id)
    assert found.state.renamed == 1
    assert [event.time for event in found.outbox] == [clock.now]


async def test_two_sweepers_at_once_sound_each_term_once(
    replica: Replica, database: AsyncDatabase[Any], clock: Clock, broker: FakeBroker
) -> None:
    other = Replica(database, broker, clock)
    documents = [thing(wake_at=epoch_ms(MORNING) - 1) for _ in range(20)]
    for document in documents:
        await replica.things.save(document)
    await asyncio.gather(*(r.sweeper.sweep() for r in (replica, other) for _ in range(3)))
    for document in documents:
        found = await stored(replica.things, document.id)
        assert (found.state.renamed, found.seq) == (1, 1)
    await asyncio.gather(replica.relay.drain(), other.relay.drain())
    assert len(set(broker.taken)) == 20


async def test_more_terms_than_one_batch_all_sound_in_one_sweep(
    replica: Replica, clock: Clock
) -> None:
    documents = [thing(wake_at=epoch_ms(MORNING) - 1) for _ in range(230)]
    for document in documents:
        await replica.things.save(document)
    await replica.sweeper.sweep()
    assert await replica.things.find({"wake_at": {"$gt": 0}}) == []


async def test_alarm_that_fails_for_one_document_rings_for_the_others(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    def fail_on_one(state: Thing, at: Context) -> Sequence[Event]:
        if state.name == "defect":
            raise ZeroDivisionError
        return ring(state, at)

    replica = Replica(database, broker, clock, on_due=fail_on_one)
    await replica.things.prepare()
    documents = [thing(name="defect" if n < 3 else "", wake_at=1) for n in range(8)]
    for document in documents:
        await replica.things.save(document)
    await replica.sweeper.sweep()
    rung = [(await stored(replica.things, document.id)).state.renamed for document in documents]
    assert rung == [0, 0, 0, 1, 1, 1, 1, 1]


async def test_change_without_an_event_is_stored_too(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    def put_off(state: Thing, at: Context) -> Sequence[Event]:
        state.wake_at = epoch_ms(at.now) + 1000
        return []

    replica = Replica(database, broker, clock, on_due=put_off)
    await replica.things.save(document := thing(wake_at=1))
    await replica.sweeper.sweep()
    writes = replica.things.counts.writes
    await replica.sweeper.sweep()
    assert replica.things.counts.writes == writes
    assert (await stored(replica.things, document.id)).state.wake_at > 1


async def test_errand_is_called_again_until_it_records_its_outcome(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    calls: list[str] = []

    async def ask_outside(document_id: str) -> None:
        calls.append(document_id)
        if len(calls) == 1:
            raise ZeroDivisionError
        if len(calls) == 2:
            raise StoreUnavailable
        found = await stored(replica.things, document_id)
        found.state.wake_at = 0
        await replica.things.save(found)

    replica = Replica(database, broker, clock, on_due=None, errand=ask_outside)
    await replica.things.save(document := thing(wake_at=1))
    for expected in (1, 2, 3, 3, 3):
        await replica.sweeper.sweep()
        await until(lambda: not replica.sweeper._errands)
        assert calls == [document.id] * expected


async def test_errand_that_is_under_way_is_not_begun_again(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    calls: list[str] = []

    async def hang(document_id: str) -> None:
        calls.append(document_id)
        await asyncio.sleep(60)

    replica = Replica(database, broker, clock, on_due=None, errand=hang)
    await replica.things.save(thing(wake_at=1))
    for _ in range(3):
        await replica.sweeper.sweep()
        await asyncio.sleep(0.01)
    assert len(calls) == 1
    await replica.sweeper.stop()
    assert replica.sweeper._errands == {}


async def test_errand_that_hangs_is_given_up_and_begun_again(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    calls: list[str] = []

    async def hang(document_id: str) -> None:
        calls.append(document_id)
        await asyncio.sleep(60)

    replica = Replica(database, broker, clock, on_due=None, errand=hang, errand_seconds=0.02)
    await replica.things.save(thing(wake_at=1))
    for expected in (1, 2):
        await replica.sweeper.sweep()
        await until(lambda: not replica.sweeper._errands)
        assert len(calls) == expected


async def test_running_sweeper_survives_failures_and_sweeps_at_once_when_nudged(
    database: AsyncDatabase[Any], broker: FakeBroker, clock: Clock
) -> None:
    replica = Replica(database, broker, clock, interval_seconds=3600)
    running = asyncio.create_task(replica.sweeper.run())
    await until(lambda: replica.sweeper.progressed_at > 0)
    await replica.things.save(document := thing(wake_at=1))
    replica.sweeper.nudge()

    async def rung() -> bool:
        return (await stored(replica.things, document.id)).state.renamed == 1

    await until(rung)  # the next sweep of its own would be in an hour
    while not running.done():  # one cancellation may be lost in the database's client
        running.cancel()
        await asyncio.wait([running], timeout=0.05)
    await replica.relay.stop()
