"""Who may: every route × own, other organization, other district, no role, expired token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.service.intake.bodies import (
    ADVICE,
    ASSIGNED,
    CERTIFICATE,
    CIRCUMSTANCES,
    CONDITION,
    CONSENT,
    DECLINE,
    DONE,
    PAPERS,
    SIGNED,
    answers_of,
    new_bundle,
    new_citizen,
    new_referral,
    new_request,
    rich_bundle,
)
from tests.service.intake.bureau import booked
from tests.service.intake.desk import (
    HOSPITAL,
    OTHER_BODY,
    OTHER_HOSPITAL,
    OTHER_INSTITUTION,
    Clock,
    Desk,
)
from tests.service.intake.twins import pair_of
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

OPERATIONS = "/operations"
"""The chassis's own routes, the same in every service and tested with it."""
PUBLIC = {
    "/health/live",
    "/health/ready",
    "/metrics",
    "/fhir/metadata",
    f"/appointments/slots?organization={INSTITUTION}",
}
OWN = "/appointments/own"
"""What a citizen does by number and code (`test_own_appointments.py`)."""


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


def hospitals(method: str, path: str, body: Any = None, foreign: int = 404) -> Route:
    """A route for the medical organization whose record it is."""
    return Route(method, path, "medical_organization", body, HOSPITAL, OTHER_HOSPITAL, foreign)


CASE = "/cases/{case_id}"
FORM = "status=received"
APPOINTMENT = "/appointments/{appointment_id}"
CONSULTATION = "/consultations/{consultation_id}"
SCHEDULE = {"slot_minutes": 20, "desks": 2, "days_ahead": 30}
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
    Route("POST", f"{CASE}/circumstances", "registrar", CIRCUMSTANCES),
    Route("POST", f"{CASE}/answers", "specialist", answers_of()),
    Route("POST", f"{CASE}/triage", "urgent_head", {"code": "immediate", "reason": "срочно"}),
    Route("POST", f"{CASE}/referral-review", "urgent_head",
          {"outcome": "nothing_new", "note": "то же самое"}),
    Route("POST", f"{CASE}/consultation", "registrar", ADVICE),
    Route("POST", f"{CASE}/urgent-measures", "urgent_head",
          {"measures": [{"measure": "Вызвать врача", "responsible": "Орлова"}]}),
    Route("POST", f"{CASE}/urgent-measures/results", "specialist", DONE),
    Route("GET", "/worklists", "specialist", foreign=200),
    Route("GET", "/worklists/mine", "specialist", foreign=200),
    Route("GET", "/worklists/{worklist}", "specialist", foreign=200),
    Route("POST", f"{CASE}/assignment", "urgent_head", ASSIGNED),
    Route("POST", f"{CASE}/consent", "specialist", CONSENT),
    Route("POST", f"{CASE}/consent/withdrawal", "specialist", {}),
    Route("GET", "/consent-texts", "specialist", foreign=200),
    Route("GET", "/citizens/{citizen_id}", "care_organizer"),
    Route("POST", "/citizens/{citizen_id}/card", "specialist",
          {"card": new_citizen(), "reason": "опечатка"}),
    Route("GET", "/citizen-pairs", "registrar", foreign=200),
    Route("GET", "/citizen-pairs/{pair_id}", "registrar"),
    Route("POST", "/citizen-pairs/{pair_id}/decision", "registrar",
          {"decision": "different", "reason": "мать и дочь"}),
    Route("POST", "/citizen-pairs/{pair_id}/undoing", "registrar", {"reason": "ошибка"}),
    Route("POST", f"{CASE}/application", "registrar", {"documents": PAPERS}),
    Route("POST", f"{CASE}/documents", "registrar", {"documents": PAPERS}),
    Route("POST", f"{CASE}/certificate-request", "institution_director", SIGNED),
    Route("GET", f"{CASE}/documents", "care_organizer"),
    Route("POST", f"{CASE}/documents/{{code}}/attachments", "registrar", {"no": "scan"}),
    Route("POST", f"{CASE}/documents/{{code}}/verification", "registrar",
          {"presented": "original"}),
    Route("GET", f"{CASE}/attachments", "care_organizer"),
    Route("GET", f"{CASE}/attachments/{{attachment_id}}", "care_organizer"),
    Route("GET", f"{CASE}/bring-list", "care_organizer"),
    Route("GET", f"{CASE}/bring-list.html", "care_organizer"),
    Route("GET", f"{CASE}/receipts/{{number}}", "care_organizer"),
    Route("GET", f"{CASE}/receipts/{{number}}/receipt.html", "care_organizer"),
    Route("POST", f"{CASE}/interagency-requests", "institution_director",
          {**SIGNED, "kind": "benefits_proof", "addressed_body": "r-authorised-body-07"}),
    Route("GET", "/interagency-requests", "registrar", foreign=200),
    Route("GET", "/interagency-requests/{request_id}", "care_organizer"),
    Route("GET", "/interagency-requests/{request_id}/letter.html", "registrar"),
    Route("POST", "/interagency-requests/{request_id}/dispatch", "registrar",
          {"sent_by": [{"way": "fax"}], "sent_on": "2026-01-20"}),
    Route("POST", "/interagency-requests/{request_id}/settlement", "registrar",
          {"take_second": False, "reason": "опечатка"}),
    Route("POST", "/interagency-requests/answers", "registrar",
          {**CERTIFICATE, "outgoing_number": "нет такого"}, foreign=0),
    Route("POST", "/interagency-requests/{request_id}/answer", "registrar", CERTIFICATE),
    Route("POST", f"{CASE}/decline", "registrar", DECLINE),
    Route("POST", f"{CASE}/reopening", "registrar"),
    Route("POST", f"{CASE}/closing", "urgent_head", {"reason": "moved"}),
    Route("POST", f"{CASE}/status-code", "registrar"),
    Route("POST", "/appointments", "registrar", {"organization": INSTITUTION,
          "starts_at": "2026-02-03T10:00:00+07:00", "case_id": "C-nobodys"}, foreign=403),
    Route("GET", "/appointments", "specialist", foreign=200),
    Route("GET", APPOINTMENT, "institution_director"),
    Route("POST", f"{APPOINTMENT}/move", "registrar", {"starts_at": "2026-02-03T10:00:00+07:00"}),
    Route("POST", f"{APPOINTMENT}/cancellation", "registrar", {"reason": "citizen_asked"}),
    Route("POST", f"{APPOINTMENT}/attendance", "specialist", {"came": True}),
    Route("GET", "/bureaus/{organization}/schedule", "specialist"),
    Route("POST", "/bureaus/{organization}/schedule", "registrar", SCHEDULE),
    Route("POST", "/consultations", "specialist", {"topic": "home-care", "answer": "да"},
          foreign=201),
    Route("GET", "/consultations", "registrar", foreign=200),
    Route("GET", CONSULTATION, "registrar"),
    Route("POST", f"{CONSULTATION}/referral", "specialist",
          {"referral_id": f"J-{INSTITUTION}-2026-000001"}),
    Route("POST", "/fhir", "medical_organization", new_bundle(), HOSPITAL, OTHER_HOSPITAL, 200),
    hospitals("GET", "/fhir/Task/{task_id}"),
    hospitals("GET", "/fhir/Task/{task_id}/_history"),
    hospitals("GET", "/fhir/Task/{task_id}/_history/{version_id}"),
    hospitals("PUT", "/fhir/Task/{task_id}", {"resourceType": "Task"}),
    hospitals("GET", "/fhir/ServiceRequest/{service_request_id}"),
    hospitals("GET", "/fhir/Bundle/{bundle_id}"),
    hospitals("GET", "/fhir/Binary/{binary_id}"),
    hospitals("GET", "/fhir/{kind}/{kept_id}"),
    hospitals("GET", "/fhir/Task", foreign=200),
    hospitals("POST", "/fhir/Task/_search", FORM, foreign=200),
    hospitals("POST", "/fhir/ServiceRequest", new_request(), foreign=201),
    hospitals("GET", "/webhooks/deliveries", foreign=200),
    hospitals("GET", "/webhooks/deliveries/{delivery_id}"),
    hospitals("POST", "/webhooks/deliveries/{delivery_id}/replay", {"reason": "ещё раз"}),
    hospitals("GET", "/webhooks/endpoints", foreign=200),
    Route("POST", "/webhooks/endpoints/{partner}/enabling", "operator", {"reason": "слушает"},
          foreign=409),
]  # fmt: skip
BY_KEY = {route.key: route for route in ROUTES}


LISTS_OF_BUREAUS = ("/appointments", "/consultations")


@dataclass(frozen=True)
class Records:
    """Ids of records of the institution."""

    case_id: str
    request_id: str
    referral_id: str
    task_id: str
    attachment_id: str
    delivery_id: str
    citizen_id: str
    pair_id: str
    appointment_id: str
    consultation_id: str
    code: str = "identity"
    number: str = "1"
    version_id: str = "1"
    partner: str = HOSPITAL
    worklist: str = "interagency_request"
    organization: str = INSTITUTION

    @property
    def ids(self) -> dict[str, str]:
        """Every name that stands in a path."""
        of_task = {"service_request_id": self.task_id, "bundle_id": self.task_id}
        kept = {"kind": "Condition", "kept_id": f"{self.task_id}-{CONDITION}"}
        return {**vars(self), **of_task, **kept, "binary_id": f"{self.task_id}-a0"}

    def path(self, path: str) -> str:
        return path.format(**self.ids)

    def missing(self, path: str) -> str:
        return re.sub(r"\{\w+\}", "C-nobodys", path.replace("{kind}", "Condition"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records(desk: Desk, clock: Clock) -> Records:
    case_id, request_id = await desk.requested()
    registered = await desk.register()
    pushed = await desk.push(rich_bundle())
    task_id = pushed.json()["entry"][3]["response"]["location"].split("/")[1]
    attached = await desk.attach(case_id, "identity", b"%PDF-1.7\n%%EOF\n")
    pair_id = await pair_of(desk, clock)
    await desk.settle()
    task = await desk.intake.tasks.get(task_id)
    assert task is not None
    assert task.state.delivery is not None
    given = await desk.post("/consultations", {"topic": "home-care", "answer": "Можно."})
    return Records(
        case_id,
        request_id,
        registered["id"],
        task_id,
        attached.json()["attachment_id"],
        task.state.delivery.id,
        registered["citizen_id"],
        pair_id,
        await booked(desk, case_id),
        given.json()["id"],
    )


async def call(desk: Desk, route: Route, path: str, **who: Any) -> httpx.Response:
    headers = desk.stack.headers(
        who.pop("role", route.role), who.pop("org", route.org), version=1, **who
    )
    return await send(desk, route, path, headers)


async def send(
    desk: Desk, route: Route, path: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Call a route; a body that is text is a form."""
    if isinstance(route.body, str):
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return await desk.http.request(route.method, path, content=route.body, headers=form)
    path += route.query
    return await desk.http.request(route.method, path, json=route.body, headers=headers)


def told(answered: httpx.Response) -> Any:
    """What an answer tells, but for the marks of this one call."""
    body = answered.json() if "json" in answered.headers["content-type"] else answered.text
    if isinstance(body, dict):
        body.pop("correlation_id", None)
    return answered.status_code, answered.headers["content-type"], body


def test_every_route_is_walked(desk: Desk) -> None:
    served = {
        f"{method.upper()} {path}"
        for path, methods in desk.app.openapi()["paths"].items()
        if path not in {public.split("?")[0] for public in PUBLIC}
        and not path.startswith((OPERATIONS, OWN))
        for method in methods
    }
    assert served == set(BY_KEY)


@pytest.mark.parametrize("key", BY_KEY)
async def test_token_is_needed_and_has_to_hold(desk: Desk, records: Records, key: str) -> None:
    route = BY_KEY[key]
    path = records.path(route.path)
    before = await desk.stored()
    bare = await send(desk, route, path)
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
    assert answered.status_code in {200, 412, 422}, answered.text
    assert answered.status_code in {200, 403, 409, 412, 422}
    assert answered.status_code != 403 or answered.json()["code"] != "role-required"
    await desk.settle()


@pytest.mark.parametrize("path", ["/referrals", "/cases", "/appointments", "/consultations"])
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
        if path in LISTS_OF_BUREAUS and role == "authorised_body_head":
            continue  # who heads the body reads cases and the journal
        found = await desk.get(path, role, org=organization)
        ids = {item["id"] for item in found.json()["items"]}
        assert not ids & set(vars(records).values())


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
