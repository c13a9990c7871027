"""What applying an import costs, how long an errand lasts, two replicas at it at once (R 1.3)."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis import failpoints
from contracts.directory import OrganizationPublished
from services.directory.applying import AT_MOST, carry_out
from services.directory.directory import Directory
from services.directory.domain.import_job import ROWS_IN_A_PART, Import, ImportStatus
from services.directory.imports import PARTS_AT_ONCE
from services.directory.main import create_app
from services.directory.settings import DirectorySettings
from tests.service.directory.conftest import ROWS, app_of, directory_of, loaded, settled
from tests.service.directory.test_imports import Importing, row, table
from tests.service.ledger import COUNTED, Cost, Spent, step
from tests.service.stack import Clock, Stack, running, until

PARENTED = "key;kind;region;name;parent"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(stack: Stack) -> FastAPI:
    """A replica whose every question to the store is counted."""
    return app_of(stack, COUNTED)


@pytest.fixture
def editor(client: httpx.AsyncClient, stack: Stack) -> Importing:
    return Importing(client, stack)


async def decided(editor: Importing, directory: Directory, content: bytes) -> str:
    """An import that is to be applied, of which no sweeper is told."""
    await editor.preview(content)
    import_id = editor.path.removeprefix("/imports/")
    document = await directory.imports.get(import_id)
    assert document is not None
    document.state.status = ImportStatus.APPLYING
    document.state.applied_by, document.state.reason = document.state.previewed_by, "Письмо № 5"
    document.version += 1
    await directory.imports.save(document)
    return import_id


async def cost_of(directory: Directory, import_id: str) -> Cost:
    """What one errand asks of the store, and what it publishes."""
    await directory.service.relay.drain()
    spent = Spent()
    token = step.set(spent)
    try:
        await carry_out(directory, import_id)
        await directory.service.relay.drain()
    finally:
        step.reset(token)
    return spent.cost


async def stored(directory: Directory, import_id: str) -> Import:
    document = await directory.imports.get(import_id)
    assert document is not None
    return document.state


async def test_row_costs_one_save_and_one_publish_and_a_part_one_read_and_one_save(
    editor: Importing, app: FastAPI
) -> None:
    """An errand reads all parts once in outline, and itself at its beginning and its end."""
    directory, count = directory_of(app), 7 * ROWS_IN_A_PART
    body = "x-a-body;authorised_body;RU-KEM;Управление;r-department"
    below = (f"x-a-{n};institution;RU-KEM;МБУ «{n}»;x-a-body" for n in range(1, count))
    import_id = await decided(editor, directory, table(body, *below, header=PARENTED))
    outlines, groups = -(-7 // PARTS_AT_ONCE), 7 + 1  # the first part has its turn twice
    assert await cost_of(directory, import_id) == Cost(
        reads=groups + 2, queries=outlines, writes=count + groups + 1, published=count
    )
    assert (await stored(directory, import_id)).outcomes["applied"] == count
    assert await cost_of(directory, import_id) == Cost(1, 0, 0, 0)  # it is done


async def test_changed_row_costs_a_read_more(editor: Importing, app: FastAPI) -> None:
    directory = directory_of(app)
    content = table(row("x-b-1"), row("x-b-2"))
    await cost_of(directory, await decided(editor, directory, content))
    content = table(row("x-b-1", name="МФЦ «Юг»"), row("x-b-2"))
    spent = await cost_of(directory, await decided(editor, directory, content))
    assert spent == Cost(reads=3 + 1, queries=1, writes=1 + 2, published=1)


async def test_page_of_rows_and_a_decision_read_the_parts_they_speak_of(
    editor: Importing, client: httpx.AsyncClient, app: FastAPI, stack: Stack
) -> None:
    directory, count = directory_of(app), 9 * ROWS_IN_A_PART
    wrong = row("x-c-wrong", kind="bank")
    await editor.preview(table(*(row(f"x-c-{n}") for n in range(1, count)), wrong))
    counts = directory.import_parts.counts
    for params, queries in (
        ({"after": 0}, 1),
        ({"after": count - 5}, 1),
        ({"state": "broken", "after": count - 70}, 1),
        ({"state": "conflict"}, 0),
    ):
        before = counts.queries
        await editor.rows(**params)
        assert counts.queries - before == queries, params
    before = counts.queries
    assert (await editor.apply(overrule=[count + 500])).json()["code"] == "no-such-conflict"
    assert counts.queries == before
    assert (await editor.apply(overrule=[count - 1])).json()["code"] == "no-such-conflict"
    assert counts.queries - before == 1


class Passing:
    """Lets some time pass with every organization that is saved."""

    def __init__(self, clock: Clock, pause: timedelta) -> None:
        self.clock, self.pause = clock, pause
        self.saved = 0

    def __call__(self, point: str, about: str) -> None:
        if point == "before-save" and about.startswith("organizations/x-"):
            self.saved += 1
            self.clock.now += self.pause


async def test_errand_ends_within_its_minute_and_the_next_goes_on_where_it_was(
    editor: Importing, app: FastAPI, stack: Stack
) -> None:
    """However slow: it ends by itself between two rows, and what it did is known."""
    first, clock = directory_of(app), Clock(app.state.service.now())
    other = create_app(stack.settings(DirectorySettings, refresh_seconds=86400.0), now=clock)
    async with running(other):
        directory = await loaded(other)
        rows = (row(f"x-d-{n}") for n in range(1, 41))
        import_id = await decided(editor, first, table(*rows))
        passing = Passing(clock, AT_MOST / 16)
        token = failpoints.watched_by.set(passing)
        for done in (16, 32, 40):
            await carry_out(directory, import_id)
            (part,) = await directory.import_parts.find({"import_id": import_id, "number": 1})
            assert sum(item.outcome is not None for item in part.state.rows) == done
            assert passing.saved == done
        failpoints.watched_by.reset(token)
        assert (await stored(directory, import_id)).status is ImportStatus.APPLIED


@pytest_asyncio.fixture(loop_scope="session")
async def two(fresh: Stack) -> AsyncIterator[list[FastAPI]]:
    """Two replicas on one empty database, with everything loaded and said."""
    async with contextlib.AsyncExitStack() as held:
        apps = [app_of(fresh, refresh_seconds=0.3) for _ in range(2)]
        for made in apps:
            await held.enter_async_context(running(made))
        for made in apps:
            await settled(made)
        yield apps


async def test_two_replicas_at_one_import_do_each_row_once(
    two: list[FastAPI], fresh: Stack
) -> None:
    count = 3 * ROWS_IN_A_PART
    transport = httpx.ASGITransport(app=two[0])
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        editor = Importing(client, fresh)
        content = table(*(row(f"x-e-{n}") for n in range(count)))
        import_id = await decided(editor, directory_of(two[0]), content)
        found = await directory_of(two[1]).imports.get(import_id)
        assert found is not None
        found.state.applied_at = found.state.previewed_at  # now both sweepers find it
        await directory_of(two[1]).imports.save(found)
        assert (await editor.done())["outcomes"]["applied"] == count
    for made in two:
        await settled(made)
        snapshot = directory_of(made).snapshot
        await until(lambda known=snapshot: len(known) == ROWS + count)
        assert all(snapshot.version_of(f"x-e-{n}") == 1 for n in range(count))
    told = Counter(e.id for e in fresh.spy.of(OrganizationPublished) if "x-e-" in e.subject)
    assert len(told) == count
