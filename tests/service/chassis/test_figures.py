"""What each step costs, exactly: a stage can do no less than one write and one publish."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from chassis.settings import ServiceSettings
from chassis.store import Counts
from tests.service.chassis.conftest import Broker, Keys, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh
from tests.service.chassis.test_consumer import made, renamed, send
from tests.service.chassis.test_http import Caller
from tests.service.stack import uncleared


@pytest.fixture
async def hearing(broker: Broker) -> None:
    """Everything that is published finds a queue."""
    await broker.listen("sample.#")
    await broker.listen("echo.#")


@dataclass
class Costs:
    """What was asked of the store and the broker since the last look."""

    service: Sample | EchoService
    counts: Counts
    published: int = 0

    def since(self) -> tuple[int, int, int]:
        """Reads, writes and publishes."""
        now, bus = self.counts, self.service.service.bus
        cost = (now.reads, now.writes, bus.published - self.published)
        now.reads = now.writes = 0
        self.published = bus.published
        return cost


@pytest.fixture
async def echo(
    settings: ServiceSettings, broker: Broker, hearing: None
) -> AsyncIterator[tuple[EchoService, Costs]]:
    service = EchoService(settings, fresh("echo"))
    await broker.remove(service.service.name)
    async with running(service.app):
        with uncleared(service.service):
            yield service, Costs(service, service.echoes.counts)


async def received(echo: EchoService, number: int) -> None:
    """The consumer has dealt with so many messages and nothing is left to publish."""
    tally = echo.service.consumer.tally

    def done() -> bool:
        return tally.applied + tally.duplicates + tally.parked >= number

    await until(done)
    await echo.service.relay.drain()


async def test_event_driven_step_is_one_write_one_publish_and_a_read_the_first_time(
    echo: tuple[EchoService, Costs], broker: Broker
) -> None:
    service, costs = echo
    subject = fresh("t")
    for number, reads in ((1, 1), (2, 0), (3, 0)):
        await send(broker, made(number, subject))
        await received(service, number)
        assert costs.since() == (reads, 1, 1)


async def test_event_without_consequence_is_one_read_and_one_write(
    echo: tuple[EchoService, Costs], broker: Broker
) -> None:
    service, costs = echo
    await send(broker, renamed(1, fresh("t"), "x"))
    await received(service, 1)
    assert costs.since() == (1, 1, 0)


async def test_duplicate_is_one_read_at_most_and_nothing_else(
    echo: tuple[EchoService, Costs], broker: Broker
) -> None:
    service, costs = echo
    event = made(1, fresh("t"))
    await send(broker, event)
    await received(service, 1)
    costs.since()
    for count, reads in ((2, 0), (3, 1)):
        await send(broker, event)
        await received(service, count)
        assert costs.since() == (reads, 0, 0)


async def test_gap_that_closes_releases_everything_in_one_write(
    echo: tuple[EchoService, Costs], broker: Broker
) -> None:
    service, costs = echo
    subject = fresh("t")
    for count, number in enumerate((4, 3, 2), start=1):
        await send(broker, made(number, subject))
        await received(service, count)
        assert costs.since() == (1, 1, 0)
    await send(broker, made(1, subject))
    await received(service, 7)
    assert costs.since() == (1, 1, 4)


async def test_quiet_document_is_cleared_once_with_one_write(
    echo: tuple[EchoService, Costs], broker: Broker
) -> None:
    service, costs = echo
    await send(broker, made(1, fresh("t")))
    await received(service, 1)
    costs.since()
    await service.service.sweeper.clear(quiet_seconds=0)
    assert costs.since() == (0, 1, 0)
    await service.service.sweeper.clear(quiet_seconds=0)
    assert costs.since() == (0, 0, 0)


@pytest.fixture
async def maker(
    settings: ServiceSettings, hearing: None
) -> AsyncIterator[tuple[Sample, Costs, httpx.AsyncClient]]:
    sample = Sample(settings, fresh("maker"), reads=())
    async with running(sample.app) as http:
        with uncleared(sample.service):
            yield sample, Costs(sample, sample.things.counts), http


async def test_creation_is_one_write_and_a_command_one_read_and_one_write(
    maker: tuple[Sample, Costs, httpx.AsyncClient], keys: Keys
) -> None:
    sample, costs, http = maker
    anna = Caller(http, keys.token())
    thing_id = await anna.made()
    await sample.service.relay.drain()
    assert costs.since() == (0, 1, 1)
    path = f"/things/{thing_id}/rename"
    for version, name in ((1, "a"), (2, "b")):
        answer = await anna.post(path, {"name": name}, If_Match=f'"{version}"')
        assert answer.status_code == 200
        await sample.service.relay.drain()
        assert costs.since() == (1, 1, 1)


async def test_repeated_and_refused_commands_write_nothing(
    maker: tuple[Sample, Costs, httpx.AsyncClient], keys: Keys
) -> None:
    sample, costs, http = maker
    anna = Caller(http, keys.token())
    path = f"/things/{await anna.made()}/rename"
    await anna.post(path, {"name": "a"}, If_Match='"1"', Idempotency_Key="one")
    await sample.service.relay.drain()
    costs.since()
    again = await anna.post(path, {"name": "a"}, If_Match='"1"', Idempotency_Key="one")
    assert (again.status_code, costs.since()) == (200, (1, 0, 0))
    stale = await anna.post(path, {"name": "b"}, If_Match='"1"')
    assert (stale.status_code, costs.since()) == (412, (1, 0, 0))
    shown = await anna.get(path.removesuffix("/rename"))
    assert (shown.status_code, costs.since()) == (200, (1, 0, 0))


async def test_idle_service_writes_nothing(
    maker: tuple[Sample, Costs, httpx.AsyncClient],
) -> None:
    _, costs, _ = maker
    await asyncio.sleep(1.2)
    assert costs.since() == (0, 0, 0)
