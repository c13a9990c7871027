"""How supervisor is configured, and how it is spoken to: XML-RPC over a socket file."""

import hashlib
import http.client
import os
import shlex
import shutil
import socket
import sys
import tempfile
import xmlrpc.client
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.runner.program import Program, tethered

_LONGEST_SOCKET_PATH = 100

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


def supervisor_command(data_dir: Path, programs: Sequence[Program]) -> list[str]:
    """The command that runs supervisor for these programs, its configuration written."""
    log_dir, program_dir = data_dir / "log", data_dir / "programs"
    for directory in (log_dir, program_dir):  # those of an earlier run are of no more use
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    control = control_socket(data_dir)
    control.unlink(missing_ok=True)
    sections = [_SUPERVISOR_SECTIONS.format(data_dir=data_dir, log_dir=log_dir, control=control)]
    for program in programs:
        command = shlex.join(tethered(program, data_dir))
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
    return tethered(supervisor, data_dir, parent=os.getpid())


def control_socket(data_dir: Path) -> Path:
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


def rpc(path: Path) -> xmlrpc.client.ServerProxy:
    """The supervisor that listens at this socket."""
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(path))
