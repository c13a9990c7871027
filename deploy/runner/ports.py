"""Ports: finding free ones, and naming who holds one that is needed.

Free ports are taken from below the kernel's own range for outgoing connections, so that no
connection made between the choice and the start can take one.
"""

import random
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.runner.errors import RunnerError

LOOPBACK = "127.0.0.1"
LOWEST = 20000
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class PortTaken(RunnerError):
    """A fixed port is held by another process; the message names both."""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Choose `count` different ports that nobody listens on now."""
    highest = 32767
    with suppress(OSError, ValueError):
        highest = int(_KERNEL_RANGE.read_text().split()[0]) - 1
    low, high = (LOWEST, highest) if highest > LOWEST + 1000 else (LOWEST, 60999)
    chosen: list[int] = []
    for port in random.sample(range(low, high + 1), high - low + 1):
        if _is_free(port):
            chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise PortTaken(f"no {count} free ports between {low} and {high}")


def owner_of(port: int) -> str:
    """Say which process listens on `port`, as far as this user may see."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr and connection.laddr.port == port and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f"process {connection.pid} ({name})"
    return "a process of another user"


def require_free(ports: Mapping[str, int]) -> None:
    """Raise PortTaken, naming every port of `ports` that is held, by whom and what needed it."""
    taken = [
        f"port {port}, needed by {name}, is held by {owner_of(port)}"
        for name, port in ports.items()
        if not _is_free(port)
    ]
    if taken:
        raise PortTaken("; ".join(taken))
