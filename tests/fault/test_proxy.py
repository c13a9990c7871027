"""The proxy does the harm it says it does, and counts it: every other fault test rests on that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.fault.proxy import Proxy
from tests.service.chassis.conftest import until

LONG = b"x" * 20_000


class Echoing:
    """A server that says everything back, and a proxy in front of it."""

    def __init__(self) -> None:
        self.heard = b""
        self.serving = 0
        self.callers: list[Caller] = []
        self.proxy: Proxy

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving += 1
        try:
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        self.serving -= 1
        writer.close()

    async def connect(self) -> Caller:
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self.proxy.port))
        self.callers.append(caller)
        return caller


class Caller:
    """A client of the echo."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes, seconds: float = 5) -> bytes:
        """What comes back for these bytes; raises TimeoutError when nothing does."""
        self.writer.write(data)
        async with asyncio.timeout(seconds):
            return await self.reader.readexactly(len(data))

    async def hears_nothing(self, data: bytes) -> None:
        with pytest.raises(TimeoutError):
            await self.ask(data, seconds=0.2)


@pytest.fixture
async def echoing() -> AsyncIterator[Echoing]:
    made = Echoing()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.proxy = Proxy(*server.sockets[0].getsockname()[:2])
    await made.proxy.start()
    yield made
    for caller in made.callers:
        caller.writer.close()
    await made.proxy.stop()
    server.close()


async def timed(caller: Caller, data: bytes) -> float:
    began = time.perf_counter()
    assert await caller.ask(data) == data
    return time.perf_counter() - began


async def test_untouched_bytes_pass_both_ways(echoing: Echoing) -> None:
    caller = await echoing.connect()
    assert await caller.ask(LONG) == LONG
    assert echoing.proxy.to_server.passed == echoing.proxy.to_client.passed == len(LONG)
    assert echoing.proxy.connections == 1


async def test_delay_and_jitter_make_each_direction_late_and_keep_the_order(
    echoing: Echoing,
) -> None:
    caller = await echoing.connect()
    echoing.proxy.to_server.delay, echoing.proxy.to_client.jitter = 0.15, 0.1
    assert await timed(caller, b"one") >= 0.15
    text = b"".join(b"%04d" % number for number in range(100))
    for start in range(0, len(text), 4):
        caller.writer.write(text[start : start + 4])
        await asyncio.sleep(0)
    assert await caller.reader.readexactly(len(text)) == text
    assert echoing.proxy.to_server.delayed >= 1
    assert echoing.proxy.to_client.delayed >= 1


async def test_throttle_lets_no_more_through_than_it_says(echoing: Echoing) -> None:
    caller = await echoing.connect()
    echoing.proxy.to_client.bytes_per_second = 40_000
    assert await timed(caller, LONG) >= 0.45
    assert echoing.proxy.to_client.throttled >= 0.45
    assert echoing.proxy.to_server.throttled == 0


@pytest.mark.parametrize("reset", [True, False])
async def test_cut_ends_what_is_open_and_lets_new_ones_through(
    echoing: Echoing, reset: bool
) -> None:
    caller = await echoing.connect()
    await caller.ask(b"one")
    assert echoing.proxy.cut(reset=reset) == 1
    if reset:
        with pytest.raises(ConnectionResetError):
            await caller.reader.read(1)
    else:
        assert await caller.reader.read(1) == b""
    assert await (await echoing.connect()).ask(b"two") == b"two"
    assert (echoing.proxy.cuts, echoing.proxy.accepted) == (1, 2)


async def test_refusing_proxy_takes_nobody_until_it_starts_again(echoing: Echoing) -> None:
    echoing.proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await echoing.connect()
    await echoing.proxy.start()
    assert await (await echoing.connect()).ask(b"one") == b"one"


async def test_stranded_connection_stays_and_carries_nothing(echoing: Echoing) -> None:
    caller = await echoing.connect()
    await caller.ask(b"one")
    assert echoing.proxy.strand() == 1
    await caller.hears_nothing(b"two")
    await until(lambda: echoing.proxy.to_server.swallowed == 3)
    assert echoing.heard == b"one"
    caller.writer.close()  # nor does the server hear that its caller has gone
    await asyncio.sleep(0.1)
    assert echoing.serving == 1
    assert await (await echoing.connect()).ask(b"three") == b"three"


async def test_one_direction_vanishes_alone(echoing: Echoing) -> None:
    caller = await echoing.connect()
    echoing.proxy.to_client.vanish = True
    await caller.hears_nothing(b"one")
    await until(lambda: echoing.proxy.to_client.swallowed == 3)
    assert echoing.heard == b"one"
    assert (echoing.proxy.to_server.swallowed, echoing.proxy.to_client.swallowed) == (0, 3)


async def test_frozen_bytes_wait_and_then_move_on(echoing: Echoing) -> None:
    caller = await echoing.connect()
    echoing.proxy.freeze()
    await caller.hears_nothing(b"one")
    echoing.proxy.thaw()
    assert await caller.reader.readexactly(3) == b"one"


async def test_lost_reply_was_asked_for_and_its_connection_ends(echoing: Echoing) -> None:
    other, caller = await echoing.connect(), await echoing.connect()
    loss = echoing.proxy.lose_reply(b"needle")
    assert await other.ask(b"hay") == b"hay"
    caller.writer.write(b"a nee")
    await caller.reader.readexactly(5)
    caller.writer.write(b"dle!")
    assert await caller.reader.read(1) == b""
    assert loss.done.is_set()
    assert echoing.heard == b"haya needle!"
    assert await other.ask(b"needle") == b"needle"  # once only


async def test_lost_request_never_arrives_and_its_connection_stays(echoing: Echoing) -> None:
    caller = await echoing.connect()
    loss = echoing.proxy.lose_request(b"needle")
    await caller.hears_nothing(b"a needle")
    await until(loss.done.is_set)
    assert echoing.heard == b""
    assert echoing.proxy.connections == 1


async def test_lost_notice_is_missed_alone(echoing: Echoing) -> None:
    caller = await echoing.connect()
    loss = echoing.proxy.lose_notice(b"needle")
    await caller.hears_nothing(b"a needle")
    await until(loss.done.is_set)
    assert echoing.heard == b"a needle"
    assert await caller.ask(b"needle") == b"needle"


async def test_notice_that_is_watched_for_is_seen_and_passes(echoing: Echoing) -> None:
    caller = await echoing.connect()
    seen = echoing.proxy.watch_for(b"needle")
    assert await caller.ask(b"hay") == b"hay"
    assert not seen.seen.is_set()
    assert await caller.ask(b"needle") == b"needle"
    assert seen.seen.is_set()
