"""The watchdog on a real broker: probes pass through the inbox, and a stall shows (P11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import CollectorRegistry

from chassis.backing import Backing
from chassis.bus import Bus
from chassis.inbox import PREFETCH
from chassis.publisher import InboxGone, NotPublished
from chassis.queues import Probe
from chassis.settings import ServiceSettings
from chassis.watchdog import STALL_SECONDS, Watchdog
from contracts.envelope import Envelope
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import Broker, Keys, make_settings, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh
from tests.service.chassis.test_consumer import made, send


class Watched:
    """A running echo service under a watchdog that probes often."""

    def __init__(self, echo: EchoService, stall_seconds: float = STALL_SECONDS) -> None:
        self.echo = echo
        self.ended = 0
        service = echo.service
        self.dog = Watchdog(
            service.bus,
            lambda: service.sweeper.progressed_at,
            service.health.store_answers,
            service.bus.answers,
            self._end,
            probe_seconds=0.2,
            stall_seconds=stall_seconds,
        )

    def _end(self) -> None:
        self.ended += 1

    async def look(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.1)):
            await self.dog.look()
            await asyncio.sleep(0.1)

    async def look_until(self, condition: Callable[[], bool]) -> None:
        async def come() -> bool:
            await self.dog.look()
            return condition()

        await until(come, every=0.1)


@pytest.fixture
async def watched(settings: ServiceSettings, broker: Broker) -> AsyncIterator[Watched]:
    echo = EchoService(settings, fresh("echo"), grace_seconds=0.2)
    await broker.remove(echo.service.name)
    await broker.listen("echo.#")
    async with running(echo.app):
        yield Watched(echo)


async def test_idle_consumer_gets_its_probes_and_none_of_them_is_an_event(
    watched: Watched, broker: Broker
) -> None:
    bus = watched.echo.service.bus
    for _ in range(10):
        seen = bus.probed
        await watched.look_until(lambda seen=seen: bus.probed > seen)
    assert (watched.ended, watched.dog.stalled) == (0, None)
    assert bus.progressed_at > 0
    assert watched.echo.service.consumer.tally.received == 0
    assert await watched.echo.service.letters.look({}) == []


async def test_consumer_whose_handling_never_ends_is_stalled_though_connected(
    settings: ServiceSettings, broker: Broker
) -> None:
    async def hang(_: Envelope) -> None:
        await asyncio.Event().wait()

    backing = Backing(end=lambda: None)  # its own watchdog is not to end the tests
    echo = EchoService(settings, fresh("echo"), grace_seconds=0.2, backing=backing)
    echo.service.record = hang
    echo.app = echo.service.app([], {}, description="Hangs.")
    await broker.remove(echo.service.name)
    await broker.listen("echo.#")
    async with running(echo.app) as http:
        watched = Watched(echo, stall_seconds=1.0)
        for number in range(1, 41):  # more than are taken at once: every slot is occupied
            await send(broker, made(1, fresh(f"t{number}")))
        await until(lambda: echo.service.consumer.tally.received == PREFETCH)
        await until(echo.service.bus.ready)
        await watched.look_until(lambda: watched.ended > 0)
        await watched.look(0.5)
        assert (watched.ended, watched.dog.stalled) == (1, "consumer")
        assert echo.service.consumer.oldest_in_hand > 1

        async def both_answer() -> bool:
            ready = (await http.get("/health/ready")).json()
            return (ready["store"], ready["broker"]) == (True, True)

        await until(both_answer)


async def test_inbox_that_was_deleted_is_known_by_the_probe(
    watched: Watched, broker: Broker
) -> None:
    bus = watched.echo.service.bus
    await bus.stop_consuming()  # what would declare it again at once
    bus._started = True

    async def known_as_gone() -> bool:
        """Deleting it may cost the publisher its connection, and that declares it again."""
        await broker.channel.queue_delete(f"{watched.echo.service.name}.inbox")
        try:
            await bus.probe(Probe(1))
        except NotPublished as failure:
            return isinstance(failure, InboxGone)
        return False

    async def ended() -> bool:
        await known_as_gone()
        await watched.dog.look()
        return watched.ended > 0

    await until(known_as_gone)
    await until(ended, every=0.1)
    assert (watched.ended, watched.dog.stalled) == (1, "inbox")


async def test_broker_that_is_away_ends_nothing(
    servers: ServerUrls, broker: Broker, keys: Keys
) -> None:
    async with proxied(servers.amqp_url) as (proxy, url):
        echo = EchoService(
            make_settings(servers, keys, amqp_url=url), fresh("echo"), grace_seconds=0.2
        )
        await broker.remove(echo.service.name)
        async with running(echo.app):
            watched = Watched(echo, stall_seconds=1.0)
            await watched.dog.look()
            proxy.shut()
            with pytest.raises(NotPublished):
                await echo.service.bus.probe(Probe(1))
            await watched.look(3)
            assert watched.ended == 0
            assert not await echo.service.bus.ready()


async def test_messages_behind_a_slow_handler_show_their_age(
    settings: ServiceSettings, broker: Broker
) -> None:
    """Each that is handled is progress, and none of those in hand is old; the others are."""
    one_at_a_time, all_sent = asyncio.Semaphore(1), asyncio.Event()

    async def slow(_: Envelope) -> None:
        async with one_at_a_time:
            await all_sent.wait()
            await asyncio.sleep(0.04)

    echo = EchoService(settings, fresh("echo"), grace_seconds=0.2)
    service = echo.service
    service.record = slow
    echo.app = service.app([], {}, description="Is slow.")
    service.watchdog = Watched(echo).dog
    await broker.remove(service.name)
    await broker.listen("echo.#")
    async with running(echo.app):
        await until(lambda: service.bus.probed > 0)
        await send(broker, *(made(1, fresh(f"t{number}")) for number in range(150)))
        all_sent.set()
        await until(lambda: service.consumer.tally.applied >= PREFETCH)  # they waited for the rest
        oldest = in_hand = 0.0
        while service.consumer.tally.applied < 150:
            standing = await service.health.standing()
            oldest = max(oldest, standing.oldest_unhandled)
            in_hand = max(in_hand, service.consumer.oldest_in_hand)
            await asyncio.sleep(0.05)
        assert oldest > in_hand + 1
        assert service.watchdog.stalled is None
        await until(lambda: service.watchdog.oldest < 1)


async def test_service_that_hears_nobody_is_told_whether_what_it_sends_arrives(
    servers: ServerUrls, broker: Broker, keys: Keys
) -> None:
    """A probe that leads nowhere comes back, and that is an answer; silence is none (P11)."""
    async with proxied(servers.amqp_url) as (proxy, url):
        maker = Sample(make_settings(servers, keys, amqp_url=url), fresh("maker"), reads=())
        async with running(maker.app):
            bus = maker.service.bus
            await bus.probe(Probe(1))
            assert await bus.answers()
            proxy.shut()
            with pytest.raises(NotPublished):
                await bus.probe(Probe(2))


async def test_dead_queue_says_whether_something_lies_in_it(
    settings: ServiceSettings, broker: Broker, servers: ServerUrls
) -> None:
    name = fresh("echo")
    await broker.remove(name)
    bus = Bus(servers.amqp_url, name, {name: ["sample.#"]}, CollectorRegistry())
    await bus.start(_nothing, bury=None)
    try:
        assert not await bus.letters_lie()
        await broker.send(b"garbage", "sample.thing-made.v1")
        await until(bus.letters_lie)
    finally:
        await bus.stop()


async def _nothing(_: Envelope) -> None:
    return None
