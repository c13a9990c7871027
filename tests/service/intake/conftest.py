"""One desk per test module, with its clock and the world outside."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.service.intake.bodies import answers_of
from tests.service.intake.desk import Clock, Desk, knows_directory, open_desk, publish_directory
from tests.service.intake.outside import Outside
from tests.service.stack import Stack


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def outside() -> Outside:
    return Outside()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(stack: Stack, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    made = await open_desk(stack, clock, outside)
    await publish_directory(stack)
    await knows_directory(made)
    yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(stack: Stack, desk: Desk, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    """Another replica on the same store and queue."""
    yield await open_desk(stack, clock, outside)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def case_id(desk: Desk) -> str:
    """A case at its beginning, in its second version."""
    found = str((await desk.register())["case_id"])
    await desk.act(found, "answers", answers_of(), key="first-answers")
    await desk.settle()
    return found
