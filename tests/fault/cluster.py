"""RabbitMQ as one or three local processes that a test may kill, freeze, restart and wipe, by name.

    async with clustered() as cluster:
        settings = make_settings(servers, keys, amqp_url=cluster.url())
        leader = await cluster.leader("echo.inbox")
        await cluster.kill(leader)
        await cluster.start(leader)

Nothing restarts what a test has ended; leaving the block ends everything, thawed or not. A queue
must be two seconds old before a node is killed: Ra writes its list of queues late.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from deploy.runner.broker import Node, require_scripts
from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.processes import Running, start
from deploy.runner.servers import data_dir_of
from deploy.runner.tokens import Credentials
from tests.fault.link import Link, linked
from tests.service.chassis.conftest import until

SETTLING_SECONDS = 2.5
"""How old a queue's declaration must be before anything may crash."""
BOOT_SECONDS = 90.0
TICK_SECONDS = 8
"""Erlang's net_ticktime: a peer that says nothing for so long is taken to be away. Until then
nobody can bind anything on any node, so no client that has lost its connection gets on."""
SETTINGS = (
    # Part of a cluster that lost touch with the rest stops, rather than live a life of its own.
    "cluster_partition_handling = pause_minority\n"
    "loopback_users.guest = false\n"
    "default_user = guest\n"
    "default_pass = guest\n"
)


class Cluster:
    """Nodes that are running. Made by `clustered` or `partitionable`."""

    def __init__(self, nodes: Sequence[Node], running: Running, scripts: Path) -> None:
        self._nodes = {node.program: node for node in nodes}
        self._running = running
        self._scripts = scripts

    @property
    def names(self) -> list[str]:
        """What the nodes are called here: node1, node2, …"""
        return list(self._nodes)

    def others(self, *names: str) -> list[str]:
        """The nodes except these."""
        return [name for name in self._nodes if name not in names]

    def url(self, *first: str, heartbeat: int | None = None) -> str:
        """The address of all nodes; clients try those named here first."""
        order = [*first, *self.others(*first)]
        hosts = (f"{self._nodes[name].address}:{self._nodes[name].port}" for name in order)
        parts = urlsplit(self._nodes[order[0]].url)
        query = f"heartbeat={heartbeat}" if heartbeat else ""
        return urlunsplit(parts._replace(netloc=f"guest:guest@{','.join(hosts)}", query=query))

    def url_of(self, name: str) -> str:
        """The address of one node alone."""
        return self._nodes[name].url

    def pid(self, name: str) -> int:
        """The node's process; 0 while there is none."""
        return self._running.pid(name)

    def is_frozen(self, name: str) -> bool:
        """Whether the node's process is stopped by SIGSTOP."""
        pid = self.pid(name)
        return bool(pid) and psutil.Process(pid).status() == psutil.STATUS_STOPPED

    async def kill(self, *names: str) -> None:
        """End nodes as a crash would (-9); returns when their processes are gone."""
        await self._end(names, signal.SIGKILL)

    async def stop(self, *names: str) -> None:
        """End nodes in order; returns when their processes are gone."""
        await self._end(names, signal.SIGTERM)

    async def freeze(self, *names: str) -> None:
        """Have nodes hang, with their connections open."""
        for name in names:
            os.kill(self.pid(name), signal.SIGSTOP)
        await until(lambda: all(self.is_frozen(name) for name in names), 5)

    async def thaw(self, *names: str) -> None:
        """Have frozen nodes go on."""
        for name in names:
            os.kill(self.pid(name), signal.SIGCONT)

    async def thaw_all(self) -> None:
        """Have all nodes go on: what is frozen does not hear that it is to end."""
        await self.thaw(*(name for name in self.names if self.is_frozen(name)))

    async def start(self, *names: str, seconds: float = BOOT_SECONDS) -> None:
        """Start nodes that were ended, together; returns when they take connections."""
        if not names:
            return
        self._running.begin(names)
        await asyncio.to_thread(self._running.wait_ready, names, seconds)

    def erase(self, *names: str) -> None:
        """Remove all that nodes which were ended have stored; of all nodes when none is named.

        Some of a cluster cannot be erased alone: those that are left would remember them.
        """
        for name in names or self.names:
            assert self.pid(name) == 0, f"{name} still runs"
            shutil.rmtree(self._nodes[name].data)
            self._nodes[name].data.mkdir()

    async def wipe(self) -> None:
        """Stop all nodes, remove all they have stored, start them again: queues, exchanges, all."""
        await self.stop(*self.names)
        self.erase()
        await self.start(*self.names)
        await self.whole()

    async def restore(self) -> None:
        """Undo whatever a test did: thaw, start, and wait until the cluster is whole."""
        await self.thaw_all()
        await self.start(*(name for name in self.names if self.pid(name) == 0))
        await self.whole()

    async def peers(self, name: str) -> set[str]:
        """The nodes that this one is in touch with."""
        return self._names_in(await self.ask(name, "eval", "nodes()."))

    async def whole(self, seconds: float = BOOT_SECONDS) -> None:
        """Wait until every node runs and is in touch with every other."""

        async def complete() -> bool:
            for name in self._nodes:
                if await self._serving(name) != set(self._nodes):
                    return False
            return True

        await until(complete, seconds, every=0.5)

    async def leader(self, queue: str, seen_by: str | None = None) -> str | None:
        """The node that leads a quorum queue, as far as the node asked knows; None without one."""
        asked = seen_by or next(name for name in self._nodes if self._is_up(name))
        internal = f'list_to_atom(binary_to_list(<<"%2F_{queue}">>))'
        said = await self.ask(asked, "eval", f"ra_leaderboard:lookup_leader({internal}).")
        return next(iter(self._names_in(said)), None)

    async def ask(self, name: str, *command: str, seconds: float = 30) -> str:
        """What rabbitmqctl answers for a node; raises AssertionError when it fails."""
        process = await asyncio.create_subprocess_exec(
            *(str(self._scripts / "rabbitmqctl"), "-q", *command),
            env=self._nodes[name].environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{name} does not answer: {command}") from None
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def _serving(self, name: str) -> set[str]:
        """The nodes on which, as this one knows, the broker itself runs."""
        try:
            return self._names_in(await self.ask(name, "eval", "rabbit_nodes:all_running()."))
        except AssertionError:  # it boots, or pauses
            return set()

    def _names_in(self, said: str) -> set[str]:
        return {name for name, node in self._nodes.items() if re.search(rf"{node.name}\b", said)}

    def _is_up(self, name: str) -> bool:
        return bool(self.pid(name)) and not self.is_frozen(name)

    async def _end(self, names: Sequence[str], how: signal.Signals) -> None:
        for name in names:
            os.kill(self.pid(name), how)
        await until(lambda: not any(self.pid(name) for name in names), 30)


@asynccontextmanager
async def clustered(size: int = 3) -> AsyncIterator[Cluster]:
    """A cluster on the loopback interface, whole when this returns; with size 1, a lone node."""
    names = [f"node{number}" for number in range(1, size + 1)]
    epmd, *ports = free_ports(1 + 2 * size)
    data_dir = _fresh_data_dir()
    nodes = [
        _node(data_dir, name, "localhost", LOOPBACK, ports[2 * at], ports[2 * at + 1], epmd)
        for at, name in enumerate(names)
    ]
    async with _running(data_dir, nodes, [nodes[0]]) as cluster:
        yield cluster


@asynccontextmanager
async def partitionable() -> AsyncIterator[tuple[Cluster, Link]]:
    """A cluster whose node3 lives behind a network link of its own, which may be taken down.

    Fails, saying so, where network namespaces are not permitted.
    """
    data_dir = _fresh_data_dir()
    with linked() as link:
        epmd, *ports = free_ports(7)
        near, far = link.near_address, link.far_address
        nodes = [
            _node(data_dir, "node1", near, near, *ports[0:2], epmd),
            _node(data_dir, "node2", near, near, *ports[2:4], epmd),
            _node(data_dir, "node3", far, far, *ports[4:6], epmd, link.enter),
        ]
        async with _running(data_dir, nodes, [nodes[0], nodes[2]]) as cluster:
            yield cluster, link


def _fresh_data_dir() -> Path:
    """Named as tests' data are, so that what a killed run leaves is removed by the next."""
    data_dir = data_dir_of(f"test-{os.getpid()}-{uuid.uuid4().hex[:6]}")
    data_dir.mkdir(parents=True, mode=0o700)
    return data_dir


def _node(
    data_dir: Path,
    program: str,
    host: str,
    address: str,
    port: int,
    distribution_port: int,
    epmd_port: int,
    prefix: tuple[str, ...] = (),
) -> Node:
    return Node(
        program=program,
        name=f"opora-{program}@{host}",
        home=data_dir / program,
        port=port,
        distribution_port=distribution_port,
        epmd_port=epmd_port,
        address=address,
        settings=SETTINGS,
        erlang_flags=f"-kernel net_ticktime {TICK_SECONDS}",
        prefix=prefix,
    )


@asynccontextmanager
async def _running(
    data_dir: Path, nodes: Sequence[Node], with_epmd: Sequence[Node]
) -> AsyncIterator[Cluster]:
    """Lay the nodes out as one cluster, start all, wait until it is whole; end and remove it."""
    scripts = require_scripts()
    cookie = Credentials(data_dir / "credentials").erlang_cookie
    members = "".join(
        f"cluster_formation.classic_config.nodes.{number} = {node.name}\n"
        for number, node in enumerate(nodes, start=1)
    )
    for node in nodes:
        node.lay_out(cookie)
        with (node.home / "rabbitmq.conf").open("a") as settings:
            settings.write("cluster_formation.peer_discovery_backend = classic_config\n" + members)
    epmds = [node.epmd(f"epmd-{node.program}") for node in with_epmd]
    servers = [node.server(scripts, restarted=False) for node in nodes]
    async with AsyncExitStack() as held:
        held.callback(shutil.rmtree, data_dir, ignore_errors=True)
        running = start(data_dir, [*epmds, *servers])
        held.callback(running.stop)
        cluster = Cluster(nodes, running, scripts)
        held.push_async_callback(cluster.thaw_all)
        for programs in (epmds, servers):
            await cluster.start(*(program.name for program in programs))
        await cluster.whole()
        yield cluster
