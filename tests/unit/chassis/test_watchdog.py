"""The watchdog ends a process that makes no progress, and none that waits for an outage."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis import watchdog
from chassis.publisher import InboxGone, NotPublished, Refused
from chassis.queues import Probe
from chassis.watchdog import Watchdog


class FakeBus:
    """An inbox that gives out what is put into it, or does not."""

    def __init__(self) -> None:
        self.inbox: str | None = "sample.inbox"
        self.progressed_at = self.buried_at = 0.0
        self.probed = 0
        self.delivers = True
        self.failure: Exception | None = None
        self.probes = 0
        self.lying: list[Probe] = []
        self.letters: bool | None = False

    async def probe(self, probe: Probe) -> None:
        self.probes += 1
        if self.failure is not None:
            raise self.failure
        self.lying.append(probe)
        if self.delivers:
            self.deliver(len(self.lying))

    def deliver(self, count: int) -> None:
        """So many of the probes that lie in the inbox come out."""
        for probe in self.lying[:count]:
            self.progressed_at = asyncio.get_running_loop().time()
            self.probed = probe.sent
        del self.lying[:count]

    async def letters_lie(self) -> bool:
        if self.letters is None:
            raise ConnectionError
        return self.letters


class Watched:
    """A watchdog over a fake bus, with a loop whose time is moved by hand."""

    def __init__(self) -> None:
        self.bus = FakeBus()
        self.store = self.broker = True
        self.ended = 0
        self.swept_at = self.time = 1000.0
        loop = asyncio.get_running_loop()
        loop.time = lambda: self.time  # type: ignore[method-assign]
        self.dog = Watchdog(
            self.bus,
            lambda: self.swept_at,
            self._store,
            self._broker,
            self._end,
            now=lambda: datetime.fromtimestamp(self.time, UTC),
        )

    async def _store(self) -> bool:
        return self.store

    async def _broker(self) -> bool:
        return self.broker

    def _end(self) -> None:
        self.ended += 1

    async def pass_by(self, seconds: int, *, sweeping: bool = True) -> None:
        for _ in range(seconds):
            self.time += 1
            self.swept_at = self.time if sweeping else self.swept_at
            await self.dog.look()


@pytest.fixture
def own_loop() -> asyncio.AbstractEventLoop:
    """A loop of the test's own: its clock is replaced."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_consumer_that_gets_its_probes_is_left_alone(own_loop: asyncio.AbstractEventLoop) -> None:
    async def run() -> None:
        watched = Watched()
        await watched.pass_by(120)
        assert (watched.dog.stalled, watched.ended) == (None, 0)
        assert 120 / watchdog.PROBE_SECONDS - 1 <= watched.bus.probes <= 25

    own_loop.run_until_complete(run())


def test_consumer_that_gets_nothing_ends_the_process_once(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.delivers = False
        await watched.pass_by(int(watchdog.STALL_SECONDS))
        assert (watched.dog.stalled, watched.ended) == (None, 0)
        await watched.pass_by(5)
        assert (watched.dog.stalled, watched.ended) == ("consumer", 1)
        await watched.pass_by(30)
        assert watched.ended == 1

    own_loop.run_until_complete(run())


def test_busy_consumer_whose_inbox_is_full_is_left_alone(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    """A full inbox takes no probe; overload is no time to end processes."""

    async def run() -> None:
        watched = Watched()
        watched.bus.failure = Refused("DeliveryError")
        for _ in range(60):
            await watched.pass_by(2)
            watched.bus.progressed_at = watched.time
        assert (watched.dog.stalled, watched.ended) == (None, 0)

    own_loop.run_until_complete(run())


def test_consumer_that_gets_nothing_of_a_full_inbox_ends_the_process(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.failure = Refused("DeliveryError")
        await watched.pass_by(int(watchdog.STALL_SECONDS) + 5)
        assert (watched.dog.stalled, watched.ended) == ("consumer", 1)

    own_loop.run_until_complete(run())


def test_busy_consumer_whose_probe_lies_behind_a_backlog_is_left_alone(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.delivers = False
        for _ in range(60):
            await watched.pass_by(2)
            watched.bus.progressed_at = watched.time  # something else was handled
        assert (watched.dog.stalled, watched.ended) == (None, 0)

    own_loop.run_until_complete(run())


@pytest.mark.parametrize("away", ["store", "broker"])
def test_outage_ends_no_process_and_afterwards_time_begins_anew(
    own_loop: asyncio.AbstractEventLoop, away: str
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.delivers = False
        setattr(watched, away, False)
        await watched.pass_by(300)
        assert watched.ended == 0
        setattr(watched, away, True)
        await watched.pass_by(4)
        assert watched.ended == 0
        await watched.pass_by(60)
        assert watched.ended == 1

    own_loop.run_until_complete(run())


def test_inbox_that_is_gone_ends_the_process_at_the_second_look(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.failure = InboxGone("sample.inbox")
        await watched.pass_by(1)
        assert watched.ended == 0
        await watched.pass_by(int(watchdog.PROBE_SECONDS) + 1)
        assert (watched.dog.stalled, watched.ended) == ("inbox", 1)

    own_loop.run_until_complete(run())


def test_publisher_that_sends_nothing_though_the_broker_is_there_ends_the_process(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.failure = NotPublished("DeliveryError")
        await watched.pass_by(int(watchdog.UNSENT_SECONDS))
        assert watched.ended == 0
        await watched.pass_by(5)
        assert (watched.dog.stalled, watched.ended) == ("publisher", 1)

    own_loop.run_until_complete(run())


def test_publisher_that_sends_again_is_known_at_the_next_look(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.failure = NotPublished("ChannelInvalidStateError")
        await watched.pass_by(1)
        assert not watched.dog.sends
        watched.bus.failure = None
        await watched.pass_by(1)
        assert watched.dog.sends

    own_loop.run_until_complete(run())


def test_broker_that_takes_nothing_is_never_said_to_while_that_lasts(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    """P10: an outage ends no process, and readiness tells of it all the time."""

    async def run() -> None:
        watched = Watched()
        watched.bus.failure, watched.broker = NotPublished("TimeoutError"), False
        await watched.pass_by(1)
        for _ in range(200):
            assert not watched.dog.sends
            await watched.pass_by(1)
        assert watched.ended == 0

    own_loop.run_until_complete(run())


def test_sweeper_that_does_not_come_round_ends_the_process(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        await watched.pass_by(int(watchdog.SWEEP_SECONDS), sweeping=False)
        assert watched.ended == 0
        await watched.pass_by(2, sweeping=False)
        assert (watched.dog.stalled, watched.ended) == ("sweeper", 1)

    own_loop.run_until_complete(run())


def test_service_that_hears_nobody_expects_nothing_of_its_inbox(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.inbox, watched.bus.delivers = None, False
        await watched.pass_by(120)
        assert (watched.dog.stalled, watched.ended, watched.dog.sends) == (None, 0, True)
        assert watched.dog.oldest == 0
        assert watched.bus.probes >= 20

    own_loop.run_until_complete(run())


def test_service_that_hears_nobody_ends_when_its_publisher_sends_nothing(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    """Its outboxes would grow for ever, and its connection answers all the same (P11)."""

    async def run() -> None:
        watched = Watched()
        watched.bus.inbox, watched.bus.failure = None, NotPublished("TimeoutError")
        await watched.pass_by(5)
        assert not watched.dog.sends
        await watched.pass_by(int(watchdog.UNSENT_SECONDS) + 5)
        assert (watched.dog.stalled, watched.ended) == ("publisher", 1)

    own_loop.run_until_complete(run())


def test_age_of_a_backlog_is_that_of_the_last_probe_that_came_out(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    """Every message that is handled is progress; what lies behind it grows old all the same."""

    async def run() -> None:
        watched = Watched()
        await watched.pass_by(10)
        assert watched.dog.oldest == 0
        watched.bus.delivers = False
        for _ in range(150):
            await watched.pass_by(2)
            watched.bus.progressed_at = watched.time  # something in front of the probe
        assert 300 <= watched.dog.oldest <= 310
        assert (watched.dog.stalled, watched.dog.waited, watched.ended) == (None, 0.0, 0)
        watched.bus.deliver(len(watched.bus.lying) - 1)
        assert 0 < watched.dog.oldest <= 2 * watchdog.PROBE_SECONDS + 2
        watched.bus.deliver(1)
        assert watched.dog.oldest == 0

    own_loop.run_until_complete(run())


def test_probe_that_another_replica_got_is_known_by_a_later_one(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        watched.bus.delivers = False
        await watched.pass_by(8)
        assert watched.dog.oldest > 0
        watched.bus.probed = int(watched.time * 1000)  # one of the other's, sent since
        assert watched.dog.oldest == 0

    own_loop.run_until_complete(run())


def test_full_inbox_is_a_backlog_of_growing_age(own_loop: asyncio.AbstractEventLoop) -> None:
    async def run() -> None:
        watched = Watched()
        await watched.pass_by(10)
        watched.bus.failure = Refused("DeliveryError")
        for _ in range(60):
            await watched.pass_by(2)
            watched.bus.progressed_at = watched.time
        assert watched.dog.oldest >= 115

    own_loop.run_until_complete(run())


def test_dead_queue_out_of_which_nothing_comes_ends_the_process(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    """It was made anew under its consumer: nobody would see what could not be decoded (P11)."""

    async def run() -> None:
        watched = Watched()
        watched.bus.letters = True
        for _ in range(10):
            await watched.pass_by(60)
            watched.bus.buried_at = watched.time  # slow, but they are stored
        assert watched.ended == 0
        await watched.pass_by(int(watchdog.UNBURIED_SECONDS) + 2)
        assert (watched.dog.stalled, watched.ended) == ("letters", 1)

    own_loop.run_until_complete(run())


def test_dead_queue_that_is_empty_again_or_cannot_be_asked_about_ends_nothing(
    own_loop: asyncio.AbstractEventLoop,
) -> None:
    async def run() -> None:
        watched = Watched()
        for letters in (True, True, False, True, None, False) * 5:
            watched.bus.letters = letters
            await watched.pass_by(int(watchdog.LETTERS_SECONDS))
        assert (watched.dog.stalled, watched.ended) == (None, 0)

    own_loop.run_until_complete(run())


def ended_process(code: str, seconds: float = 30) -> int:
    """How a process ends that ends itself."""
    source = f"import time, signal\nfrom chassis import watchdog\n{code}\ntime.sleep(20)"
    return subprocess.run(
        [sys.executable, "-c", source],
        cwd=Path(__file__).resolve().parents[3],
        timeout=seconds,
        check=False,
    ).returncode


def test_process_ends_itself_by_the_stop_signal() -> None:
    assert ended_process("watchdog.end_process()") == -signal.SIGTERM


def test_process_that_does_not_stop_on_the_signal_is_ended_all_the_same() -> None:
    code = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "watchdog.EXIT_SECONDS = 0.5\n"
        "watchdog.end_process()"
    )
    assert ended_process(code) == watchdog.EXIT_CODE
