"""An inbox is deleted and made again under its consumer, which may not be told of it (P11).

Told of it, the consumer subscribes anew. Not told, it looks healthy and gets nothing: then only the
lack of progress tells, and the process ends itself for a successor to go on.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aio_pika
import httpx
import pytest
from prometheus_client import CollectorRegistry

from chassis.backing import Backing
from chassis.bus import Bus
from chassis.clock import new_id
from chassis.database import connect
from chassis.settings import ServiceSettings
from chassis.store import Collection
from contracts.envelope import Envelope
from contracts.values import SYSTEM
from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.processes import Running, start
from deploy.runner.program import Program
from deploy.runner.servers import ROOT, data_dir_of
from tests.conftest import ServerUrls
from tests.fault.outcome import Outcome
from tests.fault.pair import moment
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import Keys, is_ready, make_settings, running, until
from tests.service.chassis.sample import ECHOES, EchoService, ThingMade, fresh
from tests.service.chassis.test_bus import published
from tests.unit.chassis.test_document import made

Report = Callable[[Outcome], None]
READS = ["sample.#"]
CANCEL = b"\x00\x3c\x00\x1e"
"""Basic.Cancel: the broker's word that a consumer gets nothing any more."""
RECOVERY_SECONDS = 45.0
"""The watchdog's own limit and a restart, with room for a loaded machine."""


class Other:
    """Another service: it declares everybody's inbox when it starts, and publishes."""

    def __init__(self, amqp_url: str, reader: str) -> None:
        self._url, self._reader = amqp_url, reader

    async def delete_inbox(self) -> int:
        """As an operator might; returns how many messages went with it."""
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            return (await channel.queue_delete(f"{self._reader}.inbox")).message_count

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[Bus]:
        """Run within the block; the inbox is there again once it has begun."""
        bus = Bus(self._url, fresh("other"), {self._reader: READS}, CollectorRegistry())
        await bus.start(self._hear_nothing)
        try:
            yield bus
        finally:
            await bus.stop()

    async def lying(self) -> int:
        """How many messages wait in the inbox; they are put back."""
        async with await aio_pika.connect(self._url) as connection:
            queue = await (await connection.channel()).get_queue(f"{self._reader}.inbox")
            taken = [await queue.get(fail=False, timeout=5)]
            while taken[-1] is not None:
                taken.append(await queue.get(fail=False, timeout=5))
            return len(taken) - 1

    async def remove(self) -> None:
        """Both queues go."""
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            for queue in (f"{self._reader}.inbox", f"{self._reader}.inbox.dead"):
                await channel.queue_delete(queue)

    async def _hear_nothing(self, _: Envelope) -> None: ...


def said(subject: str) -> Envelope:
    return made(1, ThingMade(by=SYSTEM, name="Кровать функциональная"), subject)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path / "jwks.json")
    keys.add("k1")
    return keys


@pytest.fixture
def settings(harmed: ServerUrls, keys: Keys) -> ServiceSettings:
    return make_settings(harmed, keys, database_prefix=new_id("f")[:9] + "_")


async def test_consumer_that_is_told_makes_its_inbox_anew_and_goes_on(
    harmed: ServerUrls, keys: Keys, report: Report
) -> None:
    async with proxied(harmed.amqp_url) as (proxy, url):
        through = make_settings(
            ServerUrls(url, harmed.mongo_url), keys, database_prefix=new_id("f")[:9] + "_"
        )
        echo = EchoService(through, fresh("echo"))
        other = Other(harmed.amqp_url, echo.service.name)
        tally = echo.service.consumer.tally
        async with running(echo.app), other.speaking() as bus:
            await bus.publish(said("t1"))
            await until(lambda: tally.applied == 1)
            told, deleted = proxy.watch_for(CANCEL), moment()
            await other.delete_inbox()
            await until(told.seen.is_set)
            await until(partial(published, bus, said("t2")))
            await until(lambda: tally.applied == 2)
            took = moment() - deleted
            echoes = [await echo.echoes.get(subject) for subject in ("t1", "t2")]
        await other.remove()
    doubled = sum(one is not None and one.state.heard > 1 for one in echoes)
    report(Outcome("inbox deleted, its consumer told", 2, 0, doubled, took, took))


async def test_consumer_that_is_not_told_looks_healthy_and_gets_nothing(
    harmed: ServerUrls, settings: ServiceSettings, keys: Keys
) -> None:
    """The fault itself, without its remedy: what the watchdog is there for."""
    async with proxied(harmed.amqp_url) as (proxy, url):
        through = make_settings(
            ServerUrls(url, harmed.mongo_url), keys, database_prefix=settings.database_prefix
        )
        ended: list[str] = []
        backing = Backing(end=lambda: ended.append("watchdog"))  # it is not to end the tests
        echo = EchoService(through, fresh("echo"), backing=backing)
        other = Other(harmed.amqp_url, echo.service.name)
        async with running(echo.app) as http, other.speaking() as bus:
            await bus.publish(said("t1"))
            tally = echo.service.consumer.tally
            await until(lambda: tally.applied == 1)
            loss = proxy.lose_notice(CANCEL)
            await other.delete_inbox()
            await until(loss.done.is_set)
            async with other.speaking():
                await until(partial(published, bus, said("t2")))
            # Deleting it may have cost the service its sending connection for a moment.
            await until(partial(is_ready, http))
            assert await other.lying() >= 1
            assert tally.received == 1
            assert ended == []
        await other.remove()


@asynccontextmanager
async def program(settings: ServiceSettings, name: str) -> AsyncIterator[tuple[Running, str]]:
    """The echo as a process that is started again whenever it ends, and its address."""
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    described = Program(
        name=name,
        command=(
            *(sys.executable, "-m", "uvicorn", "--factory", "tests.fault.echo:create_app"),
            *("--host", LOOPBACK, "--port", str(port), "--log-level", "warning"),
            *("--timeout-graceful-shutdown", "3"),
        ),
        environment={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SERVICE": name,
            "OPORA_AMQP_URL": settings.amqp_url.get_secret_value(),
            "OPORA_MONGO_URL": settings.mongo_url.get_secret_value(),
            "OPORA_DISTRICT": settings.district,
            "OPORA_JWKS_FILE": str(settings.jwks_file),
            "OPORA_ISSUER": settings.issuer,
            "OPORA_DATABASE_PREFIX": settings.database_prefix,
        },
        ready=f"{url}/health/ready",
        directory=ROOT,
    )
    data_dir = data_dir_of(f"test-{os.getpid()}-{name}")
    data_dir.mkdir(parents=True)
    processes = start(data_dir, [described])
    try:
        processes.begin([name])
        await asyncio.to_thread(processes.wait_ready, [name], 60)  # its broker's way is ours
        yield processes, url
    finally:
        processes.stop()
        shutil.rmtree(data_dir, ignore_errors=True)


class Heard:
    """What an echo in another process has heard, read from its database."""

    def __init__(self, mongo_url: str, database: str) -> None:
        self._client, self._database = connect(mongo_url, database)
        self._echoes = Collection(self._database, ECHOES, clock_ms=lambda: 0)
        self.subjects = [f"t{number}" for number in range(1, 6)]

    async def counts(self) -> list[int]:
        """How often, by subject."""
        found = [await self._echoes.get(subject) for subject in self.subjects]
        return [echo.state.heard if echo else 0 for echo in found]

    async def first(self) -> bool:
        """Whether the first has been heard."""
        return (await self.counts())[0] == 1

    async def all(self) -> bool:
        """Whether all have been."""
        return all(await self.counts())

    async def close(self) -> None:
        """And drop the database."""
        await self._client.drop_database(self._database.name)
        await self._client.close()


@pytest.mark.long
async def test_process_that_is_not_told_ends_itself_and_its_successor_goes_on(
    harmed: ServerUrls, settings: ServiceSettings, keys: Keys, report: Report
) -> None:
    name, prefix = fresh("echo"), settings.database_prefix
    other, heard = Other(harmed.amqp_url, name), Heard(harmed.mongo_url, f"{prefix}{name}")
    async with proxied(harmed.amqp_url) as (proxy, url):
        through = make_settings(ServerUrls(url, harmed.mongo_url), keys, database_prefix=prefix)
        async with (
            program(through, name) as (processes, address),
            httpx.AsyncClient() as http,
            other.speaking() as bus,
        ):
            await bus.publish(said(heard.subjects[0]))
            await until(heard.first)
            process, loss = processes.pid(name), proxy.lose_notice(CANCEL)
            await other.delete_inbox()
            await until(loss.done.is_set)
            made_again = moment()
            async with other.speaking():
                for subject in heard.subjects[1:]:
                    await bus.publish(said(subject))
            await asyncio.sleep(1)
            assert await heard.counts() == [1, 0, 0, 0, 0]  # the fault took place
            assert (await http.get(f"{address}/health/ready")).status_code == 200
            await until(heard.all, seconds=RECOVERY_SECONDS, every=0.1)
            took = moment() - made_again
            assert processes.pid(name) not in {0, process}
        counts = await heard.counts()
    await heard.close()
    await other.remove()
    doubled = sum(count > 1 for count in counts)
    report(Outcome("inbox made again, its consumer not told", len(counts), 0, doubled, took, took))
