"""The directory on the real broker and store, and how its tests look at it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from services.directory.adapters.data_files import read_rows
from services.directory.directory import Directory
from services.directory.main import create_app
from services.directory.settings import DirectorySettings
from tests.conftest import ServerUrls
from tests.service.stack import Stack, stacked, until

ROWS = 108
"""Department, 34 authorised bodies, 50 institutions (R); K, M, S; those of the road map (L);
2 example offices of the Pension Fund."""


@pytest_asyncio.fixture(loop_scope="session")
async def fresh(servers: ServerUrls, tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of one test's own: an empty database, a spy that has seen nothing."""
    async with stacked(servers, tmp_path) as made:
        yield made


def app_of(stack: Stack, backing: Backing = REAL, **settings: Any) -> FastAPI:
    """A replica of the directory."""
    return create_app(stack.settings(DirectorySettings, **settings), backing=backing)


def directory_of(app: FastAPI) -> Directory:
    """What the replica works with."""
    directory: Directory = app.state.directory
    return directory


async def loaded(app: FastAPI) -> Directory:
    """The replica, once its files are in."""
    directory = directory_of(app)
    await until(lambda: directory.snapshot.complete and directory.offer.index is not None)
    return directory


async def settled(app: FastAPI) -> Directory:
    """The replica, once everything it has to say was said and cleared."""
    directory = await loaded(app)

    async def clear() -> bool:
        return not await directory.organizations.find({"relay_due": {"$gt": 0}}, limit=1)

    await until(clear)
    return directory


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(stack: Stack) -> FastAPI:
    """The replica of a module's tests."""
    return app_of(stack, refresh_seconds=0.3)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(stack: Stack, app: FastAPI) -> httpx.AsyncClient:
    """A client of it, with everything loaded and said."""
    served = await stack.serve(app)
    await settled(app)
    return served


async def domain_writes(directory: Directory) -> int:
    """Writes of the one replica that is there but for those that only cleared an outbox."""
    counts = directory.organizations.counts
    while True:
        writes, cleared = counts.writes, 0
        async for document in directory.organizations.each():
            cleared += document.rev - document.version
        if counts.writes == writes:  # else an outbox was cleared meanwhile
            return writes - cleared


class Steps:
    """Writes and publishes since it was made: every step is held to exact numbers."""

    def __init__(self, app: FastAPI, writes: int) -> None:
        self._app = app
        self._published = app.state.service.bus.published
        self._writes = writes

    async def were(self, writes: int, published: int) -> None:
        assert await domain_writes(directory_of(self._app)) - self._writes == writes
        await until(lambda: self._app.state.service.bus.published - self._published == published)


async def steps_of(app: FastAPI) -> Steps:
    """Begin to count, when nothing of the steps before is left to be cleared."""
    return Steps(app, await domain_writes(await settled(app)))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The data files in one file of the test's own, to be changed."""
    folder = tmp_path / "files"
    folder.mkdir()
    write_rows(folder, [row.model_dump(mode="json") for row in read_rows()])
    return folder


def stored_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the test's own file."""
    rows: list[dict[str, Any]] = json.loads((folder / "all.json").read_text(encoding="utf-8"))
    return rows


def write_rows(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write the test's own file."""
    (folder / "all.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
