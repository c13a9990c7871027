"""Fault tests report what they measured; the tables come at the end of the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from tests.conftest import ServerUrls
from tests.fault import crash_points
from tests.fault.cluster import Cluster, clustered
from tests.fault.crash_points import Row
from tests.fault.machine import Machine
from tests.fault.outcome import Outcome, show

OUTCOMES = pytest.StashKey[list[Outcome]]()
ROWS = pytest.StashKey[list[Row]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[Outcome], None]:
    """Report an outcome; a fault that lost or doubled anything fails its test."""

    def take(outcome: Outcome) -> None:
        request.config.stash.setdefault(OUTCOMES, []).append(outcome)
        assert (outcome.lost, outcome.doubled) == (0, 0), outcome

    return take


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A broker and a database that may be harmed."""
    made = Machine(f"test-{os.getpid()}-harmed")
    with made as running:
        yield running
    shutil.rmtree(made.data_dir, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="session")
async def harmed(machine: Machine) -> AsyncIterator[ServerUrls]:
    """Where they answer. No test leaves a queue: to the next it would route what is to go
    nowhere."""
    yield ServerUrls(machine.amqp_url, machine.mongo_url)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def lone_node() -> AsyncIterator[Cluster]:
    """A broker of one node, of these tests' own: `await lone_node.wipe()` takes all it has.

    It is whole when a test gets it, and no test leaves it otherwise.
    """
    async with clustered(size=1) as made:
        yield made


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    """A broker of three nodes. A test that breaks one asks it to `restore` afterwards."""
    async with clustered() as made:
        yield made


@pytest.fixture
def report_row(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Report what came of a kind of work at every fail point."""
    return request.config.stash.setdefault(ROWS, []).append


def pytest_terminal_summary(config: pytest.Config) -> None:
    outcomes = config.stash.get(OUTCOMES, [])
    if outcomes:
        show(outcomes)
    rows = config.stash.get(ROWS, [])
    if rows:
        crash_points.show(rows)
