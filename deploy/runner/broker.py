"""Private RabbitMQ nodes: found or installed, and described as programs to run.

They share nothing with a RabbitMQ that is already on the machine: own ports, own node names, own
epmd, own cookie, own data; the package's own service is neither used nor started. The runner needs
one node; what tries several describes each as a `Node`.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.errors import RunnerError
from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.program import Program

INSTALLER = Path(__file__).with_name("install-rabbitmq.sh")
PACKAGED = Path("/usr/lib/rabbitmq/lib")

SPARING = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""A scheduler that is idle sleeps: it would keep others from the processor that it waits for."""
# Few schedulers: the node shares a small machine with ten other processes.
# No shell on standard input; no epmd of Erlang's own making, which would outlive the node.
ERLANG_FLAGS = f"-noinput -start_epmd false +S 2:2 {SPARING}"


class BrokerMissing(RunnerError):
    """There is no RabbitMQ and none could be installed; the message says what to do."""


def find_scripts(packaged: Path = PACKAGED) -> Path | None:
    """The directory of RabbitMQ's own start scripts: RABBITMQ_HOME's, else the package's newest.

    Not those on the PATH: they insist on being root or the rabbitmq user.
    """
    if home := os.environ.get("RABBITMQ_HOME"):
        return Path(home) / "sbin" if (Path(home) / "sbin" / "rabbitmq-server").exists() else None
    found = packaged.glob("rabbitmq_server-*/sbin/rabbitmq-server")
    newest = max(found, default=None, key=lambda script: _version(script.parts[-3]))
    return newest.parent if newest else None


def require_scripts(packaged: Path = PACKAGED) -> Path:
    """Find RabbitMQ's scripts, installing the package first where that is allowed."""
    if scripts := find_scripts(packaged):
        return scripts
    if "RABBITMQ_HOME" in os.environ:
        raise BrokerMissing("RABBITMQ_HOME is set, but there is no sbin/rabbitmq-server in it.")
    _install()
    if scripts := find_scripts(packaged):
        return scripts
    raise BrokerMissing(f"RabbitMQ was installed, but not below {packaged}: set RABBITMQ_HOME.")


def _version(directory: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", directory)]


def _install() -> None:
    advice = (
        "Opora needs RabbitMQ (3.10 or newer). Do one of these and try again:\n"
        f"  - as somebody who may install: sudo sh {os.path.relpath(INSTALLER)}\n"
        "  - set RABBITMQ_HOME to the directory of an unpacked RabbitMQ (with Erlang on the PATH)\n"
        "  - set OPORA_AMQP_URL to a broker that is already running"
    )
    if shutil.which("apt-get") is None:
        raise BrokerMissing(f"RabbitMQ is missing, and this system has no apt-get.\n{advice}")
    command = ["sh", str(INSTALLER)]
    if os.geteuid() != 0:
        if not _may_sudo():
            raise BrokerMissing(
                f"RabbitMQ is missing, and this user may not install it without a word.\n{advice}"
            )
        command = ["sudo", "-n", *command]
    print("Installing RabbitMQ from the system's packages ...", file=sys.stderr, flush=True)
    # Standard output stays the runner's own: `make token` and others are read by machines.
    installation = subprocess.run(  # noqa: S603 -- our own words
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )
    if installation.returncode:
        raise BrokerMissing(f"Installing RabbitMQ failed, see above.\n{advice}")


def _may_sudo() -> bool:
    sudo = shutil.which("sudo")
    if sudo is None:
        return False
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)  # noqa: S603
    return asked.returncode == 0


@dataclass(frozen=True)
class Broker:
    """A node that is ready to be run: where it will answer and the programs it consists of."""

    url: str
    programs: tuple[Program, ...]


@dataclass(frozen=True)
class Node:
    """One node: its names, files, ports and place. `environment` is also that of its own tools."""

    program: str
    """What the runner calls it."""
    name: str
    """What Erlang calls it, name@host; its data belongs to this name, not to its ports."""
    home: Path
    port: int
    distribution_port: int
    epmd_port: int
    address: str = LOOPBACK
    """The interface it listens on, for clients and other nodes."""
    settings: str = ""
    """Further lines of rabbitmq.conf."""
    erlang_flags: str = ""
    prefix: tuple[str, ...] = ()
    """What its command is put behind, to have it run elsewhere."""

    @property
    def url(self) -> str:
        """Where its clients connect."""
        return f"amqp://guest:guest@{self.address}:{self.port}/"

    @property
    def environment(self) -> dict[str, str]:
        """Everything the node's scripts are told."""
        interface = self.address.replace(".", ",")
        return {
            "HOME": str(self.home),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": self.address,
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_USE_LONGNAME": "true" if "." in self.name.partition("@")[2] else "false",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.data),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG": "warning",  # until the configuration file has been read
            "RABBITMQ_CONFIG_FILE": str(self.home / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_PID_FILE": str(self.home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"{ERLANG_FLAGS} -kernel inet_dist_use_interface {{{interface}}} "
                f"{self.erlang_flags}".rstrip()
            ),
            "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 {SPARING}",
            # Makes the script replace itself by Erlang: supervisor's child is the node itself.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    @property
    def data(self) -> Path:
        """All it stores."""
        return self.home / "mnesia"

    def lay_out(self, cookie: str) -> None:
        """Write its files; nothing is started."""
        for directory in (self.data, self.home / "log"):
            directory.mkdir(parents=True, exist_ok=True)
        _write_cookie(self.home / ".erlang.cookie", cookie)
        (self.home / "enabled_plugins").write_text("[].\n")
        (self.home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {self.address}:{self.port}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "log.file = false\n"
            "vm_memory_high_watermark.absolute = 400MB\n"
            "disk_free_limit.absolute = 50MB\n" + self.settings
        )

    def epmd(self, program: str = "epmd") -> Program:
        """The name server that nodes of this address and port share."""
        return Program(
            name=program,
            command=(
                *self.prefix,
                *("epmd", "-address", self.address, "-port", str(self.epmd_port)),
            ),
            environment=self.environment,
            ready=f"tcp://{self.address}:{self.epmd_port}",
            priority=10,
            directory=self.home,
        )

    def server(self, scripts: Path, *, restarted: bool = True) -> Program:
        """The node itself."""
        return Program(
            name=self.program,
            command=(*self.prefix, str(scripts / "rabbitmq-server")),
            environment=self.environment,
            ready=f"tcp://{self.address}:{self.port}",
            priority=20,
            directory=self.home,
            group=False,
            restarted=restarted,
        )


def prepare_broker(data_dir: Path, name: str, cookie: str) -> Broker:
    """Lay out a single node's files under `data_dir` on free ports; nothing is started."""
    scripts = require_scripts()
    port, distribution_port, epmd_port = free_ports(3)
    node = Node(
        program="broker",
        name=f"opora-{re.sub('[^a-z0-9-]', '-', name.lower())}@localhost",
        home=data_dir / "broker",
        port=port,
        distribution_port=distribution_port,
        epmd_port=epmd_port,
    )
    node.lay_out(cookie)
    return Broker(node.url, (node.epmd(), node.server(scripts)))


def _write_cookie(file: Path, cookie: str) -> None:
    file.unlink(missing_ok=True)  # it is read-only, as Erlang demands
    file.touch(mode=0o600)
    file.write_text(cookie)
    file.chmod(0o400)
