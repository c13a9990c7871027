"""Who may: every route of every service × no token, expired, other district, role, organization.

Intake's matrix, with its outside parties, stands in its own folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.roles import Role
from tests.service.access import CHASSIS, STALE, STRANGER, About, Route, Walk, told
from tests.service.assessment import access as assessment
from tests.service.careplan import access as careplan
from tests.service.complaints import access as complaints
from tests.service.directory import access as directory
from tests.service.registry import access as registry
from tests.service.stack import Stack, everything_of

OTHER = "r-institution-16"
ROUTES: dict[str, list[Route]] = {
    "assessment": assessment.ROUTES,
    "careplan": careplan.ROUTES,
    "complaints": complaints.ROUTES,
    "directory": directory.ROUTES,
    "registry": registry.ROUTES,
}
BEGUN: dict[str, Callable[[Stack], Awaitable[Walk]]] = {
    "assessment": assessment.begun,
    "careplan": careplan.begun,
    "complaints": complaints.begun,
    "directory": directory.begun,
    "registry": registry.begun,
}


@pytest.fixture(scope="module")
def walks() -> dict[str, Walk]:
    """The walks begun so far; each serves its service until the module is over."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def walk(request: pytest.FixtureRequest, stack: Stack, walks: dict[str, Walk]) -> Walk:
    """The service that is walked."""
    service: str = request.param
    if service not in walks:
        walks[service] = await BEGUN[service](stack)
    return walks[service]


def each(choose: Callable[[Route], bool]) -> pytest.MarkDecorator:
    """A test of every such route of every service."""
    return pytest.mark.parametrize(
        ("walk", "route"),
        [
            pytest.param(service, route, id=f"{service} {route.key}")
            for service, routes in ROUTES.items()
            for route in [*routes, *CHASSIS]
            if choose(route)
        ],
        indirect=["walk"],
    )


def test_every_service_is_walked() -> None:
    folder = Path(__file__).resolve().parents[2] / "services"
    services = {found.parent.name for found in folder.glob("*/main.py")}
    assert services == {"intake", *ROUTES} == {"intake", *BEGUN}


@pytest.mark.parametrize("walk", ROUTES, indirect=True)
async def test_every_route_is_walked(walk: Walk) -> None:
    served = Counter(
        f"{method.upper()} {path}"
        for path, methods in walk.app.openapi()["paths"].items()
        for method in methods
    )
    name = walk.app.state.service.name
    assert served == Counter(route.key for route in [*ROUTES[name], *CHASSIS])


@each(lambda route: bool(route.roles))
async def test_token_is_needed_holds_and_is_of_the_district(walk: Walk, route: Route) -> None:
    before = await everything_of(walk.app)
    bare = await walk.send(route)
    expired = await walk.call(route, seconds=-60)
    for answered, code in ((bare, "token-missing"), (expired, "token-expired")):
        assert (answered.status_code, answered.json()["code"]) == (401, code)
        assert answered.headers["www-authenticate"] == "Bearer"
    foreign = await walk.call(route, district="belovo")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign-district")
    assert await everything_of(walk.app) == before


@each(lambda route: bool(route.roles))
async def test_roles_that_may_are_these_and_no_others(walk: Walk, route: Route) -> None:
    before = await everything_of(walk.app)
    for role in [*(role for role in Role if role not in route.roles), "citizen"]:
        answered = await walk.call(route, role=role)
        assert (answered.status_code, answered.json()["code"]) == (403, "role-required"), role
    assert await everything_of(walk.app) == before
    for role in route.roles:
        answered = await walk.call(route, role=role, org=OTHER, subject=STRANGER, version=STALE)
        assert answered.status_code in {200, 201, 404, 409, 412}, role


@each(lambda route: bool(route.roles) and route.about is About.RECORD)
async def test_anothers_record_is_answered_like_a_missing_one(walk: Walk, route: Route) -> None:
    before = await everything_of(walk.app)
    for organization in (OTHER, None):
        foreign = await walk.call(route, org=organization, subject=STRANGER)
        missing = await walk.call(route, ids=walk.missing, org=organization, subject=STRANGER)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")
        assert told(foreign) == told(missing)
    assert await everything_of(walk.app) == before


@each(lambda route: bool(route.roles) and route.about is About.LIST)
async def test_list_holds_the_callers_own_records_only(walk: Walk, route: Route) -> None:
    assert walk.record in (await walk.call(route)).text
    for organization in (OTHER, None):
        foreign = await walk.call(route, org=organization, subject=STRANGER)
        assert (foreign.status_code, foreign.json()["items"]) == (200, [])


@each(lambda route: bool(route.roles))
async def test_own_caller_is_let_through(walk: Walk, route: Route) -> None:
    """What was refused before was refused for who called: the same call is answered here."""
    before = await everything_of(walk.app)
    answered = await walk.call(route, version=STALE)
    assert answered.status_code == route.answer, answered.text
    assert (await everything_of(walk.app) == before) is not route.creates


@each(lambda route: not route.roles)
async def test_public_route_needs_no_token_and_changes_nothing(walk: Walk, route: Route) -> None:
    before = await everything_of(walk.app)
    answered = await walk.send(route)
    assert answered.status_code == 200, answered.text
    assert await everything_of(walk.app) == before
