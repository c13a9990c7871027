"""One office per test module."""

import pytest_asyncio

from tests.service.assessment.office import Office, opened_office
from tests.service.stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(stack: Stack) -> Office:
    """The assessment service on the module's stack."""
    return await opened_office(stack)
