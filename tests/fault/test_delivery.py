"""Delivered often, late, shuffled, to several replicas, with poison among it (P3, P4, P5)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aio_pika
import bson
import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pymongo import MongoClient

from chassis.clock import new_id
from chassis.settings import ServiceSettings
from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.roles import Role
from contracts.values import SYSTEM
from tests.conftest import ServerUrls
from tests.fault.machine import Machine
from tests.fault.outcome import Outcome
from tests.service.chassis.conftest import Keys, make_settings, running, until
from tests.service.chassis.sample import EchoService, ThingMade, ThingRenamed, fresh
from tests.service.stack import settled
from tests.unit.chassis.test_document import made as envelope_of

Report = Callable[[Outcome], None]
CASES = 1000


def made(subject: str, number: int) -> Envelope:
    return envelope_of(number, ThingMade(by=SYSTEM, name=f"имя {number}"), subject)


def renamed(subject: str, number: int, name: str = "") -> Envelope:
    return envelope_of(number, ThingRenamed(by=SYSTEM, name=name or f"имя {number}"), subject)


class Post:
    """Delivers events to one service's inbox, as a broker would that delivers more than once."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel, service: str) -> None:
        self._channel = channel
        self._inbox = f"{service}.inbox"

    async def deliver(self, events: Sequence[Envelope]) -> None:
        """In this order; returns when the broker has them all."""
        exchange = self._channel.default_exchange
        for start in range(0, len(events), 200):
            bodies = [event.model_dump_json().encode() for event in events[start : start + 200]]
            messages = [aio_pika.Message(body, content_type=CONTENT_TYPE) for body in bodies]
            await asyncio.gather(*(exchange.publish(each, self._inbox) for each in messages))


class Echoes:
    """An echo's replicas, one after another or several at once, over one inbox and one database."""

    def __init__(self, settings: ServiceSettings, keys: Keys, name: str, post: Post) -> None:
        self._settings = settings
        self.operator = {"Authorization": f"Bearer {keys.token(Role.OPERATOR)}"}
        self.name = name
        self.post = post
        self.running: list[EchoService] = []

    @asynccontextmanager
    async def replicas(self, count: int = 1) -> AsyncIterator[httpx.AsyncClient]:
        """So many run within the block; yields a client of the last."""
        async with AsyncExitStack() as held:
            self.running = [EchoService(self._settings, self.name) for _ in range(count)]
            for echo in self.running:
                http = await held.enter_async_context(running(echo.app))
            yield http

    @property
    def received(self) -> int:
        """Deliveries taken in by those that run."""
        return sum(echo.service.consumer.tally.received for echo in self.running)

    @property
    def settled_deliveries(self) -> int:
        """Those whose outcome is stored; what was released had been counted when it was parked."""
        tallies = [echo.service.consumer.tally for echo in self.running]
        return sum(t.applied + t.duplicates + t.parked + t.failed - t.released for t in tallies)

    async def take(self, events: Sequence[Envelope], seconds: float = 60) -> None:
        """Deliver, and wait until each delivery's outcome is stored and answered."""
        target = self.received + len(events)
        await self.post.deliver(events)
        await until(lambda: self.received >= target, seconds=seconds)
        await until(lambda: self.settled_deliveries >= target, seconds=seconds)
        for echo in self.running:
            await settled(echo.app)

    def stored(self, mongo_url: str) -> dict[str, bytes]:
        """Every document as it lies in the database, byte for byte."""
        with MongoClient(mongo_url) as client:
            found = client[f"{self._settings.database_prefix}{self.name}"]["echoes"].find()
            return {document["_id"]: bson.encode(document) for document in found}


@asynccontextmanager
async def echoing(harmed: ServerUrls, directory: Path) -> AsyncIterator[Echoes]:
    """Echoes with an inbox of their own, and somebody who hears what they say."""
    keys = Keys(directory / f"{new_id('jwks')}.json")
    keys.add("k1")
    settings = make_settings(harmed, keys, database_prefix=new_id("f")[:9] + "_")
    async with await aio_pika.connect(harmed.amqp_url) as connection:
        channel = await connection.channel()
        await channel.declare_exchange("opora.events", "topic", durable=True)
        heard = await channel.declare_queue(exclusive=True)
        await heard.bind("opora.events", "echo.#")
        name = fresh("echo")
        echoes = Echoes(settings, keys, name, Post(channel, name))
        try:
            yield echoes
        finally:
            for queue in (f"{name}.inbox", f"{name}.inbox.dead"):
                await channel.queue_delete(queue)


@pytest.fixture
async def echoes(harmed: ServerUrls, tmp_path: Path) -> AsyncIterator[Echoes]:
    async with echoing(harmed, tmp_path) as found:
        yield found


async def test_one_poison_event_among_a_thousand_cases_harms_its_own_alone(
    echoes: Echoes, harmed: ServerUrls, report: Report
) -> None:
    sick = "tsick"
    cases = [f"t{number:04d}" for number in range(CASES - 1)]
    own = [
        made(sick, 1),
        renamed(sick, 2, "poison"),
        made(sick, 3),
        renamed(sick, 4),
        made(sick, 5),
    ]
    events = [event for case in cases for event in (made(case, 1), renamed(case, 2))]
    for place, event in zip(range(0, len(events), len(events) // len(own)), own, strict=False):
        events.insert(place, event)
    async with echoes.replicas() as http:
        await echoes.take(events, seconds=90)
        ends = {document.id: document async for document in echoes.running[0].echoes.each()}
        finished = [case for case in cases if ends[case].state.names == ["имя 1", "имя 2"]]
        doubled = [case for case in cases if ends[case].state.heard > 2]
        assert echoes.running[0].service.consumer.tally.failed == 1
        assert ends[sick].state.names == ["имя 1"]
        assert [entry.envelope.number for entry in ends[sick].parked] == [2, 3, 4, 5]
        assert [name for name in ends if ends[name].parked] == [sick]
        seen = await http.get(f"/operations/echoes/{sick}", headers=echoes.operator)
        assert list(seen.json()["parked"].values()) == ["thing-is-poison", None, None, None]
        before = echoes.stored(harmed.mongo_url)[sick]
        await echoes.take(own)  # the poison is not tried again by being delivered again
        assert echoes.stored(harmed.mongo_url)[sick] == before
        report(
            Outcome(
                "1 poison event among 1,000 cases",
                len(finished),
                CASES - 1 - len(finished),
                len(doubled),
                0.0,
                0.0,
            )
        )


async def test_every_message_delivered_up_to_five_times_at_once_and_long_after_changes_nothing(
    echoes: Echoes, harmed: ServerUrls, report: Report
) -> None:
    dice = random.Random(11)
    cases = [f"t{number:03d}" for number in range(60)]
    once = [event for case in cases for event in (made(case, 1), renamed(case, 2), made(case, 3))]
    often = [event for event in once for _ in range(dice.randint(1, 5))]
    dice.shuffle(often)
    async with echoes.replicas(2):
        await echoes.take(often)
        tallies = [echo.service.consumer.tally for echo in echoes.running]
        assert sum(tally.duplicates for tally in tallies) == len(often) - len(once) > 100
        ends = [document async for document in echoes.running[0].echoes.each()]
    wrong = [end.id for end in ends if end.state.names != ["имя 1", "имя 2", "имя 3"]]
    assert [end for end in ends if end.parked or end.outbox] == []
    stored = echoes.stored(harmed.mongo_url)
    assert len(stored) == len(cases)
    again = [event for event in once for _ in range(dice.randint(1, 5))]
    dice.shuffle(again)
    async with echoes.replicas():  # another process, to which nothing is in memory
        await echoes.take(again)
        assert echoes.running[0].service.consumer.tally.duplicates == len(again)
    changed = [
        case for case, body in echoes.stored(harmed.mongo_url).items() if body != stored[case]
    ]
    name = f"{len(once)} events delivered {len(often) + len(again)} times"
    report(Outcome(name, len(once), len(wrong), len(changed), 0.0, 0.0))


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Events (case, number) of up to four cases, each at least once, in any order."""
    lengths = draw(st.lists(st.integers(2, 6), min_size=1, max_size=4))
    once = [(case, n) for case, length in enumerate(lengths) for n in range(1, length + 1)]
    more = draw(st.lists(st.sampled_from(once), max_size=12))
    return draw(st.permutations(once + more))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replicated(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Echoes]:
    """Three replicas over one inbox."""
    urls = ServerUrls(machine.amqp_url, machine.mongo_url)
    async with echoing(urls, tmp_path_factory.mktemp("keys")) as found, found.replicas(3):
        yield found


@given(history=histories())
@hypothesis_settings(max_examples=25, deadline=None)
async def test_events_in_any_order_and_number_over_three_replicas_end_in_the_same_state(
    replicated: Echoes, history: list[tuple[int, int]]
) -> None:
    run = fresh("t")

    def event(case: int, number: int) -> Envelope:
        write = made if number % 2 else renamed
        return write(f"{run}{case}", number)

    await replicated.take([event(case, number) for case, number in history])
    for case in {case for case, _ in history}:
        last = max(number for of, number in history if of == case)
        document = await replicated.running[0].echoes.get(f"{run}{case}")
        assert document is not None
        assert document.state.names == [f"имя {number}" for number in range(1, last + 1)]
        assert (document.parked, document.streams) == ([], {f"sample.thing.{run}{case}": last})
        assert document.seq == (last + 1) // 2  # it answered each once


async def test_replicas_have_shared_the_work(replicated: Echoes) -> None:
    """The run above was one over several replicas in fact."""
    assert all(echo.service.consumer.tally.received for echo in replicated.running)
