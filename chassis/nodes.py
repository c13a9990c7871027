"""The broker's nodes: which of them a connection uses, and when it goes on to the next.

Invariant: a connection that is lost, or that is up and confirms nothing, is made again to another
node, and never before the queues that the lost node led have had time to choose a new leader. With
one node nothing of this happens: its connection is made again to where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from aio_pika import Connection
from aio_pika.abc import AbstractConnection
from yarl import URL

ELECTION_SECONDS = 1.0
"""A leader is chosen in some 0.2 s. A channel that publishes to its queue for the first time before
that is refused (RabbitMQ 3.10) until the node that is gone has come back."""
HEARTBEAT_SECONDS = 10
HEARTBEAT_SECONDS_OF_SEVERAL = 4  # the sooner a dead node is noticed, the sooner another is used
UNCONFIRMED_SECONDS = 3.0
LEAST_REST_SECONDS, LONGEST_REST_SECONDS = 10.0, 300.0
LEAVE_SECONDS = 5.0


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
        return bool(URL(node).host) or not of_several
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


async def leave(connection: AbstractConnection) -> None:
    """Give up a connection that is up but of no use: it is lost, and made again."""
    transport = connection.transport
    if transport is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                await transport.connection.close(ConnectionError("nothing is confirmed"))


@dataclass(slots=True)
class _Trouble:
    since: float
    times: int = 0
    rest: float = LEAST_REST_SECONDS


class Patience:
    """Says when a connection that is up, but on which nothing is confirmed, is to be left.

    Judged by kind of event (routing key), because one kind lies in the same queues each time: what
    is refused for one says nothing of another. A queue that is full refuses on every node: the
    more often leaving has not helped, the longer it is not tried again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}
        self._rests_until = 0.0

    def now(self) -> float:
        """The time by which it judges, in seconds."""
        return self._clock()

    def confirmed(self, kind: str) -> None:
        """An event of this kind was confirmed."""
        self._troubles.pop(kind, None)

    def exhausted(self, kind: str, sent: float) -> bool:
        """An event of this kind, sent at that time, was not confirmed: whether it is enough."""
        trouble = self._troubles.setdefault(kind, _Trouble(since=sent))
        trouble.times += 1
        now = self._clock()
        if trouble.times < 2 or now - trouble.since < UNCONFIRMED_SECONDS:
            return False
        if now < self._rests_until:
            return False
        self._rests_until = now + trouble.rest
        trouble.rest = min(trouble.rest * 2, LONGEST_REST_SECONDS)
        trouble.since, trouble.times = now, 0
        return True
