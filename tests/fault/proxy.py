"""A TCP proxy between a service and its broker or its database, that does harm when told to.

Each direction can be slowed, throttled, swallowed or held by itself, and both can be cut; all of it
is switched while connections are open. One request, one reply, one word of the server can be lost.
Every harm is counted, so that a test can assert that its fault took place.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from yarl import URL

LOOPBACK = "127.0.0.1"
CHUNK = 65536
AMQP_HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"
"""Says nothing, so it is no answer to anything."""
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing sends a reset instead of a farewell."""


@dataclass
class Flow:
    """One direction: what happens to the bytes, and what has happened to them."""

    delay: float = 0.0
    """Seconds every byte is late."""
    jitter: float = 0.0
    """Up to so many seconds more, at random; order is kept."""
    bytes_per_second: float = 0.0
    """How much gets through; 0 is no limit."""
    vanish: bool = False
    """Bytes are taken and forgotten; neither end is told."""
    passed: int = 0
    swallowed: int = 0
    delayed: int = 0
    throttled: float = 0.0
    """Seconds for which bytes were held back to keep to the limit."""
    flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.flowing.set()

    @property
    def at_once(self) -> int:
        """What passes in a twentieth of a second, so that a limit is no pulse."""
        return max(1, int(self.bytes_per_second / 20)) if self.bytes_per_second else CHUNK


class Loses(Enum):
    """What of an exchange is lost."""

    REQUEST = auto()
    REPLY = auto()
    NOTICE = auto()
    NOTHING = auto()


class Loss:
    """One loss that is to come: about the next bytes that contain `marker`."""

    def __init__(self, marker: bytes, what: Loses) -> None:
        self.marker = marker
        self.what = what
        self.seen = asyncio.Event()
        """The request, or the server's word, has come by."""
        self.done = asyncio.Event()
        """It, or its reply, was dropped."""


class Link:
    """One client's connection and the one made for it to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.ends = (client, server)
        self.stranded = False
        self.losing: Loss | None = None
        self.recent = b""

    def end(self, *, reset: bool) -> None:
        """Close both ends; by a reset if so asked."""
        for end in self.ends:
            raw: socket.socket | None = end.get_extra_info("socket")
            if reset and raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.transport.abort()
            else:
                end.close()


class Proxy:
    """Stands in front of one server."""

    def __init__(self, host: str, port: int, seed: int = 7) -> None:
        self._target = (host, port)
        self._dice = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._losses: list[Loss] = []
        self.port = 0
        self.to_server = Flow()
        self.to_client = Flow()
        self.accepted = 0
        self.cuts = 0
        self.stranded = 0

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._links)

    async def start(self) -> None:
        """Listen; after `cut`, on the same port again."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Nobody listens any more; open connections stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self, *, reset: bool = False) -> int:
        """End every open connection; whoever connects again gets through. Returns how many."""
        ended = list(self._links)
        for link in ended:
            link.end(reset=reset)
        self.cuts += len(ended)
        return len(ended)

    def shut(self) -> None:
        """Nobody listens any more, and every connection ends."""
        self.refuse()
        self.cut()

    def strand(self) -> int:
        """Half-open: from now on the open connections carry nothing, and nobody is told."""
        for link in self._links:
            link.stranded = True
        self.stranded += len(self._links)
        return len(self._links)

    def freeze(self) -> None:
        """Nothing moves either way; what is sent waits."""
        self.to_server.flowing.clear()
        self.to_client.flowing.clear()

    def thaw(self) -> None:
        """What waited moves on."""
        self.to_server.flowing.set()
        self.to_client.flowing.set()

    def lose_reply(self, marker: bytes) -> Loss:
        """Forward the next request that contains these bytes, drop its answer, end the link."""
        return self._lose(marker, Loses.REPLY)

    def lose_request(self, marker: bytes) -> Loss:
        """Drop the next request that contains these bytes; the link stays and answers nothing."""
        return self._lose(marker, Loses.REQUEST)

    def lose_notice(self, marker: bytes) -> Loss:
        """Drop the next word of the server's that contains these bytes; the link lives on."""
        return self._lose(marker, Loses.NOTICE)

    def watch_for(self, marker: bytes) -> Loss:
        """Lose nothing: only notice the server's next word that contains these bytes."""
        return self._lose(marker, Loses.NOTHING)

    def _lose(self, marker: bytes, what: Loses) -> Loss:
        self._losses.append(loss := Loss(marker, what))
        return loss

    async def stop(self) -> None:
        """Listen no more and end what is open."""
        self.refuse()
        self.thaw()
        self.cut()
        while self._links:
            await asyncio.sleep(0.01)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, server = await asyncio.open_connection(*self._target)
        except OSError:  # the server itself is away
            writer.close()
            return
        self.accepted += 1
        link = Link(writer, server)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pump(link, reader, server, self.to_server),
                self._pump(link, answers, writer, self.to_client),
            )
        finally:
            link.end(reset=False)
            self._links.discard(link)

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: Flow
    ) -> None:
        """Carry one direction; delayed bytes do not keep those behind them from being read."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)
        carrier = asyncio.create_task(self._carry(late, writer, flow))
        try:
            while data := await reader.read(CHUNK):
                await flow.flowing.wait()
                if self._is_dropped(link, data, flow):
                    flow.swallowed += len(data)
                    continue
                lateness = flow.delay + self._dice.uniform(0, flow.jitter)
                flow.delayed += lateness > 0
                await late.put((asyncio.get_running_loop().time() + lateness, data))
            await late.put((0.0, b""))
            await carrier
        except OSError:
            pass
        finally:
            carrier.cancel()
            if not link.stranded:  # else not even the end of one side reaches the other
                link.end(reset=False)

    async def _carry(
        self, late: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, flow: Flow
    ) -> None:
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(OSError):
            while (entry := await late.get())[1]:
                due, data = entry
                await asyncio.sleep(max(0.0, due - clock()))
                while data:  # the limit may be lifted meanwhile
                    piece, data = data[: flow.at_once], data[flow.at_once :]
                    if flow.bytes_per_second:
                        pause = len(piece) / flow.bytes_per_second
                        flow.throttled += pause
                        await asyncio.sleep(pause)
                    writer.write(piece)
                    await writer.drain()
                    flow.passed += len(piece)

    def _is_dropped(self, link: Link, data: bytes, flow: Flow) -> bool:
        if link.stranded or flow.vanish:
            return True
        if flow is self.to_server:
            return self._request_is_lost(link, data)
        loss = link.losing
        if loss is not None and data != AMQP_HEARTBEAT:
            loss.done.set()
            link.end(reset=False)
            return True
        notice = self._find(data, Loses.NOTICE, Loses.NOTHING)
        if notice is None:
            return False
        notice.seen.set()
        if notice.what is Loses.NOTICE:
            notice.done.set()
        return notice.what is Loses.NOTICE

    def _request_is_lost(self, link: Link, data: bytes) -> bool:
        text = link.recent + data  # a marker may be cut in two by the network
        link.recent = text[-128:]
        loss = self._find(text, Loses.REQUEST, Loses.REPLY)
        if loss is None:
            return False
        link.recent = b""
        loss.seen.set()
        if loss.what is Loses.REPLY:
            link.losing = loss
            return False
        link.stranded = True
        loss.done.set()
        return True

    def _find(self, text: bytes, *what: Loses) -> Loss | None:
        """The loss that these bytes are waited for by; it is not to come any more."""
        for loss in self._losses:
            if loss.what in what and loss.marker in text:
                self._losses.remove(loss)
                return loss
        return None


@asynccontextmanager
async def proxied(url: str, **options: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of this URL, and the URL that leads through it."""
    address = URL(url)
    proxy = Proxy(address.host or "", address.port or 0)
    await proxy.start()
    through = address.with_host(LOOPBACK).with_port(proxy.port).update_query(options)
    try:
        yield proxy, str(through)
    finally:
        await proxy.stop()
