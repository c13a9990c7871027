"""Which of the broker's nodes a connection uses, and when a channel is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest
from aio_pika.robust_connection import RobustConnection

from chassis.nodes import (
    ELECTION_SECONDS,
    LEAST_REST_SECONDS,
    REFUSED_SECONDS,
    Patience,
    Route,
    parse_nodes,
    with_heartbeats,
)

NODES = ("amqp://a:b@one:5672/v", "amqp://a:b@two:5673/v", "amqp://a:b@three:5674/v")


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("amqp://host/", ["amqp://host/"]),
        ("amqp://a:b@host:5672/%2Fv?heartbeat=3", ["amqp://a:b@host:5672/%2Fv?heartbeat=3"]),
        ("amqp://a:b,c@host/", ["amqp://a:b,c@host/"]),  # a comma in the password is no node
        ("amqps://a:b@[::1]:5671/", ["amqps://a:b@[::1]:5671/"]),
        (
            "amqp://a:b,c@one:1,two,[::1]:3/v?heartbeat=3",
            [
                "amqp://a:b,c@one:1/v?heartbeat=3",
                "amqp://a:b,c@two/v?heartbeat=3",
                "amqp://a:b,c@[::1]:3/v?heartbeat=3",
            ],
        ),
    ],
)
def test_address_gives_one_url_per_node(url: str, nodes: list[str]) -> None:
    assert list(parse_nodes(url)) == nodes


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "begins with"),
        ("broker:5672", "begins with"),
        ("mongodb://broker", "begins with"),
        ("amqp://a:canary@one,two:port/", "node 2 "),
        ("amqp://a:canary@one:1,,three/", "node 2 "),
        ("amqp://a:canary@one:1,two:2,/", "node 3 "),
        ("amqp://a:canary@one:99999/", "node 1 "),
        ("amqp://a:canary@one:1,amqp://a:canary@two:2/", "node "),
    ],
)
def test_address_that_names_no_nodes_is_refused_without_its_password(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refusal:
        parse_nodes(url)
    assert "canary" not in str(refusal.value)


def test_several_nodes_are_asked_for_a_quicker_heartbeat_than_one() -> None:
    assert with_heartbeats(["amqp://one/"]) == ("amqp://one/?heartbeat=10",)
    assert with_heartbeats(["amqp://one/", "amqp://two/?heartbeat=30"]) == (
        "amqp://one/?heartbeat=4",
        "amqp://two/?heartbeat=30",
    )


@pytest.fixture
async def connection() -> AsyncIterator[aio_pika.abc.AbstractRobustConnection]:
    made = RobustConnection(aio_pika.connection.URL(f"{NODES[0]}?heartbeat=7"))
    yield made
    await made.close()


async def test_lost_connection_goes_from_node_to_node_and_round(
    connection: RobustConnection,
) -> None:
    route = Route(NODES, pause_seconds=0)
    hosts = []
    for _ in range(4):
        await route.lost(connection, OSError())
        hosts.append(connection.url.host)
    assert hosts == ["two", "three", "one", "two"]
    assert str(connection.url) == "amqp://a:b@two:5673/v?heartbeat=7"


async def test_connection_lost_twice_for_one_reason_goes_on_once(
    connection: RobustConnection,
) -> None:
    """Two nodes: turning twice would lead back to the one that does not work."""
    route, reason = Route(NODES[:2], pause_seconds=0), OSError()
    await route.lost(connection, reason)
    await route.lost(connection, reason)
    assert connection.url.host == "two"


async def test_next_node_is_not_tried_before_a_leader_is_chosen(
    connection: RobustConnection,
) -> None:
    began = asyncio.get_running_loop().time()
    await Route(NODES).lost(connection, OSError())
    assert asyncio.get_running_loop().time() - began > 0.9


async def test_one_node_is_returned_to_at_once(connection: RobustConnection) -> None:
    async with asyncio.timeout(ELECTION_SECONDS - 0.1):
        await Route(NODES[:1]).lost(connection, OSError())
    assert connection.url.host == "one"


async def test_connection_that_is_closed_by_us_goes_nowhere(connection: RobustConnection) -> None:
    await connection.close()
    async with asyncio.timeout(ELECTION_SECONDS - 0.1):
        await Route(NODES).lost(connection, None)
    assert connection.url.host == "one"


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_kind_that_is_refused_for_seconds_exhausts_patience_once() -> None:
    time = Time()
    patience = Patience(time)
    assert not patience.exhausted("made")
    time.now += REFUSED_SECONDS - 0.1
    assert not patience.exhausted("made")
    time.now += 0.1
    assert patience.exhausted("made")
    assert not patience.exhausted("made")


def test_confirmation_of_a_kind_restores_patience_with_it_and_no_other() -> None:
    time = Time()
    patience = Patience(time)
    patience.exhausted("made")
    patience.exhausted("renamed")
    time.now += REFUSED_SECONDS
    patience.confirmed("made")
    assert not patience.exhausted("made")
    assert patience.exhausted("renamed")


def test_what_does_not_help_is_tried_ever_less_often() -> None:
    time = Time()
    patience = Patience(time)
    given_up = []
    while time.now < 100 + 8 * LEAST_REST_SECONDS:
        if patience.exhausted("made"):
            given_up.append(time.now - 100)
        time.now += 1
    first, second, third, fourth = given_up
    assert second - first == LEAST_REST_SECONDS
    assert third - second == 2 * LEAST_REST_SECONDS
    assert fourth - third == 4 * LEAST_REST_SECONDS
