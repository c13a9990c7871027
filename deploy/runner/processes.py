"""Runs several programs under supervisor, and answers for their end.

Supervisor restarts what dies. This module adds what it leaves open: nothing outlives the runner
(every process is tied to its parent by the kernel, and every one carries a mark in its environment
by which stopping finds and verifies even those that left the process tree), and a program that does
not become ready is reported with the end of its log.
"""

import hashlib
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psutil

from deploy.runner import tether
from deploy.runner.errors import RunnerError
from deploy.runner.signals import undisturbed

MARK = "OPORA_RUNNER"
STOP_SECONDS = 25.0
_LONGEST_SOCKET_PATH = 100
_STARTS_TO_GIVE_UP_AFTER = 4

_SUPERVISOR_SECTIONS = """\
[supervisord]
nodaemon=true
logfile={log_dir}/supervisord.log
logfile_maxbytes=0
pidfile={data_dir}/supervisord.pid
childlogdir={log_dir}

[unix_http_server]
file={control}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM_SECTION = """\
[program:{name}]
command={command}
priority={priority}
autostart=false
autorestart={restarted}
startsecs=1
startretries=100000
stopwaitsecs=10
stopasgroup={group}
killasgroup=true
redirect_stderr=true
stdout_logfile={log_dir}/{name}.log
stdout_logfile_maxbytes=0
"""


class NotReady(RunnerError):
    """A program did not come up; the message ends with the tail of its log."""


class LeftBehind(RunnerError):
    """Processes survived being stopped; should never be seen."""


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    `ready` is a URL asked until it answers: tcp:// (accepts a connection), http:// (status 200).
    `stale` files are removed before each start. `group` says whether the stop signal goes to the
    program's whole process group, `restarted` whether the program is started again when it ended.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: str
    priority: int = 999
    directory: Path = field(default_factory=Path.cwd)
    stale: Sequence[Path] = ()
    group: bool = True
    restarted: bool = True


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
            _control_socket(self._data_dir).unlink(missing_ok=True)

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
        with _rpc(_control_socket(self._data_dir)) as server:
            return getattr(server.supervisor, method)(*arguments)


def start(data_dir: Path, programs: Sequence[Program]) -> Running:
    """Start a supervisor for `programs`, none of which is begun yet.

    Only from the main thread: the kernel ties a child to the thread that made it, not the process.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("programs are started from the main thread only")
    command = _supervisor_command(data_dir, programs)
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
        with suppress(OSError), _rpc(_control_socket(data_dir)) as server:
            server.supervisor.getState()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReady(
                "supervisor did not start; its log ends:\n"
                + tail(data_dir / "log" / "supervisord.out")
            )
        time.sleep(0.02)


def _supervisor_command(data_dir: Path, programs: Sequence[Program]) -> list[str]:
    log_dir, program_dir = data_dir / "log", data_dir / "programs"
    for directory in (log_dir, program_dir):  # those of an earlier run are of no more use
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    control = _control_socket(data_dir)
    control.unlink(missing_ok=True)
    sections = [_SUPERVISOR_SECTIONS.format(data_dir=data_dir, log_dir=log_dir, control=control)]
    for program in programs:
        command = shlex.join(_tethered(program, data_dir))
        sections.append(
            _PROGRAM_SECTION.format(
                name=program.name,
                command=command,
                priority=program.priority,
                group=str(program.group).lower(),
                restarted=str(program.restarted).lower(),
                log_dir=log_dir,
            )
        )
    configuration = data_dir / "supervisord.conf"
    # Supervisor expands %(...)s in values; a path may hold a per cent sign.
    configuration.write_text("\n".join(sections).replace("%", "%%"), encoding="utf-8")
    supervisor = Program(
        name="supervisord",
        command=(sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)),
        environment=os.environ,
        ready="",
        directory=data_dir,
    )
    return _tethered(supervisor, data_dir, parent=os.getpid())


def _tethered(program: Program, data_dir: Path, parent: int | None = None) -> list[str]:
    """The command that becomes `program`. One with a `parent` is the supervisor itself.

    It is told politely when the runner is gone, so that it can stop the rest, and adopts what they
    leave behind: in a container there may be no init that would.
    """
    description = {
        "command": list(program.command),
        "environment": {**program.environment, MARK: str(data_dir)},
        "directory": str(program.directory),
        "stale": [str(file) for file in program.stale],
        "signal": signal.SIGTERM if parent else signal.SIGKILL,
        "parent": parent,
        "adopts": parent is not None,
    }
    file = data_dir / "programs" / f"{program.name}.json"
    _write_private(file, json.dumps(description, indent=2))
    return [sys.executable, "-I", "-S", tether.__file__, str(file)]


def _write_private(file: Path, text: str) -> None:
    """Programs' environments hold tokens and keys."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _control_socket(data_dir: Path) -> Path:
    """In the data directory, unless its path is longer than the kernel takes for a socket."""
    wanted = data_dir / "supervisor.sock"
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"opora-{os.getuid()}-{digest}.sock"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        self._connection = (host, _UnixConnection(self._path))
        return self._connection[1]


def _rpc(path: Path) -> xmlrpc.client.ServerProxy:
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path))


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
