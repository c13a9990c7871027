"""The whole system as processes, once for all system tests; what `make up` starts."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.demo.__main__ import directory_known
from deploy.demo.office import Wire
from deploy.demo.people import Person, invent
from deploy.demo.staff import Staff, hire
from deploy.runner.system import System, free_service_ports
from tests.conftest import ServerUrls


@dataclass
class Region:
    """A running system with everyone who works in it."""

    system: System
    staff: Staff
    wire: Wire
    fail_points: Path
    numbers: Iterator[int]
    run: str

    def person(self) -> Person:
        """Somebody nobody has heard of yet."""
        return invent(next(self.numbers))


@pytest.fixture(scope="session")
def fail_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a test arms the points at which a process dies."""
    return tmp_path_factory.mktemp("fail-points")


@pytest.fixture(scope="session")
def system(servers: ServerUrls, fail_points: Path) -> Iterator[System]:
    """All services on the session's servers, with databases of their own."""
    name = f"test-system-{uuid.uuid4().hex[:6]}"
    made = System(
        name,
        ports=free_service_ports(),
        amqp_url=servers.amqp_url,
        mongo_url=servers.mongo_url,
        settings={
            "OPORA_FAIL_POINTS": str(fail_points),
            "OPORA_DATABASE_PREFIX": f"s{uuid.uuid4().hex[:6]}_",
        },
    )
    with made as running:
        yield running
    shutil.rmtree(made.data_dir, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def region(system: System, fail_points: Path) -> AsyncIterator[Region]:
    """The system with its staff, once every service has its copy of the directory."""
    async with httpx.AsyncClient(timeout=30) as http:
        wire = Wire(http, system.urls)
        staff = hire(system, wire)
        await directory_known(staff.operator)
        yield Region(system, staff, wire, fail_points, count(70_000_000), uuid.uuid4().hex[:8])
