"""What a figure may rest on: checked while the contenders run; the run fails if it is not so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psutil
from pymongo import AsyncMongoClient

from tests.bench.cases import STAGES, TURNS, Turn, database_of
from tests.bench.driving import Driver
from tests.bench.feeds import Feed
from tests.bench.field import CONTENDERS, Field, program_of
from tests.bench.ledger import Asked, asked
from tests.bench.ours import NAMES

BODY_BYTES = range(900, 1400)
WRITES_A_STAGE: Mapping[str, int] = {"floor": 1, "naive": 3, "celery": 1, "monolith": 1, "ours": 1}
"""Durable writes per stage and turn; ours has clearing on top, which is counted beside."""


class Dishonest(Exception):
    """A contender does not do what is said of it: no figure of this run is worth anything."""


def require(condition: bool, complaint: str) -> None:
    if not condition:
        raise Dishonest(complaint)


def queues(field: Field) -> list[str]:
    """Every queue there is, asked of the broker, is durable and quorum. Returns their names."""
    rows = field.ask_broker("list_queues", "name", "type", "durable")
    for name, kind, durable in rows:
        require((kind, durable) == ("quorum", "true"), f"{name} is {kind}, {durable}")
    names = [row[0] for row in rows]
    for contender in ("floor", "naive", "celery"):
        for stage in (*STAGES, "done"):
            require(f"{contender}.{stage}" in names, f"no queue {contender}.{stage}")
    for service in NAMES.values():
        require(f"{service}.inbox" in names, f"no queue {service}.inbox")
    return names


def confirms(field: Field) -> None:
    """Every process of every contender with a broker publishes on channels that confirm.

    A connection is known by both its ports: one of them alone may also lead to the database.
    """
    ports = {
        row[0]: (int(row[1]), int(row[2]))
        for row in field.ask_broker("list_connections", "pid", "peer_port", "port")
    }
    confirming = {
        ports[connection]
        for connection, confirm in field.ask_broker("list_channels", "connection", "confirm")
        if confirm == "true" and connection in ports
    }
    for contender in CONTENDERS:
        for stage in STAGES:
            process = psutil.Process(field.pid(program_of(contender, stage)))
            links = process.net_connections()
            used = {(link.laddr.port, link.raddr.port) for link in links if link.raddr}
            expected = contender != "monolith"
            require(bool(used & confirming) == expected, f"{contender} {stage}: confirms")


def processes(field: Field) -> int:
    """Every contender has as many processes as there are stages, and no more below them."""
    for contender in CONTENDERS:
        for stage in STAGES:
            process = psutil.Process(field.pid(program_of(contender, stage)))
            require(not process.children(), f"{contender} {stage} has processes of its own")
    return len(STAGES)


def payload(feeds: Mapping[str, Feed]) -> None:
    """What comes out is about a kilobyte, whoever sends it."""
    for contender, feed in feeds.items():
        mean = sum(feed.sizes) / len(feed.sizes)
        require(round(mean) in BODY_BYTES, f"{contender}: bodies of {mean:.0f} bytes")


def total(field: Field, contender: str) -> Asked:
    """What all processes of a contender asked of the database so far."""
    return sum((asked(field.ledger(contender, stage)) for stage in STAGES), Asked())


async def finished_once(
    field: Field,
    mongo: AsyncMongoClient[dict[str, Any]],
    contender: str,
    driver: Driver,
    cases: Sequence[str],
) -> None:
    """Every turn came out once, and every stage's document has had every turn once."""
    for case in cases:
        for number in range(1, TURNS + 1):
            times = driver.taken[Turn(case, number)]
            require(times == 1, f"{contender}: turn {number} of {case} came out {times} times")
    for stage in STAGES:
        ours = contender == "ours"
        database = f"ours_{NAMES[stage]}" if ours else database_of(contender, stage)
        within = {"_id": {"$gte": min(cases), "$lte": max(cases)}}
        found = {
            stored["_id"]: stored["state"]["heard"] if ours else stored["heard"]
            async for stored in mongo[database]["cases"].find(within)
        }
        for case in cases:
            require(found.get(case) == TURNS, f"{contender} {stage}: {case} has {found.get(case)}")


def writes_said(contender: str, cases: int) -> int:
    """How many writes the turns of these cases take."""
    return cases * TURNS * len(STAGES) * WRITES_A_STAGE[contender]


def writes(contender: str, spent: Asked, cases: int) -> None:
    """Every write asked for majority and journal, and there were as many as are said.

    Ours clears each document's outbox once it has fallen quiet: once per document at the least.
    """
    require(spent.journaled == spent.writes, f"{contender}: writes without majority and journal")
    said = writes_said(contender, cases)
    clearing = range(cases * len(STAGES), said + 1) if contender == "ours" else range(1)
    require(spent.writes - said in clearing, f"{contender}: {spent.writes} writes, said: {said}")
