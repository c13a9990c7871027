"""The way to the broker is slow, cut, half open, narrow; the broker is blocked, frozen, killed.

What the broker has not confirmed is no success (the outbox keeps it), and what it was sent twice
takes effect once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from chassis.bus import Bus
from tests.conftest import ServerUrls
from tests.fault.load import remove_queues
from tests.fault.machine import Machine
from tests.fault.outcome import Outcome
from tests.fault.pair import Pair, moment, paired
from tests.fault.proxy import Proxy, proxied
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import fresh
from tests.service.chassis.test_bus import ignore, published, refused
from tests.unit.chassis.test_relay import envelope

Report = Callable[[Outcome], None]
SETTLED_SECONDS = 2.5
"""A broker killed sooner after a quorum queue's first declaration loses the queue (3.10)."""


@asynccontextmanager
async def loaded(
    harmed: ServerUrls, directory: Path, **bus: float
) -> AsyncIterator[tuple[Proxy, Pair]]:
    """A pair under load that reaches its broker through a proxy, with a quick heartbeat."""
    async with proxied(harmed.amqp_url, heartbeat="1") as (proxy, url):
        through = ServerUrls(url, harmed.mongo_url)
        async with paired(harmed, directory, maker=through, echo=through, **bus) as pair:
            pair.load.begin(callers=4, pause=0.1)
            await pair.load.reach(20)
            yield proxy, pair


async def ended(pair: Pair, fault: str, over: float) -> Outcome:
    """Twenty more, then the account; nobody was turned away, whatever the broker did."""
    await pair.load.reach(20)
    await pair.load.end()
    assert pair.load.refused == []
    return await pair.outcome(fault, over)


@pytest.mark.long
async def test_slow_way_to_the_broker_delays_and_loses_nothing(
    harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with loaded(harmed, tmp_path) as (proxy, pair):
        for flow in (proxy.to_server, proxy.to_client):
            flow.delay, flow.jitter = 0.05, 0.1
        await asyncio.sleep(2)
        for flow in (proxy.to_server, proxy.to_client):
            flow.delay, flow.jitter = 0.0, 0.0
            assert flow.delayed > 10
        report(await ended(pair, "broker 50 to 150 ms away each way for 2 s", moment()))


@pytest.mark.long
@pytest.mark.parametrize("reset", [False, True])
async def test_cut_connections_come_back_and_lose_nothing(
    harmed: ServerUrls, tmp_path: Path, report: Report, reset: bool
) -> None:
    async with loaded(harmed, tmp_path) as (proxy, pair):
        for _ in range(2):
            cut = moment()
            assert proxy.cut(reset=reset) >= 2
            await pair.load.reach(20)
            await until(lambda: proxy.connections >= 4, seconds=20)  # both services' both
        report(await ended(pair, f"broker's connections cut twice (reset: {reset})", cut))


async def test_half_open_connection_is_found_by_the_heartbeat_and_its_publish_is_no_success(
    harmed: ServerUrls,
) -> None:
    """Without a heartbeat the publish would wait out its own limit, here set far off."""
    async with proxied(harmed.amqp_url, heartbeat="1") as (proxy, url):
        service = fresh("bus")
        bus = Bus(url, service, {service: ("sample.#",)}, CollectorRegistry(), publish_seconds=60)
        await bus.start(ignore)
        assert proxy.strand() == 2
        began = time.perf_counter()
        assert await refused(bus, envelope("t1", 1)) == "connection lost"
        assert time.perf_counter() - began < 45
        assert proxy.to_server.swallowed > 0
        await until(partial(published, bus, envelope("t1", 1)))
        await bus.stop()
        await remove_queues(harmed.amqp_url, [f"{service}.inbox", f"{service}.inbox.dead"])


@pytest.mark.long
async def test_half_open_connections_under_load_lose_nothing(
    harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with loaded(harmed, tmp_path) as (proxy, pair):
        stranded = moment()
        assert proxy.strand() >= 4
        await until(lambda: proxy.accepted >= 8, seconds=30)
        assert proxy.to_server.swallowed > 0
        report(await ended(pair, "broker's connections half open", stranded))


@pytest.mark.long
async def test_narrow_way_to_the_broker_slows_no_caller_and_loses_nothing(
    harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with loaded(harmed, tmp_path, publish_seconds=1.0) as (proxy, pair):
        proxy.to_server.bytes_per_second = 5_000
        pair.load.took.clear()
        await asyncio.sleep(4)
        assert proxy.to_server.throttled > 2
        assert pair.load.slowest < 2
        proxy.to_server.bytes_per_second = 0
        report(await ended(pair, "5 kB/s towards the broker for 4 s", moment()))


@pytest.mark.long
async def test_blocked_broker_confirms_nothing_and_stops_no_caller(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    """An alarm of its memory: the broker reads no publisher any more."""
    async with loaded(harmed, tmp_path, publish_seconds=1.0) as (_, pair):
        await machine.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            await asyncio.sleep(1)
            assert await refused(pair.maker.service.bus, envelope("t1", 1)) == "TimeoutError"
            effects = pair.effects
            await pair.load.reach(20)
            assert pair.effects == effects
        finally:
            await machine.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "400MB")
        report(await ended(pair, "broker's memory alarm under load", moment()))


async def test_frozen_broker_confirms_nothing_and_stops_no_caller(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with loaded(harmed, tmp_path, publish_seconds=1.0) as (_, pair):
        with machine.frozen("broker"):
            await refused(pair.maker.service.bus, envelope("t1", 1))
            in_hand = [service.consumer for service in pair.services]
            await until(lambda: not any(consumer.oldest_in_hand for consumer in in_hand))
            effects = pair.effects
            await pair.load.reach(20)
            assert pair.effects == effects
        report(await ended(pair, "broker frozen under load", moment()))


@pytest.mark.long
async def test_killed_broker_has_every_event_it_confirmed(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with loaded(harmed, tmp_path) as (_, pair):
        await asyncio.sleep(SETTLED_SECONDS)
        dead = machine.kill("broker")
        await asyncio.sleep(0.5)
        await until(partial(machine.replaced, "broker", dead), seconds=60)
        report(await ended(pair, "broker killed -9 under load", moment()))
