"""Who may: every route × own, other organization, other district, no role, expired token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.service.intake.bodies import (
    CERTIFICATE,
    CONSENT,
    DECLINE,
    PAPERS,
    SIGNED,
    answers_of,
    new_bundle,
    new_referral,
)
from tests.service.intake.desk import (
    HOSPITAL,
    OTHER_BODY,
    OTHER_HOSPITAL,
    OTHER_INSTITUTION,
    Desk,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

OPERATIONS = "/operations"
"""The chassis's own routes, the same in every service and tested with it."""
PUBLIC = {"/health/live", "/health/ready", "/metrics", "/fhir/metadata"}


@dataclass(frozen=True)
class Route:
    """A route with somebody who may call it, a valid body, and what an outsider is answered."""

    method: str
    path: str
    role: str
    body: Any = None
    org: str = INSTITUTION
    outsider: str = OTHER_INSTITUTION
    foreign: int = 404
    query: str = ""

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


CASE = "/cases/{case_id}"
PERIOD = "?from=2026-01-01&to=2026-12-31"
ROUTES = [
    Route("POST", "/referrals", "registrar", new_referral(), foreign=201),
    Route("GET", "/referrals", "registrar", foreign=200),
    Route("GET", "/referrals/{referral_id}", "registrar"),
    Route("POST", "/referrals/{referral_id}/completion", "registrar",
          {"citizen": {}, "source": "соседка"}),
    Route("POST", "/referrals/{referral_id}/corrections", "registrar",
          {"reason": "описка", "problems": "Не встаёт"}),
    Route("POST", "/referrals/search", "registrar", {"name": "Петрова"}, foreign=200),
    Route("GET", "/referrals/print", "registrar", foreign=200, query=PERIOD),
    Route("GET", "/referrals.csv", "registrar", foreign=200, query=PERIOD),
    Route("POST", f"{CASE}/forwarding", "registrar", {"institution": OTHER_INSTITUTION}),
    Route("POST", f"{CASE}/return", "registrar", {"reason": "another_serves"}),
    Route("GET", "/cases", "specialist", foreign=200),
    Route("GET", CASE, "care_organizer"),
    Route("POST", f"{CASE}/answers", "specialist", answers_of()),
    Route("POST", f"{CASE}/triage", "urgent_head", {"code": "immediate", "reason": "срочно"}),
    Route("POST", f"{CASE}/consultation", "registrar"),
    Route("POST", f"{CASE}/urgent-measures", "urgent_head",
          {"measures": [{"measure": "Вызвать врача", "responsible": "Орлова"}]}),
    Route("POST", f"{CASE}/urgent-measures/results", "specialist", {"results": ["да"]}),
    Route("POST", f"{CASE}/consent", "specialist", CONSENT),
    Route("POST", f"{CASE}/application", "registrar", {"documents": PAPERS}),
    Route("POST", f"{CASE}/documents", "registrar", {"documents": PAPERS}),
    Route("POST", f"{CASE}/certificate-request", "institution_director", SIGNED),
    Route("POST", "/interagency-requests/{request_id}/answer", "registrar", CERTIFICATE),
    Route("POST", f"{CASE}/decline", "registrar", DECLINE),
    Route("POST", f"{CASE}/reopening", "registrar"),
    Route("POST", "/fhir", "medical_organization", new_bundle(), HOSPITAL, OTHER_HOSPITAL, 200),
    Route("GET", "/fhir/Task/{task_id}", "medical_organization", None, HOSPITAL, OTHER_HOSPITAL),
]  # fmt: skip
BY_KEY = {route.key: route for route in ROUTES}


@dataclass(frozen=True)
class Records:
    """Ids of records of the institution."""

    case_id: str
    request_id: str
    referral_id: str
    task_id: str

    def path(self, path: str) -> str:
        return path.format(**vars(self))

    def missing(self, path: str) -> str:
        return re.sub(r"\{\w+\}", "C-nobodys", path)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records(desk: Desk) -> Records:
    case_id, request_id = await desk.requested()
    registered = await desk.register()
    pushed = await desk.push()
    task_id = pushed.json()["entry"][3]["response"]["location"].split("/")[1]
    await desk.settle()
    return Records(case_id, request_id, registered["id"], task_id)


async def call(desk: Desk, route: Route, path: str, **who: Any) -> httpx.Response:
    headers = desk.stack.headers(
        who.pop("role", route.role), who.pop("org", route.org), version=1, **who
    )
    path += route.query
    return await desk.http.request(route.method, path, json=route.body, headers=headers)


def told(answered: httpx.Response) -> Any:
    """What an answer tells, but for the marks of this one call."""
    body = answered.json()
    if isinstance(body, dict):
        body.pop("correlation_id", None)
    return answered.status_code, answered.headers["content-type"], body


def test_every_route_is_walked(desk: Desk) -> None:
    served = {
        f"{method.upper()} {path}"
        for path, methods in desk.app.openapi()["paths"].items()
        if path not in PUBLIC and not path.startswith(OPERATIONS)
        for method in methods
    }
    assert served == set(BY_KEY)


@pytest.mark.parametrize("key", BY_KEY)
async def test_token_is_needed_and_has_to_hold(desk: Desk, records: Records, key: str) -> None:
    route = BY_KEY[key]
    path = records.path(route.path)
    before = await desk.stored()
    bare = await desk.http.request(route.method, path, json=route.body)
    expired = await call(desk, route, path, seconds=-60)
    for answered, code in ((bare, "token-missing"), (expired, "token-expired")):
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"] == "Bearer"
        assert code in answered.text
    assert await desk.stored() == before


@pytest.mark.parametrize("key", BY_KEY)
async def test_role_and_district_are_needed(desk: Desk, records: Records, key: str) -> None:
    route = BY_KEY[key]
    path = records.path(route.path)
    before = await desk.stored()
    other_role = await call(desk, route, path, role="provider")
    district = await call(desk, route, path, district="belovo")
    for answered, code in ((other_role, "role-required"), (district, "foreign-district")):
        assert answered.status_code == 403
        assert code in answered.text
    assert await desk.stored() == before


@pytest.mark.parametrize("key", [route.key for route in ROUTES if route.foreign == 404])
async def test_anothers_record_is_answered_like_a_missing_one(
    desk: Desk, records: Records, key: str
) -> None:
    route = BY_KEY[key]
    before = await desk.stored()
    for organization in (route.outsider, None):
        foreign = await call(desk, route, records.path(route.path), org=organization)
        missing = await call(desk, route, records.missing(route.path), org=organization)
        assert foreign.status_code == 404
        assert told(foreign) == told(missing)
    assert await desk.stored() == before


@pytest.mark.parametrize("key", [route.key for route in ROUTES if route.foreign == 404])
async def test_own_organization_is_let_through(desk: Desk, records: Records, key: str) -> None:
    """Whatever the state of the record, the caller is told of it."""
    route = BY_KEY[key]
    answered = await call(desk, route, records.path(route.path))
    assert answered.status_code in {200, 403, 409, 412, 422}
    assert answered.status_code != 403 or answered.json()["code"] != "role-required"
    await desk.settle()


@pytest.mark.parametrize("path", ["/referrals", "/cases"])
async def test_lists_hold_the_callers_own_records_only(
    desk: Desk, records: Records, path: str
) -> None:
    for organization, role in (
        (OTHER_INSTITUTION, "registrar"),
        (None, "registrar"),
        ("hospital-03", "registrar"),
        (INSTITUTION, "authorised_body_head"),
        (AUTHORISED_BODY, "registrar"),
        (OTHER_BODY, "authorised_body_head"),
        (None, "authorised_body_head"),
    ):
        found = await desk.get(path, role, org=organization)
        ids = {item["id"] for item in found.json()["items"]}
        assert not ids & {records.case_id, records.referral_id}


@pytest.mark.parametrize(
    ("role", "organization"),
    [("registrar", INSTITUTION), ("authorised_body_head", AUTHORISED_BODY)],
)
async def test_lists_are_of_the_institution_or_of_its_authorised_body_r_3_1_2(
    desk: Desk, records: Records, role: str, organization: str
) -> None:
    for path, expected in (("/referrals", records.referral_id), ("/cases", records.case_id)):
        found = await desk.get(f"{path}?limit=100", role, org=organization)
        assert expected in {item["id"] for item in found.json()["items"]}


async def test_answer_of_an_office_that_was_not_asked_is_like_one_to_no_request_r_3_2_2(
    desk: Desk, records: Records
) -> None:
    before = await desk.stored()
    for organization in ("pension-fund-office-01", INSTITUTION, None):
        foreign = await desk.answer(records.request_id, org=organization)
        missing = await desk.answer("R-nobodys", org=organization)
        assert foreign.status_code == 404
        assert told(foreign) == told(missing)
    assert await desk.stored() == before


@pytest.mark.parametrize("path", sorted(PUBLIC))
async def test_public_routes_name_nobody(desk: Desk, path: str) -> None:
    answered = await desk.http.get(path)
    assert answered.status_code == 200
    assert "Петрова" not in answered.text
