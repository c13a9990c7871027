"""The watchdog: progress, not connection, decides whether a service is well.

Invariant: a consumer that gets nothing although its inbox takes messages, and a sweeper that does
not come round, end the process; its successor declares and subscribes anew. A broker or a store
that is away ends nothing: waiting for it is right.

A broker may keep a connection and drop the consumer on it (its queue was deleted and made again),
and then everything looks healthy. So the service puts a probe into its own inbox every few seconds
and expects something to come out of it: the probe, or whatever was in front of it. A probe says
when it was sent: as long as the latest has not come out, what lies there is at least as old as the
time since the last one that did. The dead queue, where mostly nothing lies, is looked at instead.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

from chassis import clock
from chassis.clock import Now, epoch_ms
from chassis.publisher import InboxGone, NotPublished, Refused
from chassis.queues import Probe

log = structlog.get_logger()

LOOK_SECONDS = 1.0
PROBE_SECONDS = 5.0
STALL_SECONDS = 20.0
SWEEP_SECONDS = 60.0
UNSENT_SECONDS = 60.0
LETTERS_SECONDS = 30.0
UNBURIED_SECONDS = 75.0
TIMES_GONE = 2
"""Once may be a broker that has just come back empty, and we declare the inbox in a moment."""
EXIT_SECONDS = 15.0
EXIT_CODE = 70


class Probed(Protocol):
    """What the watchdog needs of the bus."""

    @property
    def progressed_at(self) -> float:
        """When something from the service's own queue was done with, in the loop's time."""

    @property
    def inbox(self) -> str | None:
        """The service's own queue."""

    @property
    def probed(self) -> int:
        """When the latest probe was sent that came out of it, in epoch milliseconds."""

    @property
    def buried_at(self) -> float:
        """When something from the dead queue was stored, in the loop's time."""

    async def probe(self, probe: Probe) -> None:
        """Put a probe into it; raises NotPublished, InboxGone when it is not there any more."""

    async def letters_lie(self) -> bool:
        """Whether something lies in the dead queue; raises ConnectionError."""


def end_process() -> None:
    """Ask this process to stop, and make sure that it does: whoever started it starts it again."""
    os.kill(os.getpid(), signal.SIGTERM)
    timer = threading.Timer(EXIT_SECONDS, os._exit, (EXIT_CODE,))
    timer.daemon = True
    timer.start()


class Watchdog:
    """Looks every second; tells what stalls; ends the process when it stalls too long."""

    def __init__(
        self,
        bus: Probed,
        swept_at: Callable[[], float],
        store_answers: Callable[[], Awaitable[bool]],
        broker_answers: Callable[[], Awaitable[bool]],
        end: Callable[[], None] = end_process,
        *,
        now: Now = clock.now,
        probe_seconds: float = PROBE_SECONDS,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._probe_seconds = probe_seconds
        self._stall_seconds = stall_seconds
        self._bus = bus
        self._swept_at = swept_at
        self._store_answers = store_answers
        self._broker_answers = broker_answers
        self._end = end
        self._now = now
        self._probed_at: float | None = None
        self._first_sent = self._last_sent = 0
        self._lie_since: float | None = None
        self._next_letters = 0.0
        self._unsent_since: float | None = None
        self._sends = True
        self._next_probe = 0.0
        self._gone = 0
        self.ended_for: str | None = None

    @property
    def waited(self) -> float:
        """Seconds since when the inbox has given nothing although something lies in it."""
        if self._probed_at is None:
            return 0.0
        return max(0.0, self._time() - max(self._probed_at, self._bus.progressed_at))

    @property
    def oldest(self) -> float:
        """Seconds since when what lies in the inbox may have lain there, as the probes tell.

        Several replicas share them: each sees some, and whichever comes out was behind all that
        were sent before.
        """
        out = self._bus.probed
        if self._last_sent <= out:
            return 0.0
        return max(0, epoch_ms(self._now()) - max(self._first_sent, out)) / 1000

    @property
    def unburied(self) -> float:
        """Seconds since when the dead queue has given nothing although something lies in it."""
        if self._lie_since is None:
            return 0.0
        return max(0.0, self._time() - max(self._lie_since, self._bus.buried_at))

    @property
    def sends(self) -> bool:
        """Whether the last probe was taken by the broker, or there was none yet."""
        return self._sends

    @property
    def sweep_lag(self) -> float:
        """Seconds since the sweeper last came round."""
        return max(0.0, self._time() - self._swept_at())

    @property
    def stalled(self) -> str | None:
        """What does not progress; None when all is well."""
        if self._gone >= TIMES_GONE:
            return "inbox"
        if self.waited > self._stall_seconds:
            return "consumer"
        if self.sweep_lag > SWEEP_SECONDS:
            return "sweeper"
        if self._unsent_since is not None and self._time() - self._unsent_since > UNSENT_SECONDS:
            return "publisher"
        if self.unburied > UNBURIED_SECONDS:
            return "letters"
        return None

    async def run(self) -> None:
        """Watch until the process ends."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """One look: probe if it is time, and judge."""
        now = self._time()
        if self._probed_at is not None and self._bus.progressed_at >= self._probed_at:
            self._probed_at = None
        if self._probed_at is None and now >= self._next_probe:
            await self._probe()
        if now >= self._next_letters:
            await self._look_for_letters()
        stalled = self.stalled
        if stalled is not None and self.ended_for is None:
            await self._judge(stalled)

    async def _probe(self) -> None:
        self._next_probe = self._time() + self._probe_seconds
        sent_at, probe = self._time(), Probe(epoch_ms(self._now()))
        try:
            with suppress(Refused):  # it is full: no probe is needed for something to come out
                await self._bus.probe(probe)
        except InboxGone:
            self._sends = False
            self._gone += 1
        except NotPublished:
            self._sends = False
            self._unsent_since = self._unsent_since or sent_at
            self._next_probe = 0.0  # at the next look: nobody is to pass us by longer than it lasts
        else:
            self._sends, self._unsent_since, self._gone = True, None, 0
            if self._bus.inbox is not None:
                self._probed_at, self._last_sent = sent_at, probe.sent
                self._first_sent = self._first_sent or probe.sent

    async def _look_for_letters(self) -> None:
        self._next_letters = self._time() + LETTERS_SECONDS
        with suppress(ConnectionError):
            lie = await self._bus.letters_lie()
            self._lie_since = (self._lie_since or self._time()) if lie else None

    async def _judge(self, stalled: str) -> None:
        """A stall that an outage explains is none; the time begins anew when that is over."""
        if not await self._store_answers() or not await self._broker_answers():
            self._probed_at = self._unsent_since = self._lie_since = None
            self._gone = 0
            return
        self.ended_for = stalled
        log.critical("process-ends-itself", stalled=stalled)
        self._end()

    def _time(self) -> float:
        return asyncio.get_running_loop().time()
