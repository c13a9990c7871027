"""Replicas of another version beside the system's own, and who of them answers a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.demo.office import Wire
from deploy.demo.staff import Staff, hire
from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.processes import Running, start
from deploy.runner.servers import SERVICE_SECONDS
from deploy.runner.system import System
from deploy.services import SERVICES
from tests.system.conftest import Region

READERS = ("intake", "assessment", "careplan", "complaints", "registry")

FIGURES = {
    'opora_events_total{outcome="applied"}': "applied",
    'opora_events_total{outcome="unknown"}': "unknown",
    "opora_unknown_attributes_total": "attributes",
    "opora_events_published_total": "published",
}
"""What is counted of a replica, by the name on its metrics page."""


class Turns(Mapping[str, str]):
    """Addresses of the services; with several replicas each in turn answers the next request."""

    def __init__(self, *replicas: Mapping[str, str]) -> None:
        self._replicas = list(replicas)
        self._asked: Counter[str] = Counter()

    def __getitem__(self, service: str) -> str:
        able = [urls[service] for urls in self._replicas if service in urls]
        self._asked[service] += 1
        return able[self._asked[service] % len(able)]

    def __iter__(self) -> Iterator[str]:
        return iter({name for urls in self._replicas for name in urls})

    def __len__(self) -> int:
        return len(set(self))


@dataclass
class Versions:
    """Today's system and replicas of a newer version beside it."""

    region: Region
    running: Running
    urls: dict[str, str]
    http: httpx.AsyncClient

    @property
    def system(self) -> System:
        return self.region.system

    def desks(self, *replicas: Mapping[str, str]) -> Staff:
        """Everybody, at work on these replicas in turn."""
        return hire(self.system, Wire(self.http, Turns(*replicas)))

    async def figures(self, urls: Mapping[str, str]) -> Counter[str]:
        """What the replicas of one version have read, published and not known."""
        total: Counter[str] = Counter()
        for name in READERS:
            page = (await self.http.get(f"{urls[name]}/metrics")).text
            for line in page.splitlines():
                sample, _, value = line.rpartition(" ")
                if sample in FIGURES:
                    total[FIGURES[sample]] += int(float(value))
        return total


@contextmanager
def beside(system: System, tree: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """Replicas of the version in `tree` of every service of the system."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    folder = system.data_dir / "newer"
    folder.mkdir()
    running = start(folder, [system.replica(name, port, tree) for name, port in ports.items()])
    try:
        running.begin(SERVICES)
        running.wait_ready(SERVICES, SERVICE_SECONDS)
        yield running, {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
    finally:
        running.stop()
