"""A private RabbitMQ node: found or installed, and described as programs to run.

It shares nothing with a RabbitMQ that is already on the machine: own ports, own node name, own
epmd, own cookie, own data; the package's own service is neither used nor started.
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
from deploy.runner.processes import Program

INSTALLER = Path(__file__).with_name("install-rabbitmq.sh")
PACKAGED = Path("/usr/lib/rabbitmq/lib")

# Few schedulers that sleep when idle: the node shares a small machine with ten other processes.
# No shell on standard input; no epmd of Erlang's own making, which would outlive the node.
ERLANG_FLAGS = (
    "-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} "
    "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
)


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


def prepare_broker(data_dir: Path, name: str, cookie: str) -> Broker:
    """Lay out a node's files under `data_dir` on free ports; nothing is started."""
    scripts = require_scripts()
    port, distribution_port, epmd_port = free_ports(3)
    home = data_dir / "broker"
    for directory in (home / "mnesia", home / "log"):
        directory.mkdir(parents=True, exist_ok=True)
    _write_cookie(home / ".erlang.cookie", cookie)
    (home / "enabled_plugins").write_text("[].\n")
    (home / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = {LOOPBACK}:{port}\n"
        "log.console = true\n"
        "log.console.level = warning\n"
        "log.file = false\n"
        "vm_memory_high_watermark.absolute = 400MB\n"
        "disk_free_limit.absolute = 50MB\n"
    )
    environment = {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_CRASH_DUMP_SECONDS": "0",
        # The data belongs to the name, not to the port, which is another one at each start.
        "RABBITMQ_NODENAME": f"opora-{re.sub('[^a-z0-9-]', '-', name.lower())}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_LOG": "warning",  # until the configuration file has been read
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_FLAGS,
        # Makes the script replace itself by Erlang, so that supervisor's child is the node itself.
        "RABBITMQ_ALLOW_INPUT": "1",
    }
    epmd = Program(
        name="epmd",
        command=("epmd", "-address", LOOPBACK, "-port", str(epmd_port)),
        environment=environment,
        ready=f"tcp://{LOOPBACK}:{epmd_port}",
        priority=10,
        directory=home,
    )
    node = Program(
        name="broker",
        command=(str(scripts / "rabbitmq-server"),),
        environment=environment,
        ready=f"tcp://{LOOPBACK}:{port}",
        priority=20,
        directory=home,
        group=False,
    )
    return Broker(f"amqp://guest:guest@{LOOPBACK}:{port}/", (epmd, node))


def _write_cookie(file: Path, cookie: str) -> None:
    file.unlink(missing_ok=True)  # it is read-only, as Erlang demands
    file.touch(mode=0o600)
    file.write_text(cookie)
    file.chmod(0o400)
