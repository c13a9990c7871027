"""The database dies, stands still or goes away: what it acknowledged is there, once (P10)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest

from contracts.values import SYSTEM
from tests.conftest import ServerUrls
from tests.fault.machine import Machine
from tests.fault.outcome import Outcome
from tests.fault.pair import moment, paired
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import ThingMade
from tests.service.chassis.test_store import Wire
from tests.service.stack import settled
from tests.unit.chassis.test_document import made

Report = Callable[[Outcome], None]
WRITES = {"insert", "update", "delete", "findAndModify", "bulkWrite"}
HURRY = {
    "serverSelectionTimeoutMS": "500",
    "connectTimeoutMS": "500",
    "socketTimeoutMS": "1000",
}


def refusals_are_honest(refused: list[httpx.Response]) -> None:
    """Whoever was turned away was told so, and when to come again."""
    for answer in refused:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert answer.json()["code"] == "store-unavailable"


async def test_every_write_of_running_services_asks_for_majority_and_journal(
    harmed: ServerUrls, tmp_path: Path
) -> None:
    """Commands, reactions, cleared outboxes: whoever writes, and however it comes to that."""
    wire = Wire()
    async with paired(harmed, tmp_path, listeners=[wire]) as pair:
        for _ in range(3):
            await pair.load.make()
        await until(pair.complete)
        for app in (pair.maker.app, pair.echo.app):
            await settled(app)
    writes = [sent for name, sent in wire.sent if name in WRITES]
    assert {next(iter(sent)) for sent in writes} == {"insert", "update"}
    assert len(writes) >= 3 * 4  # a thing made, heard, answered; an outbox cleared
    for sent in writes:
        assert sent["writeConcern"] == {"w": "majority", "j": True}


async def test_killed_database_has_every_write_it_acknowledged(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with paired(harmed, tmp_path) as pair:
        pair.load.begin()
        for _ in range(2):
            await pair.load.reach(30)
            dead = machine.kill("database")
            await until(partial(machine.replaced, "database", dead), seconds=30)
            back = moment()
            await pair.load.reach(20)
        await pair.load.end()
        refusals_are_honest(pair.load.refused)
        report(await pair.outcome("database killed -9 twice under load", back))


@pytest.mark.long
async def test_frozen_database_doubles_nothing_when_its_writes_come_late(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    """Writes that were given up as timed out are carried out after all, once it moves again."""
    async with proxied(harmed.mongo_url, **HURRY) as (_, url):
        through = ServerUrls(harmed.amqp_url, url)
        async with paired(harmed, tmp_path, maker=through, echo=through) as pair:
            pair.load.begin()
            await pair.load.reach(30)
            with machine.frozen("database"):
                await asyncio.sleep(0.1)
                before = len(pair.load.acknowledged)
                await asyncio.sleep(3)
                assert len(pair.load.acknowledged) == before
            thawed = moment()
            await pair.load.reach(30)
            await pair.load.end()
            assert pair.load.refused
            refusals_are_honest(pair.load.refused)
            report(await pair.outcome("database frozen for 3 s under load", thawed))


async def test_database_that_is_away_is_answered_with_503_and_messages_wait_unacknowledged(
    machine: Machine, harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    sent = 40
    at_once = HURRY | {"serverSelectionTimeoutMS": "50"}  # so that only the pauses slow the tries
    async with proxied(harmed.mongo_url, **at_once) as (proxy, url):
        through = ServerUrls(harmed.amqp_url, url)
        async with paired(harmed, tmp_path, maker=through, echo=through) as pair:
            thing_id = await pair.load.make()
            proxy.refuse()
            assert proxy.cut() > 0
            answer = await pair.http.get(f"/things/{thing_id}", headers=pair.headers)
            refusals_are_honest([answer])
            for number in range(sent):
                event = ThingMade(by=SYSTEM, name="Кресло-каталка")
                await pair.maker.service.bus.publish(made(1, event, f"t{number}"))
            tally = pair.echo.service.consumer.tally
            await until(lambda: tally.received >= 32)
            tries, began = pair.echo.echoes.counts.reads, moment()
            await asyncio.sleep(3)
            # Each pause is at least half of twice the one before: so many tries, and no spin.
            most = 1 + math.log2(1 + (moment() - began) / 0.025)
            assert pair.echo.echoes.counts.reads - tries <= 32 * most
            # A channel knows what is unacknowledged on it; a queue's own count comes late.
            columns = ("prefetch_count", "messages_unacknowledged")
            channels = await machine.rabbitmqctl("list_channels", *columns)
            assert "32\t32" in channels
            await proxy.start()
            back = moment()
            await until(lambda: tally.applied >= 1 + sent, seconds=30)
            heard = [await pair.echo.echoes.get(f"t{number}") for number in range(sent)]
            report(
                Outcome(
                    "database away, 40 messages waiting",
                    sent,
                    sum(echo is None for echo in heard),
                    sum(echo is not None and echo.state.heard > 1 for echo in heard),
                    pair.progress.worst_stall,
                    pair.progress.first_after(back),
                )
            )
