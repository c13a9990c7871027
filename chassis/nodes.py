"""The broker's nodes: which of them a connection uses, and when it goes on to the next.

Invariant: a connection that is lost is made again to another node, and never before the queues
that the lost node led have had time to choose a new leader. A node that hangs is lost when its
heartbeats fail. With one node nothing of this happens: its connection returns to where it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from aio_pika import Connection
from aio_pika.abc import AbstractConnection, AbstractRobustChannel
from aiormq.exceptions import AMQPError
from faststream.exceptions import FastStreamException
from yarl import URL

log = structlog.get_logger()

ELECTION_SECONDS = 1.0
"""A leader is chosen in some 0.2 s. A channel that publishes to its queue for the first time before
that is refused (RabbitMQ 3.10) until the node that is gone has come back."""
HEARTBEAT_SECONDS = 10
HEARTBEAT_SECONDS_OF_SEVERAL = 4  # the sooner a dead node is noticed, the sooner another is used
REFUSED_SECONDS = 3.0
LEAST_REST_SECONDS, LONGEST_REST_SECONDS = 10.0, 300.0
CONNECT_SECONDS = 5.0  # a node that hangs is passed over, where there is another

GONE = (AMQPError, FastStreamException, OSError, TimeoutError, RuntimeError)
"""What says that the broker did not do as asked, or that the connection to it is gone."""


def parse_nodes(url: str) -> tuple[str, ...]:
    """One URL per node of `amqp://user:password@host:port,host:port/vhost`; raises ValueError.

    As in MongoDB's URLs: everything but hosts and ports is the same for all nodes of a cluster.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"amqp", "amqps"}:
        raise ValueError("the broker's address begins with amqp:// or amqps://")
    user, at, hosts = parts.netloc.rpartition("@")
    nodes = tuple(urlunsplit(parts._replace(netloc=user + at + host)) for host in hosts.split(","))
    for number, node in enumerate(nodes, start=1):
        if not _is_address(node, of_several=len(nodes) > 1):
            raise ValueError(f"node {number} of the broker's address is not host:port")
    return nodes


def _is_address(node: str, *, of_several: bool) -> bool:
    try:
        URL(node)
        return not of_several or (bool(URL(node).host) and not urlsplit(node).netloc.endswith(":"))
    except ValueError:
        return False


def with_heartbeat(url: str, seconds: int = HEARTBEAT_SECONDS) -> str:
    """The URL with a heartbeat: the client's own default notices a dead broker after minutes."""
    address = URL(url)
    if "heartbeat" in address.query:
        return url
    return str(address.update_query(heartbeat=str(seconds)))


def with_heartbeats(nodes: Sequence[str]) -> tuple[str, ...]:
    """Each node's URL with a heartbeat."""
    seconds = HEARTBEAT_SECONDS if len(nodes) == 1 else HEARTBEAT_SECONDS_OF_SEVERAL
    return tuple(with_heartbeat(node, seconds) for node in nodes)


class Route:
    """Where one connection goes: to one node after another."""

    def __init__(self, nodes: Sequence[str], pause_seconds: float = ELECTION_SECONDS) -> None:
        self._nodes = tuple(nodes)
        self._pause_seconds = pause_seconds
        self._at = 0
        self._told: BaseException | None = None

    @property
    def node(self) -> str:
        """The URL of the node it is at."""
        return self._nodes[self._at]

    @property
    def forks(self) -> bool:
        """Whether there is another node to go to."""
        return len(self._nodes) > 1

    def turn(self) -> None:
        """Go on to the next node."""
        self._at = (self._at + 1) % len(self._nodes)

    async def lost(
        self, connection: AbstractConnection | None, reason: BaseException | None = None
    ) -> None:
        """To be called when the connection is lost or was not made; awaited before the next try."""
        if not isinstance(connection, Connection) or not self.forks or connection.close_called:
            return
        # One that was made but could not be used is told twice, with the same reason: turning
        # twice would lead back to the same of two nodes.
        if reason is None or reason is not self._told:
            self._told = reason
            self.turn()
            node = URL(self.node)
            connection.url = connection.url.with_host(node.host or "").with_port(node.port)
        await asyncio.sleep(self._pause_seconds)


def connection_settings(route: Route, service: str) -> dict[str, Any]:
    """How a service's connection on this route is made, and made again. Of several nodes each is
    tried at the start for a while only: what is called when a connection is lost comes into force
    once there is one."""
    return {
        "reconnect_interval": 0.5 if route.forks else 1.0,
        "fail_fast": route.forks,
        "timeout": CONNECT_SECONDS if route.forks else None,
        "app_id": f"opora-{service}",
        "logger": logging.getLogger(f"opora.{service}.bus"),
        "log_level": logging.DEBUG,
        "on_close": [route.lost],
    }


@dataclass(slots=True)
class _Trouble:
    since: float
    times: int = 0
    rest: float = LEAST_REST_SECONDS


class Patience:
    """Says when a channel on which events are refused is to be opened anew.

    Judged by kind of event (routing key), because one kind lies in the same queues each time: what
    is refused for one says nothing of another. A queue that is full refuses on every channel: the
    more often a new one has not helped, the longer it is not tried again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}
        self._rests_until = 0.0

    def confirmed(self, kind: str) -> None:
        """An event of this kind was confirmed."""
        self._troubles.pop(kind, None)

    def exhausted(self, kind: str) -> bool:
        """An event of this kind was refused: whether it is enough."""
        now = self._clock()
        trouble = self._troubles.setdefault(kind, _Trouble(since=now))
        trouble.times += 1
        if trouble.times < 2 or now - trouble.since < REFUSED_SECONDS or now < self._rests_until:
            return False
        self._rests_until = now + trouble.rest
        trouble.rest = min(trouble.rest * 2, LONGEST_REST_SECONDS)
        trouble.since, trouble.times = now, 0
        return True


async def open_anew(channel: AbstractRobustChannel) -> None:
    """Put a new channel in place of this one; what waits on the old one still gets its answer.

    Tried until it succeeds: a channel that could not be opened is not tried again by itself.
    """
    while True:
        try:
            return await channel.reopen()
        except GONE as failure:
            log.warning("channel-not-opened", error=type(failure).__name__)
            await asyncio.sleep(1.0)
