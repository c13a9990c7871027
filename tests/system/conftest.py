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
def system(fail_points: Path) -> Iterator[System]:
    """All services, on a broker of their own where none is given.

    Other tests delete the inboxes of these very names; and RabbitMQ 3.10 whose inbox is deleted in
    the moment it is declared takes no declaration any more until it is started again.
    """
    name = f"test-system-{uuid.uuid4().hex[:6]}"
    made = System(
        name,
        ports=free_service_ports(),
        settings={
            "OPORA_FAIL_POINTS": str(fail_points),
            "OPORA_DATABASE_PREFIX": f"s{uuid.uuid4().hex[:6]}_",
        },
    )
    with made as running:
        yield running
    shutil.rmtree(made.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(system: System) -> ServerUrls:
    """The broker and the database that the system uses."""
    return ServerUrls(system.amqp_url, system.mongo_url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def region(system: System, fail_points: Path) -> AsyncIterator[Region]:
    """The system with its staff, once every service has its copy of the directory."""
    async with httpx.AsyncClient(timeout=30) as http:
        wire = Wire(http, system.urls)
        staff = hire(system, wire)
        await directory_known(staff.operator)
        yield Region(system, staff, wire, fail_points, count(70_000_000), uuid.uuid4().hex[:8])
