"""A process may die at any fail point of any work: it ends as if nothing had happened (P1)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import aio_pika
import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient

from chassis.failpoints import POINTS
from tests.conftest import ServerUrls
from tests.fault.crash_points import Enumeration, Row
from tests.fault.mortal import Mortal, context
from tests.fault.recording import SERVICES, settings_of, town
from tests.fault.theatre import Theatre
from tests.fault.travel import travel
from tests.fault.works import Seeds, Work, background, works_of
from tests.service.stack import Stack, stacked


@dataclass(frozen=True, slots=True)
class Stage:
    """All kinds of work, and where they are played."""

    stack: Stack
    channel: aio_pika.abc.AbstractChannel
    client: AsyncMongoClient[dict[str, Any]]
    forks: ForkServerContext
    folder: Path
    works: dict[str, list[Work]]
    always: dict[str, Seeds]
    runs: Iterator[int] = field(default_factory=count)

    @asynccontextmanager
    async def theatre(self, service: str) -> AsyncIterator[Theatre]:
        """A service in a process that may die, with an empty database."""
        run = uuid.uuid4().hex[:8]
        settings = settings_of(self.stack, service, self.folder / "empty", f"d{run}_")
        mortal = Mortal(self.forks, service, settings, self.folder / f"{service}-{run}")
        theatre = Theatre(
            mortal,
            self.client[f"d{run}_{service}"],
            self.channel,
            self.stack.spy,
            self.always[service],
        )
        try:
            await theatre.open()
            yield theatre
        finally:
            await mortal.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    servers: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """Histories are recorded, the services that wrote them are gone."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "empty").mkdir()
    forks = context()
    async with stacked(servers, folder) as stack:
        async with town(stack, folder / "rows") as there:
            await travel(there)
        recording = there.recording
        works = {name: works_of(name, app, recording) for name, app in there.apps.items()}
        always = {name: background(name, recording) for name in there.apps}
        async with (
            await aio_pika.connect(servers.amqp_url) as connection,
            AsyncMongoClient[dict[str, Any]](servers.mongo_url) as client,
        ):
            channel = await connection.channel()
            yield Stage(stack, channel, client, forks, folder, works, always)


async def enumerate_deaths(
    stage: Stage, service: str, works: Sequence[Work], report_row: Callable[[Row], None]
) -> None:
    """Every place of these works; each must end as without a crash, and no point be missing."""
    rows: list[Row] = []
    async with stage.theatre(service) as theatre:
        enumeration = Enumeration(theatre, stage.runs)
        for work in works:
            row = await enumeration.of(work)
            report_row(row)
            rows.append(row)
    assert [row.work for row in rows] == [work.name for work in works]
    assert [fault for row in rows for fault in row.faults] == []
    assert [row.work for row in rows if not row.complete] == []
    reached = {point for row in rows for point in POINTS if row.survived[point]}
    assert reached == set(POINTS) - _never(rows)


def _never(rows: Sequence[Row]) -> set[str]:
    """Points that none of the works has any use for."""
    return {point for point in POINTS if all(row.cell(point) == "-" for row in rows)}


def one_of_each(works: Sequence[Work]) -> list[Work]:
    """A handler that speaks and one that is silent; a command where no handler speaks."""
    handlers = [work for work in works if work.event is not None]
    speaking = [work for work in handlers if work.speaks]
    silent = [work for work in handlers if not work.speaks]
    commands = [work for work in works if work.call is not None]
    return [*(speaking or commands)[:1], *silent[:1]]


@pytest.mark.parametrize("service", SERVICES)
async def test_crash_at_every_point_of_a_speaking_and_a_silent_work_changes_nothing(
    stage: Stage, service: str, report_row: Callable[[Row], None]
) -> None:
    await enumerate_deaths(stage, service, one_of_each(stage.works[service]), report_row)


@pytest.mark.long
@pytest.mark.timeout(2700)
@pytest.mark.parametrize("service", SERVICES)
async def test_crash_at_every_point_of_every_work_changes_nothing(
    stage: Stage, service: str, report_row: Callable[[Row], None]
) -> None:
    await enumerate_deaths(stage, service, stage.works[service], report_row)
