"""Every step of every service at its exact cost, as `docs/performance.md` states it.

The page is the expectation: what it states and is not measured fails, as does what is measured
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any

import pytest
import pytest_asyncio

from chassis.clock import new_id
from chassis.document import Document
from tests.conftest import ServerUrls
from tests.contract.corpus import Form, forms
from tests.contract.reading import RealReader, accepting, as_next
from tests.service import steps
from tests.service.ledger import Ledger, differences, printed
from tests.service.stack import Stack, stacked

TAKEN: dict[str, Callable[[Stack], Awaitable[Ledger]]] = {
    "intake": steps.of_intake,
    "assessment": steps.of_assessment,
    "careplan": steps.of_careplan,
    "complaints": steps.of_complaints,
    "directory": steps.of_directory,
    "registry": steps.of_registry,
}
UNCOUNTED = {"GET /health/live", "GET /health/ready", "GET /metrics"}
OPERATORS = r" /(operations|reemissions)"
"""Routes that no case passes on its way."""


@pytest.fixture(scope="module")
def ledgers() -> dict[str, Ledger]:
    """The ledgers written so far."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def ledger(
    request: pytest.FixtureRequest,
    servers: ServerUrls,
    tmp_path_factory: pytest.TempPathFactory,
    ledgers: dict[str, Ledger],
) -> Ledger:
    """What the steps of a service cost. Each is alone with the broker while it takes them."""
    service: str = request.param
    if service not in ledgers:
        async with stacked(servers, tmp_path_factory.mktemp("keys")) as stack:
            ledger = await TAKEN[service](stack)
            await hear_everything(ledger)
        ledgers[service] = ledger
    return ledgers[service]


async def hear_everything(ledger: Ledger) -> None:
    """Every event that the service reads, into a document that has the most to say on it."""
    for form in forms():
        if form.name != "full":
            continue
        kind = form.envelope.stream_kind
        for reader in ledger.service.readers:
            if kind in reader.streams:
                real = RealReader(ledger.service, reader, kind)
                document = talkative(real, form)
                await reader.collection.save(document)
                await ledger.hear(form.key, as_next(form.body, document, real))


def talkative(reader: RealReader, form: Form) -> Document[Any]:
    """A new document that stands where the event calls for the most events of its own."""

    def said(document: Document[Any]) -> int:
        tried = deepcopy(document)
        reader.take(tried, form.body)
        return tried.seq - document.seq

    chosen = max(accepting(reader, form), key=said)
    chosen.id = chosen.state.id = new_id("F")
    chosen.rev, chosen.outbox, chosen.streams = 0, [], {}
    return chosen


each = pytest.mark.parametrize("ledger", TAKEN, indirect=True)


@each
async def test_every_route_is_counted(ledger: Ledger) -> None:
    counted = {name.split(",", 1)[0] for name in ledger.requests}
    operators = {name for name in ledger.served if re.search(OPERATORS, name)}
    assert ledger.served - counted - operators == UNCOUNTED


@each
async def test_every_event_is_read_at_the_cost_that_the_page_states(ledger: Ledger) -> None:
    """What is not named there costs as any other event of its service."""
    stated = printed(ledger.service.name)
    expected = {
        key: stated.get(f"hears {key}", stated.get("hears any other event"))
        for key in ledger.events
    }
    assert ledger.events == expected
    named = {name.removeprefix("hears ") for name in stated if name.startswith("hears ")}
    assert named - ledger.events.keys() <= {"any other event"}


@each
async def test_every_request_costs_what_the_page_states(ledger: Ledger) -> None:
    assert differences(ledger.service.name, ledger.requests) == []
