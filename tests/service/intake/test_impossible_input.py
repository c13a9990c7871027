"""What nobody means and somebody sends: half letters, far days, numbers of no size. Never a 500."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.service.intake.bodies import (
    CERTIFICATE,
    DECLINE,
    SIGNED,
    new_bundle,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import HOSPITAL, OFFICE, Desk

HALF = "\ud800"
TOO_LONG = "+49 301234567890123"
"""Possible in Germany by its plan, and longer than E.164 has numbers."""
HOSPITALS = "medical_organization"
GUARDIANS = {
    **SIGNED,
    "kind": "representative_authority",
    "addressed_name": "Орган опеки и попечительства",
    "addressed_address": "652500, г. Ленинск-Кузнецкий, пр. Ленина, 54",
}


def cursor(of_list: str, value: int) -> str:
    """A cursor as it would come from a list; nobody was given it."""
    return base64.urlsafe_b64encode(json.dumps([of_list, value, "J-x"]).encode()).decode()


RELATIVE = {
    "resourceType": "RelatedPerson",
    "name": [{"family": "Петрова", "given": ["Анна"]}],
    "telecom": [{"system": "phone", "value": TOO_LONG}],
}


def refused(answered: httpx.Response, field: str) -> None:
    assert answered.status_code == 422, answered.text
    assert field in [wrong["field"] for wrong in answered.json()["errors"]]


async def send(desk: Desk, path: str, body: Any, role: str, org: str) -> httpx.Response:
    """JSON as `json.dumps` writes it: half of a letter travels escaped."""
    headers = desk.stack.headers(role, org) | {"content-type": "application/json"}
    return await desk.http.post(path, content=json.dumps(body), headers=headers)


def pushed_with(resource: dict[str, Any]) -> dict[str, Any]:
    bundle = new_bundle()
    kind = resource["resourceType"]
    url = "urn:uuid:6f0e2bd6-5a53-4b7e-9f3a-5c55a1f6a001"
    bundle["entry"].append(
        {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": kind}}
    )
    return bundle


async def test_street_in_old_letters_finds_its_institution_r_3_1_2(desk: Desk) -> None:
    """U+1C82 is an «о» that `lower` leaves as it is, and that a pattern without case takes."""
    address = {"text": "г. Ленинск-Кузнецкий, пр\u1c82спект Ленина, 5"}
    await desk.register(new_referral(citizen=new_citizen() | {"address": address}))


LISTS = {
    "/referrals": "journal.received",
    "/cases": "cases.due",
    "/consultations": "consultations.given",
}


@pytest.mark.parametrize("path", LISTS)
async def test_cursor_that_was_tampered_with_is_refused(desk: Desk, path: str) -> None:
    refused(await desk.get(f"{path}?cursor={cursor(LISTS[path], -1)}"), "query.cursor")


@pytest.mark.parametrize("path", LISTS)
async def test_cursor_is_of_the_list_it_was_given_for(desk: Desk, path: str) -> None:
    for other, name in LISTS.items():
        answered = await desk.get(f"{path}?cursor={cursor(name, 1)}")
        if other == path:
            assert answered.status_code == 200
        else:
            refused(answered, "query.cursor")


async def test_phone_longer_than_any_is_refused_where_it_stands_r_3_1_2(desk: Desk) -> None:
    citizen = new_citizen() | {"phone": TOO_LONG}
    refused(await desk.post("/referrals", new_referral(citizen=citizen)), "body.citizen.phone")


@pytest.mark.parametrize("query", [
    "_lastUpdated=le9999-12-31", "_lastUpdated=gt9999-12-31", "_lastUpdated=9999-12-31",
    "_lastUpdated=ge1900-01-01", "_lastUpdated=lt0001-01-01",
    "_lastUpdated=ge0001-01-01T00:00:00%2B14:00",
])  # fmt: skip
async def test_search_from_or_to_a_far_day_finds_what_there_is(desk: Desk, query: str) -> None:
    await desk.push()
    await desk.settle()
    found = await desk.get(f"/fhir/Task?{query}", HOSPITALS, org=HOSPITAL)
    assert found.status_code == 200, found.text
    everything = query[13:15] in {"le", "ge"}
    assert bool(found.json().get("entry")) == everything


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"_count={quote('²')}", "_count"),
        ("_count=" + "9" * 5000, "_count"),
        (f"_cursor={cursor('tasks.updated', -1)}", "_cursor"),
        (f"_cursor={cursor('journal.received', 1)}", "_cursor"),
        ("_cursor=x", "_cursor"),
    ],
)
async def test_search_by_no_number_is_refused(desk: Desk, query: str, field: str) -> None:
    answered = await desk.get(f"/fhir/Task?{query}", HOSPITALS, org=HOSPITAL)
    assert answered.status_code == 400, answered.text
    assert answered.json()["issue"][0]["expression"] == [field]


@pytest.mark.parametrize("number", [quote("²"), "9" * 5000])
async def test_what_was_sent_is_not_found_by_no_number(desk: Desk, number: str) -> None:
    entries = (await desk.push()).json()["entry"]
    places = [entry["response"]["location"].split("/") for entry in entries]
    entry_id = next(number for kind, number in places if kind == "ServiceRequest")
    for path in (f"Consent/{entry_id}-{number}", f"Binary/{entry_id}-a{number}"):
        answered = await desk.get(f"/fhir/{path}", HOSPITALS, org=HOSPITAL)
        assert answered.status_code == 404, answered.text
        assert answered.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("sent", [RELATIVE, {"resourceType": "Patient"}])
async def test_phone_that_cannot_be_dialled_does_not_refuse_a_push(
    desk: Desk, sent: dict[str, Any]
) -> None:
    bundle = pushed_with(RELATIVE)
    if sent is not RELATIVE:
        bundle = new_bundle()
        bundle["entry"][0]["resource"]["telecom"] = RELATIVE["telecom"]
    answered = await send(desk, "/fhir", bundle, HOSPITALS, HOSPITAL)
    assert answered.status_code == 200, answered.text


async def test_photo_that_is_no_base64_is_kept_as_it_came(desk: Desk) -> None:
    bundle = new_bundle()
    photo = {"contentType": "image/png", "data": "снимок"}
    bundle["entry"][0]["resource"]["photo"] = [photo]
    answered = await send(desk, "/fhir", bundle, HOSPITALS, HOSPITAL)
    assert answered.status_code == 200, answered.text


@pytest.mark.parametrize("url", ["https://[x", "https://a\u2100b/", "https://[::1]]/"])
async def test_attachment_at_no_address_is_refused_by_its_path(desk: Desk, url: str) -> None:
    content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
    reference = {"resourceType": "DocumentReference", "status": "current", "content": content}
    bundle = pushed_with(reference)
    answered = await send(desk, "/fhir", bundle, HOSPITALS, HOSPITAL)
    assert answered.status_code == 422, answered.text
    (issue,) = answered.json()["issue"]
    place = len(bundle["entry"]) - 1
    assert issue["expression"] == [f"Bundle.entry[{place}].resource.content[0].attachment.url"]


@pytest.mark.parametrize("body", [{"outgoing_number": HALF}, {"outgoing_number": 1}, {}])
async def test_answer_to_no_number_is_refused_by_its_field(desk: Desk, body: Any) -> None:
    path = "/interagency-requests/answers"
    refused(await send(desk, path, body, "pension_fund", OFFICE), "body.outgoing_number")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"monthly_amount": 10**25}, "body.certificate.monthly_amount"),
        ({"monthly_amount": "1500000"}, "body.certificate.monthly_amount"),
        ({"monthly_amount": 1500000.0}, "body.certificate.monthly_amount"),
        ({"monthly_amount": True}, "body.certificate.monthly_amount"),
        ({"as_of": "2999-01-01"}, "certificate.as_of"),
        ({"as_of": "0001-01-01"}, "certificate.as_of"),
    ],
)
async def test_impossible_certificate_is_refused_and_set_aside_r_2_6_1(
    desk: Desk, changed: dict[str, Any], field: str
) -> None:
    _, request_id = await desk.requested()
    body = {"certificate": CERTIFICATE["certificate"] | changed}
    refused(await desk.answer(request_id, body), field)
    request = (await desk.get(f"/interagency-requests/{request_id}")).json()
    assert len(request["garbled_answers"]) == 1
    assert request["certificate"] is None


async def test_answer_that_says_two_things_is_refused_and_set_aside_r_2_6_1(desk: Desk) -> None:
    _, request_id = await desk.requested()
    said = json.dumps(CERTIFICATE["certificate"])
    content = f'{{"certificate": {said[:-1]}, "monthly_amount": 1}}}}'
    headers = desk.stack.headers("pension_fund", OFFICE) | {"content-type": "application/json"}
    path = f"/interagency-requests/{request_id}"
    answered = await desk.http.post(f"{path}/answer", content=content, headers=headers)
    refused(answered, "body.certificate.monthly_amount")
    kept = (await desk.get(path)).json()["garbled_answers"]
    assert [one["reasons"] for one in kept] == [["body.certificate.monthly_amount: name_twice"]]


@pytest.mark.parametrize("content", [b'{"a": "\xff"}', b'{"a": ' + b"9" * 5000 + b"}"])
async def test_answer_in_no_encoding_is_set_aside_too_r_2_6_1(desk: Desk, content: bytes) -> None:
    _, request_id = await desk.requested()
    headers = desk.stack.headers("pension_fund", OFFICE) | {"content-type": "application/json"}
    path = f"/interagency-requests/{request_id}"
    answered = await desk.http.post(f"{path}/answer", content=content, headers=headers)
    assert answered.status_code == 400, answered.text
    kept = (await desk.get(path)).json()["garbled_answers"]
    assert [one["reasons"] for one in kept] == [["body: malformed-json"]]


async def test_documents_of_tomorrow_are_refused_by_their_field(desk: Desk) -> None:
    """R 2.6, R 3.2.2, 210-FZ 7.2: a paper bears a date that has been."""
    today = desk.intake.service.calendar.local_date(desk.intake.now())
    tomorrow = (today + timedelta(days=1)).isoformat()
    case_id = await desk.triaged()
    await desk.consent(case_id)
    paper = {"code": "medical_certificate", "issued_on": tomorrow}
    application = f"/cases/{case_id}/application"
    version = await desk.version(case_id)
    answered = await desk.post(application, {"documents": [paper]}, version=version)
    refused(answered, "documents.0.issued_on")
    assert answered.json()["clause"] == "R 2.6"
    await desk.act(case_id, "application", {"documents": [paper | {"issued_on": str(today)}]})
    order = {"authority": "by_order", "order_number": "12-к", "order_date": tomorrow}
    signed = {**SIGNED, "signatory": {**SIGNED["signatory"], **order}}  # type: ignore[dict-item]
    version = await desk.version(case_id)
    answered = await desk.post(
        f"/cases/{case_id}/certificate-request", signed, "institution_director", version=version
    )
    refused(answered, "signatory.order_date")
    await desk.act(case_id, "interagency-requests", GUARDIANS, "institution_director")
    request_id = (await desk.case(case_id))["requests"][-1]
    found = {"document": {"number": "147", "issued_on": tomorrow}}
    answered = await desk.post(f"/interagency-requests/{request_id}/answer", found)
    refused(answered, "document.issued_on")


@pytest.mark.parametrize("day", ["9999-12-31", "2999-01-01", "0001-01-01"])
async def test_time_to_think_ends_within_a_year_r_3_3_7_2(
    desk: Desk, case_id: str, day: str
) -> None:
    version = await desk.version(case_id)
    body = {**DECLINE, "think_until": day}
    answered = await desk.post(f"/cases/{case_id}/decline", body, version=version)
    refused(answered, "think_until")
    assert answered.json()["clause"] == "R 3.3.7.2"
