"""Runs several programs under supervisor, and answers for their end.

Supervisor restarts what dies. This module adds what it leaves open: nothing outlives the runner
(every process is tied to its parent by the kernel, and every one carries a mark in its environment
by which stopping finds and verifies even those that left the process tree), and a program that does
not become ready is reported with the end of its log.
"""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
import xmlrpc.client
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import psutil

from deploy.runner.errors import RunnerError
from deploy.runner.program import MARK, Program
from deploy.runner.signals import undisturbed
from deploy.runner.supervisor import control_socket, rpc, supervisor_command

STOP_SECONDS = 25.0
_STARTS_TO_GIVE_UP_AFTER = 4


class NotReady(RunnerError):
    """A program did not come up; the message ends with the tail of its log."""


class LeftBehind(RunnerError):
    """Processes survived being stopped; should never be seen."""


def marked(data_dir: Path) -> list[psutil.Process]:
    """Every process, of whatever parent, that was started for `data_dir`."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid not in own and process.environ().get(MARK) == str(data_dir):
                found.append(process)
    return found


def sweep(data_dir: Path, patience: float = 3.0) -> None:
    """See every process of `data_dir` gone: wait for it, then kill it, then raise LeftBehind."""
    deadline = time.monotonic() + patience
    while remaining := marked(data_dir):
        if time.monotonic() > deadline + 5:
            raise LeftBehind(", ".join(str(process) for process in remaining))
        if time.monotonic() > deadline:
            for process in remaining:
                with suppress(psutil.Error):
                    process.kill()
        time.sleep(0.05)


class Running:
    """Programs under one supervisor. Made by `start`, ended by `stop`, however often called."""

    def __init__(
        self, data_dir: Path, programs: Sequence[Program], process: subprocess.Popen[bytes]
    ) -> None:
        self._data_dir = data_dir
        self._programs = {program.name: program for program in programs}
        self._process = process

    def begin(self, names: Iterable[str]) -> None:
        """Start these programs; returns at once."""
        for name in names:
            self._call("startProcess", name, False)

    def end(self, names: Sequence[str]) -> None:
        """Stop these programs politely, one after another, and leave them down."""
        for name in names:
            with suppress(xmlrpc.client.Fault):  # it is down already
                self._call("stopProcess", name, False)
            while self._info(name)["statename"] == "STOPPING":
                time.sleep(0.05)

    def wait_ready(self, names: Iterable[str], seconds: float) -> None:
        """Return when all answer; raise NotReady for the first that has not within the limit."""
        deadline = time.monotonic() + seconds
        starts: dict[str, set[int]] = {}
        waiting = list(names)
        while waiting:
            waiting = [name for name in waiting if not _answers(self._programs[name].ready)]
            for name in waiting:
                info = self._info(name)
                starts.setdefault(name, set()).add(int(cast(int, info["start"])))
                hopeless = len(starts[name]) > _STARTS_TO_GIVE_UP_AFTER
                if hopeless or time.monotonic() > deadline:
                    reason = "keeps ending" if hopeless else f"not ready after {seconds:.0f} s"
                    raise NotReady(
                        f"{name}: {reason}; state {info['statename']}; its log ends:\n"
                        + tail(self.log_file(name))
                    )
            if waiting:
                time.sleep(0.05)

    def pid(self, name: str) -> int:
        """The process id of a program now; 0 while it is down."""
        return int(cast(int, self._info(name)["pid"]))

    def log_file(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._data_dir / "log" / f"{name}.log"

    @property
    def names(self) -> list[str]:
        """The programs, in order of priority."""
        return sorted(self._programs, key=lambda name: self._programs[name].priority)

    def alive(self) -> bool:
        """Whether the supervisor itself still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End everything and verify that it is gone."""
        with undisturbed():
            if self._process.poll() is None:
                with suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
                    self._stop_in_order()
                self._process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_SECONDS)
            sweep(self._data_dir)
            self._process.wait(5)
            control_socket(self._data_dir).unlink(missing_ok=True)

    def _stop_in_order(self) -> None:
        """Users before what they use. Left to itself, supervisor takes a second for each."""
        deadline = time.monotonic() + STOP_SECONDS
        for priority in sorted({p.priority for p in self._programs.values()}, reverse=True):
            names = [p.name for p in self._programs.values() if p.priority == priority]
            for name in names:
                with suppress(xmlrpc.client.Fault):  # it is down already
                    self._call("stopProcess", name, False)
            while any(self._info(name)["statename"] == "STOPPING" for name in names):
                if time.monotonic() > deadline:
                    return
                time.sleep(0.05)

    def _info(self, name: str) -> dict[str, object]:
        return cast(dict[str, object], self._call("getProcessInfo", name))

    def _call(self, method: str, *arguments: object) -> object:
        with rpc(control_socket(self._data_dir)) as server:
            return getattr(server.supervisor, method)(*arguments)


def start(data_dir: Path, programs: Sequence[Program]) -> Running:
    """Start a supervisor for `programs`, none of which is begun yet.

    Only from the main thread: the kernel ties a child to the thread that made it, not the process.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("programs are started from the main thread only")
    command = supervisor_command(data_dir, programs)
    with (data_dir / "log" / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own words
            command,
            env={**os.environ, MARK: str(data_dir)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the runner's to hear
        )
    running = Running(data_dir, programs, process)
    try:
        _wait_for_supervisor(data_dir, process)
    except BaseException:
        running.stop()
        raise
    return running


def tail(file: Path, lines: int = 25) -> str:
    """The last lines of a log, or a word that there is none."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(empty)"


def _wait_for_supervisor(data_dir: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while True:
        with suppress(OSError), rpc(control_socket(data_dir)) as server:
            server.supervisor.getState()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReady(
                "supervisor did not start; its log ends:\n"
                + tail(data_dir / "log" / "supervisord.out")
            )
        time.sleep(0.02)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    try:
        if parts.scheme == "http":
            with closing(http.client.HTTPConnection(*address, timeout=5)) as connection:
                connection.request("GET", parts.path)
                return connection.getresponse().status == http.client.OK
        with socket.create_connection(address, timeout=2):
            return True
    except (OSError, http.client.HTTPException):
        return False
