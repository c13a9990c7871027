"""A service as a process that dies where it is told, and whose successor is forked in no time.

The processes are forked from one that has everything imported. A service answers HTTP on a socket
file. What it reaches it writes into its trail, a line for each point, before anything else
happens there; so the trail of a run without a crash is the list of places to die at.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from chassis import failpoints
from chassis.backing import REAL
from chassis.settings import ServiceSettings
from contracts.topology import READS
from tests.fault.recording import SERVICES, Fund, application

DIED = 137
QUIET_SECONDS, NUDGE_SECONDS = 0.1, 0.1
"""In place of the seconds that a sweeper waits otherwise."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A point that was reached, and what about."""

    point: str
    about: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where to die: at the n-th time that this point is reached about this."""

    point: str
    about: str
    """What `Reached.about` says; `*` stands for an id that is not known beforehand."""
    nth: int = 1


class Witness:
    """Writes the trail of a process, and arms its fail point when the place is reached."""

    def __init__(self, folder: Path, service: str) -> None:
        self._trail = os.open(folder / "trail", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._place = folder / "place"
        self._armed = folder / service
        self._times = 0

    def __call__(self, point: str, about: str) -> None:
        """Note a point before it does what it is there for."""
        os.write(self._trail, f"{point} {about}\n".encode())
        try:
            wanted, pattern, nth = self._place.read_text().split(" ")
        except FileNotFoundError:
            self._times = 0
            return
        if point != wanted or not fnmatchcase(about, pattern):
            return
        self._times += 1
        if self._times == int(nth):
            self._armed.with_name(f"{self._armed.name}.{point}").write_text(about)
            self._place.unlink()


def live(service: str, settings: ServiceSettings, folder: Path, clock: Any) -> None:
    """The life of one process, from fork to death."""
    failpoints.look_in(folder, service)
    failpoints.watched_by.set(Witness(folder, service))

    def now() -> datetime:
        return datetime.fromtimestamp(clock.value, UTC)

    app = application(service, settings, now, REAL, Fund())
    sweeper = app.state.service.sweeper
    sweeper.quiet_seconds = QUIET_SECONDS
    for collection in app.state.service.collections.values():
        collection.relay_grace_ms = 0  # the clock stands still: no grace would ever be over

    async def hurry() -> None:
        while True:
            await asyncio.sleep(NUDGE_SECONDS)
            sweeper.nudge()

    app.state.service.starting(hurry)
    config = uvicorn.Config(app, uds=str(folder / "socket"), log_config=None, lifespan="on")
    uvicorn.Server(config).run()


def context() -> ForkServerContext:
    """Where processes are forked from, with everything imported once."""
    made = multiprocessing.get_context("forkserver")
    services = [f"services.{name}.{part}" for name in SERVICES for part in ("main", "settings")]
    made.set_forkserver_preload([__name__, "uvloop", *services])
    return made


class Mortal:
    """One service, one process at a time."""

    def __init__(
        self, forks: ForkServerContext, service: str, settings: ServiceSettings, folder: Path
    ) -> None:
        folder.mkdir()
        self.service = service
        self.inbox = f"{service}.inbox"
        self.reads = service in READS
        self._forks = forks
        self._settings = settings
        self._folder = folder
        self._clock = RawValue("d", 0.0)
        self._process: BaseProcess | None = None
        self._read = 0
        self.http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(folder / "socket")),
            base_url=f"http://{service}",
            timeout=30,
        )

    def begin(self) -> None:
        """Fork a process; it takes up what its predecessor left."""
        arguments = (self.service, self._settings, self._folder, self._clock)
        self._process = self._forks.Process(target=live, args=arguments, daemon=True)
        self._process.start()

    def end(self) -> None:
        """Kill it wherever it stands."""
        if self._process is not None:
            self._process.kill()
            self._process.join(10)
            self._process.close()
            self._process = None

    def set_clock(self, moment: datetime) -> None:
        """The service's time, which stands still until it is set again."""
        self._clock.value = moment.timestamp()

    def trail(self) -> list[Reached]:
        """What was reached since this was asked last."""
        with (self._folder / "trail").open() as lines:
            lines.seek(self._read)
            text = lines.read()
            self._read = lines.tell()
        return [Reached(*line.split(" ", 1)) for line in text.splitlines()]

    def arm(self, place: Place) -> None:
        """Have it die there."""
        written = self._folder / "place.new"
        written.write_text(f"{place.point} {place.about} {place.nth}")
        written.rename(self._folder / "place")

    @property
    def dead(self) -> bool:
        """Whether its process has ended, wherever that was."""
        return self._process is None or not self._process.is_alive()

    async def died(self, seconds: float = 60) -> None:
        """Wait until it died where it was to; fail if it did not, or of something else."""
        process = self._process
        assert process is not None
        await _ended(process.sentinel, seconds)
        process.join(1)
        code, left = process.exitcode, self._armed()
        assert (code, left) == (DIED, []), f"{self.service}: exit code {code}, still armed: {left}"
        process.close()
        self._process = None

    def _armed(self) -> list[str]:
        names = {"place", *(f"{self.service}.{point}" for point in failpoints.POINTS)}
        return sorted(file.name for file in self._folder.iterdir() if file.name in names)

    def disarm(self) -> None:
        """Take away what is still armed."""
        for name in self._armed():
            (self._folder / name).unlink()

    async def close(self) -> None:
        """End it for good."""
        self.end()
        await self.http.aclose()


async def _ended(sentinel: int, seconds: float) -> None:
    """Wait until a process has ended, as its sentinel tells; return when it did or time is over."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sentinel, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return
    finally:
        loop.remove_reader(sentinel)
