"""What this process has stored is in its memory at once, as it is stored."""

from __future__ import annotations

import gc

import pytest

from services.directory.directory import Directory
from tests.service import steps
from tests.service.directory.conftest import app_of, directory_of, loaded
from tests.service.stack import Stack, running


async def test_everything_stored_is_in_memory_at_once_whatever_was_asked(fresh: Stack) -> None:
    """After every step there is; nothing is read again for it (`docs/performance.md`)."""
    directory: Directory = directory_of((await steps.of_directory(fresh)).app)
    known, offer = directory.snapshot.all(), directory.offer
    async for organization in directory.organizations.each():
        assert known.pop(organization.id) == (organization.version, organization.state)
    assert known == {}
    async for service in directory.services.each():
        assert offer.version_of(service.id) == service.version
        assert offer.get(service.id) == service.state
    async for capacity in directory.capacities.each():
        assert offer.capacity_version_of(capacity.id) == capacity.version


@pytest.mark.parametrize("key", ["r-department"])
async def test_what_stays_in_memory_is_not_gone_through_again_to_find_what_does_not(
    fresh: Stack, key: str
) -> None:
    """Going through 5,000 organizations holds everything up for half a second, again and again."""
    app = app_of(fresh)
    async with running(app):
        kept = (await loaded(app)).snapshot.get(key)
        assert kept is not None
        assert not any(one is kept for one in gc.get_objects())
    assert any(one is kept for one in gc.get_objects())
