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
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psutil

from deploy.runner import tether
from deploy.runner.signals import undisturbed

MARK = "OPORA_RUNNER"
STOP_SECONDS = 25.0
_LONGEST_SOCKET_PATH = 100
_STARTS_TO_GIVE_UP_AFTER = 4


class NotReady(Exception):
    """A program did not come up; the message ends with the tail of its log."""


class LeftBehind(Exception):
    """Processes survived being stopped; should never be seen."""


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    `ready` is a URL asked until it answers: amqp:// (greets), tcp:// (accepts), http:// (status 200).
    `stale` files are removed before each start. `group` says whether the stop signal goes to the
    program's whole process group.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: str
    priority: int = 999
    directory: Path = field(default_factory=Path.cwd)
    stale: Sequence[Path] = ()
    group: bool = True


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
    """Programs under one supervisor. Made by `start`; ended by `stop`, which may be called twice."""

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
                self._process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_SECONDS)
            sweep(self._data_dir)
            self._process.wait(5)
            _control_socket(self._data_dir).unlink(missing_ok=True)

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
    sweep(data_dir, patience=STOP_SECONDS)  # a runner killed -9 just now may still be winding down
    configuration = _write_configuration(data_dir, programs)
    parent = os.getpid()
    with (data_dir / "log" / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)],
            env={**os.environ, MARK: str(data_dir)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the runner's to hear
            preexec_fn=lambda: tether.tie_to_parent(parent, signal.SIGTERM),
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


def _write_configuration(data_dir: Path, programs: Sequence[Program]) -> Path:
    log_dir, program_dir = data_dir / "log", data_dir / "programs"
    for directory in (log_dir, program_dir):
        directory.mkdir(parents=True, exist_ok=True)
    control = _control_socket(data_dir)
    control.unlink(missing_ok=True)
    sections = [
        f"""[supervisord]
nodaemon=true
logfile={log_dir}/supervisord.log
logfile_maxbytes=0
pidfile={data_dir}/supervisord.pid
childlogdir={log_dir}
strip_ansi=false

[unix_http_server]
file={control}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    ]
    for program in programs:
        description = program_dir / f"{program.name}.json"
        _write_private(description, _describe(program, data_dir))
        command = shlex.join([sys.executable, "-I", "-S", tether.__file__, str(description)])
        sections.append(
            f"""[program:{program.name}]
command={command.replace("%", "%%")}
priority={program.priority}
autostart=false
autorestart=true
startsecs=1
startretries=100000
stopwaitsecs=10
stopasgroup={str(program.group).lower()}
killasgroup=true
redirect_stderr=true
stdout_logfile={log_dir}/{program.name}.log
stdout_logfile_maxbytes=0
"""
        )
    configuration = data_dir / "supervisord.conf"
    _write_private(configuration, "\n".join(sections))
    return configuration


def _describe(program: Program, data_dir: Path) -> str:
    return json.dumps(
        {
            "command": list(program.command),
            "environment": {**program.environment, MARK: str(data_dir)},
            "directory": str(program.directory),
            "stale": [str(file) for file in program.stale],
        },
        indent=2,
    )


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


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(10)
        connection.sock.connect(str(self._path))
        return connection


def _rpc(path: Path) -> xmlrpc.client.ServerProxy:
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path))


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    try:
        if parts.scheme == "http":
            connection = http.client.HTTPConnection(*address, timeout=5)
            connection.request("GET", parts.path)
            return connection.getresponse().status == http.client.OK
        with socket.create_connection(address, timeout=2) as probe:
            if parts.scheme == "amqp":
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"
            return True
    except (OSError, http.client.HTTPException):
        return False


def wipe(data_dir: Path) -> None:
    """Remove a data directory whose processes are gone."""
    sweep(data_dir, patience=STOP_SECONDS)
    shutil.rmtree(data_dir, ignore_errors=True)
