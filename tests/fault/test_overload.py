"""What cannot be sent holds up itself only (P6); a full inbox stalls nobody and keeps all (P13)."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import httpx
import pytest
from prometheus_client import CollectorRegistry

from chassis.bus import Bus
from chassis.clock import new_id
from chassis.publisher import PUBLISH_SECONDS
from chassis.relay import HOLD_SECONDS
from chassis.settings import ServiceSettings
from tests.conftest import ServerUrls
from tests.fault.machine import Machine
from tests.fault.outcome import Outcome
from tests.fault.pair import Load, Pair, moment
from tests.service.chassis.conftest import Keys, make_settings, running, until
from tests.service.chassis.sample import Sample, fresh
from tests.service.chassis.test_bus import ignore

Report = Callable[[Outcome], None]
STUCK = 40
LIMIT = 50
FULL_SECONDS = 10.0
"""Time for six tries: three at once, then after 1 to 2, 2 to 4 and 4 to 8 s. After that
each pause is 8 s at least."""


class Listener:
    """A reader of its own queue: when each event came, and how often."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel) -> None:
        self._channel = channel
        self.came: dict[str, float] = {}
        self.copies: Counter[str] = Counter()

    async def bind(self, topic: str) -> None:
        """Hear this topic too."""
        await self.queue.bind("opora.events", topic)

    async def start(self, topic: str) -> None:
        """Hear from now on."""
        await self._channel.declare_exchange("opora.events", "topic", durable=True)
        self.queue = await self._channel.declare_queue(exclusive=True)
        await self.bind(topic)
        await self.queue.consume(self._hear, no_ack=True)

    async def _hear(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.copies[str(message.message_id)] += 1
        self.came.setdefault(str(message.message_id), moment())


@asynccontextmanager
async def listening(amqp_url: str, topic: str) -> AsyncIterator[Listener]:
    """A listener that is gone afterwards, and its queue with it."""
    async with await aio_pika.connect(amqp_url) as connection:
        listener = Listener(await connection.channel())
        await listener.start(topic)
        yield listener


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "jwks.json")
    made.add("k1")
    return made


@pytest.fixture
def settings(harmed: ServerUrls, keys: Keys) -> ServiceSettings:
    return make_settings(harmed, keys, database_prefix=new_id("f")[:9] + "_")


async def delays(load: Load, listener: Listener, count: int) -> list[float]:
    """Seconds from the answer to the event's arrival, for so many things made one by one."""
    found = []
    for _ in range(count):
        thing_id = await load.make()
        event = f"sample.thing.{thing_id}:1"
        await until(lambda event=event: event in listener.came, every=0.002)
        found.append(listener.came[event] - load.acknowledged[thing_id])
    return found


async def rename(http: httpx.AsyncClient, headers: dict[str, str], thing_id: str) -> None:
    answer = await http.post(
        f"/things/{thing_id}/rename",
        json={"name": "Ходунки"},
        headers={**headers, "Idempotency-Key": f"rename-{thing_id}", "If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text


async def alarm_of(maker: Sample, count: int) -> bool:
    """Whether the metrics tell of so many documents that cannot be sent (P6)."""
    standing = await maker.service.health.standing()
    return standing.outboxes == count and standing.outbox_age > 0


async def test_event_that_cannot_be_sent_delays_no_other_documents(
    harmed: ServerUrls, settings: ServiceSettings, keys: Keys, report: Report
) -> None:
    maker = Sample(settings, fresh("maker"), reads=())
    headers = {"Authorization": f"Bearer {keys.token()}"}
    async with (
        listening(harmed.amqp_url, "sample.thing-made.v1") as listener,
        running(maker.app) as http,
    ):
        load = Load(http, headers)
        alone = await delays(load, listener, 40)
        stuck = [await load.make() for _ in range(STUCK)]
        for thing_id in stuck:
            await rename(http, headers, thing_id)
        await until(lambda: maker.service.relay.backlog == 0)  # they are given up for now
        beside = await delays(load, listener, 40)
        renamed = [f"sample.thing.{thing_id}:2" for thing_id in stuck]
        for thing_id in stuck:
            document = await maker.things.get(thing_id)
            assert document is not None
            assert [entry.number for entry in document.outbox] == [2]
        assert not any(event in listener.came for event in renamed)
        await until(lambda: alarm_of(maker, STUCK))
        await listener.bind("sample.thing-renamed.v1")
        routed = moment()
        await until(lambda: all(event in listener.came for event in renamed))
        again = await delays(load, listener, 40)  # the machine may have other things to do by now
        limit = 3 * max(statistics.median(alone), statistics.median(again)) + 0.05
        assert statistics.median(beside) <= limit, (alone, beside, again)
        first = min(listener.came[event] for event in renamed) - routed
        report(Outcome(f"{STUCK} events unroutable", STUCK, 0, 0, max(beside), first))


async def test_full_inbox_stalls_no_caller_and_drains_when_its_reader_is_back(
    machine: Machine, harmed: ServerUrls, settings: ServiceSettings, keys: Keys, report: Report
) -> None:
    pair = Pair(keys, settings, settings)
    reader = pair.echo.service.name
    inbox = f"{reader}.inbox"
    earlier = Bus(harmed.amqp_url, reader, {reader: ["sample.#"]}, CollectorRegistry())
    await earlier.start(ignore)  # it ran once, so that its inbox is there
    await earlier.stop()
    await machine.rabbitmqctl(
        *("set_policy", "limit", f"^{inbox}$", json.dumps({"max-length": LIMIT})),
        *("--apply-to", "queues"),
    )
    try:
        async with (
            listening(harmed.amqp_url, "sample.#") as other,
            running(pair.maker.app) as http,
            pair.watched(http),
        ):
            load, bus = pair.load, pair.maker.service.bus
            began = moment()
            load.begin(callers=4, pause=0.05)
            await until(lambda: bus.published >= LIMIT)
            await asyncio.sleep(2)
            filled, published = moment(), bus.published
            load.took.clear()
            await load.reach(150)
            pace = 150 / (moment() - filled)
            await load.end()
            assert bus.published - published < 10  # the inbox takes no more
            assert load.refused == []
            assert statistics.median(load.took) < 1  # a second is what the first three tries take
            assert load.slowest < PUBLISH_SECONDS
            # Each try that one inbox refuses reaches the others: their readers are not flooded.
            await asyncio.sleep(filled + FULL_SECONDS - moment())
            most = 6 + (moment() - began) / (HOLD_SECONDS[1] / 2)
            assert 3 <= max(other.copies.values()) <= most
            began = moment()
            async with running(pair.echo.app):
                report(await pair.outcome(f"inbox full, {pace:.0f} writes/s went on", began))
    finally:
        await machine.rabbitmqctl("clear_policy", "limit")
        await pair.remove(harmed.amqp_url)
