"""A network link that can be taken down: a namespace joined to this one by a pair of devices.

Addresses come from the range kept for measurements (198.18.0.0/15), which nobody routes.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Link:
    """The link between here (near) and the namespace (far)."""

    namespace: str
    near_device: str
    far_device: str
    near_address: str
    far_address: str

    @property
    def enter(self) -> tuple[str, ...]:
        """What a command is put behind, to run at the far end."""
        return ("ip", "netns", "exec", self.namespace)

    def down(self) -> None:
        """Take the link down: what is sent is lost, and nobody is told."""
        _ip("-n", self.namespace, "link", "set", self.far_device, "down")

    def up(self) -> None:
        """Put the link up again."""
        _ip("-n", self.namespace, "link", "set", self.far_device, "up")

    def is_up(self) -> bool:
        """Whether the far end says that it is up."""
        return "state UP" in _ip("-n", self.namespace, "link", "show", self.far_device)


@contextmanager
def linked() -> Iterator[Link]:
    """A namespace with a link to it, until the block is left."""
    if os.geteuid() != 0:
        pytest.fail("A partition needs network namespaces, which only root may make.")
    _require_ip()
    number = random.randrange(2**15)
    net = f"198.{18 + number // 2**14}.{number // 64 % 256}"
    first = number % 64 * 4
    name = f"opora-{os.getpid()}-{number}"
    link = Link(name, f"on{number}", f"of{number}", f"{net}.{first + 1}", f"{net}.{first + 2}")
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as refused:
        pytest.fail(f"A partition needs network namespaces, not permitted here: {refused.stderr}")
    try:
        _join(link)
        yield link
    finally:
        _ip("netns", "delete", name)


def _require_ip() -> None:
    """Install what makes namespaces, where it is missing."""
    if shutil.which("ip") is None and shutil.which("apt-get") is not None:
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "iproute2"]):
            subprocess.run(["apt-get", *words], stdin=subprocess.DEVNULL, check=False, timeout=300)
    if shutil.which("ip") is None:
        pytest.fail("A partition needs `ip`, and it could not be installed: package iproute2.")


def _join(link: Link) -> None:
    inside = ("-n", link.namespace)
    _ip("link", "add", link.near_device, "type", "veth", "peer", "name", link.far_device)
    _ip("link", "set", link.far_device, "netns", link.namespace)
    _ip("address", "add", f"{link.near_address}/30", "dev", link.near_device)
    _ip(*inside, "address", "add", f"{link.far_address}/30", "dev", link.far_device)
    _ip(*inside, "link", "set", "lo", "up")
    _ip("link", "set", link.near_device, "up")
    _ip(*inside, "link", "set", link.far_device, "up")


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout
