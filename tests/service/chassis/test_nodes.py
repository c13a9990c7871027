"""A broker with several addresses, of which some do not answer. Here all lead to one broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from yarl import URL

from chassis import logs
from chassis.bus import Bus
from chassis.settings import ServiceSettings
from contracts.envelope import Envelope
from tests.conftest import ServerUrls
from tests.fault.proxy import Proxy, proxied
from tests.service.chassis.conftest import Broker, running, until
from tests.service.chassis.sample import Sample, fresh
from tests.service.chassis.test_bus import away, published, refused
from tests.unit.chassis.test_relay import envelope


@asynccontextmanager
async def two_ways(servers: ServerUrls) -> AsyncIterator[tuple[str, Proxy, Proxy]]:
    """One address of two nodes, and what stands at each."""
    async with proxied(servers.amqp_url) as (one, url), proxied(servers.amqp_url) as (two, _):
        host = f"127.0.0.1:{one.port}"
        yield url.replace(host, f"{host},127.0.0.1:{two.port}"), one, two


async def test_lost_node_is_left_for_the_next_by_both_connections(
    servers: ServerUrls, broker: Broker
) -> None:
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    service = fresh("bus")
    await broker.remove(service)
    async with two_ways(servers) as (url, one, two):
        bus = Bus(url, service, {service: ("sample.#",)}, CollectorRegistry())
        await bus.start(receive)
        for number, (lost, back) in enumerate(((one, None), (two, one), (one, two)), start=1):
            if back is not None:
                await back.start()
            lost.shut()
            await until(lambda: away(bus))
            await until(bus.ready, seconds=20)
            event = envelope("t1", number)
            await until(partial(published, bus, event))
            await until(partial(received.__contains__, event.id))
        await bus.stop()


async def test_node_that_is_away_at_the_start_is_passed_over(
    settings: ServiceSettings, servers: ServerUrls, broker: Broker
) -> None:
    async with two_ways(servers) as (url, one, _):
        one.shut()
        changed = settings.model_copy(update={"amqp_url": type(settings.amqp_url)(url)})
        maker = Sample(changed, fresh("maker"))
        await broker.remove(maker.service.name)
        async with running(maker.app) as http:
            assert (await http.get("/health/ready")).json()["broker"] is True


async def test_node_that_hangs_at_the_start_is_passed_over(
    servers: ServerUrls, broker: Broker
) -> None:
    async with two_ways(servers) as (url, one, _):
        one.freeze()
        bus = Bus(url, fresh("bus"), {}, CollectorRegistry())
        with pytest.raises(TimeoutError):
            await bus.start(_ignore)
        await bus.start(_ignore)
        assert await bus.ready()
        await bus.stop()
        one.thaw()


async def test_kind_of_event_that_is_refused_for_long_gets_a_new_channel_and_loses_nothing(
    servers: ServerUrls, broker: Broker
) -> None:
    """What a channel that came before a leader was chosen meets; a full queue does the same."""
    queue = await broker.listen("sample.#", **{"x-max-length": 1, "x-overflow": "reject-publish"})
    url = URL(servers.amqp_url)
    several = servers.amqp_url.replace(f"{url.host}:{url.port}", f"{url.host}:{url.port}," * 2)
    bus = Bus(several.replace(",/", "/"), fresh("bus"), {}, CollectorRegistry())
    await bus.start(_ignore)
    number = 1
    while await published(bus, envelope("t1", number)):
        number += 1
    logs.configure("test", "INFO")  # a service of another test may have asked for less
    with capture_logs() as logged:
        async with asyncio.timeout(10):
            while not any(line["event"] == "channel-opened-anew" for line in logged):
                await refused(bus, envelope("t1", number))
                await asyncio.sleep(0.1)
    assert len(await broker.taken(queue)) == number - 1
    await until(lambda: published(bus, envelope("t1", number)))
    await bus.stop()


async def _ignore(_: Envelope) -> None:
    """A receiver that wants nothing."""
