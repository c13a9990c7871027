"""One bureau per test module."""

import pytest_asyncio

from tests.service.careplan.bureau import Bureau, opened_bureau
from tests.service.stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bureau(stack: Stack) -> Bureau:
    """Care planning on the module's stack."""
    return await opened_bureau(stack)
