"""One stack per test module: real broker and store, and the services the module serves."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conftest import ServerUrls
from tests.service.stack import Stack, stacked


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(
    servers: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """The stack of this module."""
    async with stacked(servers, tmp_path_factory.mktemp("keys")) as made:
        yield made
