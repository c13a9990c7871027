"""Broker and database on one machine, and whatever else is run beside them.

The servers whose URLs stand in the environment are used; own ones are started only for what is
missing. Everything that a run keeps lies in one folder, and one lock says that it runs.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.runner.broker import prepare_broker
from deploy.runner.database import prepare_database
from deploy.runner.lock import Lock
from deploy.runner.processes import STOP_SECONDS, Running, start, sweep
from deploy.runner.program import Program
from deploy.runner.signals import interrupt_raises, termination_unwinds, undisturbed
from deploy.runner.tokens import Credentials

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"

BROKER_SECONDS = 180.0  # some five seconds on an idle machine; a loaded one gets the benefit
SERVICE_SECONDS = 180.0


def data_dir_of(name: str) -> Path:
    """Where the system of this name keeps everything."""
    return LOCAL / name


def lock_of(name: str) -> Lock:
    """The lock that the running system of this name holds."""
    return Lock(LOCAL / f"{name}.lock")


class Servers:
    """Broker and database, running within a `with` block and gone after it."""

    def __init__(
        self,
        name: str,
        *,
        fresh: bool = True,
        amqp_url: str | None = None,
        mongo_url: str | None = None,
    ) -> None:
        self.name = name
        self.data_dir = data_dir_of(name)
        self.amqp_url = amqp_url or os.environ.get("OPORA_AMQP_URL", "")
        self.mongo_url = mongo_url or os.environ.get("OPORA_MONGO_URL", "")
        self._fresh = fresh
        self._held = ExitStack()
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """The programs; only within the `with` block."""
        if self._running is None:
            raise RuntimeError(f"'{self.name}' is not running")
        return self._running

    @property
    def log_dir(self) -> Path:
        """One file per program."""
        return self.data_dir / "log"

    def pid(self, program: str) -> int:
        """The process id of a program now; 0 while it is down."""
        return self.running.pid(program)

    def wait_ready(self, *programs: str, seconds: float = SERVICE_SECONDS) -> None:
        """Return when these programs (all, when none is named) answer; else raise NotReady."""
        self.running.wait_ready(programs or self.running.names, seconds)

    def stop(self) -> None:
        """End everything, verify that it is gone, let go of the name. Leaving the block does it."""
        with undisturbed():
            self._held.close()
            self._running = None

    def __enter__(self) -> Self:
        with interrupt_raises(), ExitStack() as held:
            held.enter_context(termination_unwinds())
            held.enter_context(lock_of(self.name))
            # What a runner that was killed -9 had started may still be winding down.
            sweep(self.data_dir, patience=STOP_SECONDS)
            self._require_ports()
            if self._fresh:
                shutil.rmtree(self.data_dir, ignore_errors=True)
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._running = held.enter_context(self._run())
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @contextmanager
    def _run(self) -> Iterator[Running]:
        credentials = Credentials(self.data_dir / "credentials")
        servers = self._server_programs(credentials)
        applications = self._application_programs(credentials)
        running = start(self.data_dir, [*servers, *applications])
        try:
            for programs in (servers, applications):
                names = [program.name for program in programs]
                running.begin(names)
                running.wait_ready(names, BROKER_SECONDS)
            yield running
        finally:
            running.stop()

    def _require_ports(self) -> None:
        pass

    def _server_programs(self, credentials: Credentials) -> list[Program]:
        programs: list[Program] = []
        if not self.amqp_url:
            broker = prepare_broker(self.data_dir, self.name, credentials.erlang_cookie)
            self.amqp_url = broker.url
            programs += broker.programs
        if not self.mongo_url:
            database = prepare_database(self.data_dir)
            self.mongo_url = database.url
            programs.append(database.program)
        return programs

    def _application_programs(self, credentials: Credentials) -> list[Program]:
        return []
