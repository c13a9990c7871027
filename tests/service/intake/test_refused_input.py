"""Wrong input: FHIR, JSON, messages; by which code and field, and nothing stored changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import assessment
from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.values import SYSTEM
from tests.service.intake.bodies import new_bundle, new_citizen, new_referral
from tests.service.intake.desk import HOSPITAL, Desk
from tests.service.stack import dead_letters, until


def patient(**changed: Any) -> dict[str, Any]:
    bundle = new_bundle()
    resource = bundle["entry"][0]["resource"]
    for field, value in changed.items():
        resource[field] = value
        if value is ...:
            del resource[field]
    return bundle


def snils(system: str, value: str) -> dict[str, Any]:
    return patient(identifier=[{"system": system, "value": value}])


SNILS = "https://fhir.ru/ig/core/systems/snils"
NOWHERE = [{"text": "г. Нигде, ул. Канареечная, д. 1"}]


@pytest.mark.parametrize(
    ("posted", "code", "path"),
    [
        ([], "invalid-resource", "resourceType"),
        ({"resourceType": "Bundle"}, "invalid-resource", "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": new_bundle()["entry"]},
         "invalid-resource", "Bundle.type"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": []},
         "invalid-resource", "Bundle.entry"),
        (snils("urn:example:snils", "11223344595"), "invalid-resource",
         "Bundle.entry[0].resource.identifier[0].system"),
        (snils(SNILS, "11223344590"), "invalid-resource",
         "Bundle.entry[0].resource.identifier[0].value"),
        (patient(birthDate="2041-01-01"), "birth-date-in-future",
         "Bundle.entry[0].resource.birthDate"),
        (patient(birthDate="1841-01-01"), "invalid-resource",
         "Bundle.entry[0].resource.birthDate"),
        (patient(birthDate=...), "journal-field-missing", "Bundle.entry[0].resource.birthDate"),
        (patient(address=...), "journal-field-missing", "Bundle.entry[0].resource.address"),
        (patient(address=NOWHERE), "address-outside-region", "Bundle.entry[0].resource.address"),
    ],
)  # fmt: skip
async def test_wrong_bundle_is_an_operation_outcome_that_names_the_path(
    desk: Desk, case_id: str, posted: Any, code: str, path: str
) -> None:
    before = await desk.stored()
    answered = await desk.push(posted) if posted else await desk.http.post(
        "/fhir", json=posted, headers=desk.stack.headers("medical_organization", HOSPITAL)
    )  # fmt: skip
    assert answered.status_code == 422
    assert answered.headers["content-type"].startswith("application/fhir+json")
    body = answered.json()
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue["expression"] == [path]
    for personal in ("Петрова", "11223344590", "Канареечная", "Нигде", "41-01-01"):
        assert personal not in answered.text
    assert await desk.stored() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[" * 5000 + b"]" * 5000,
        json.dumps(new_bundle()).encode("utf-16"),
    ],
)
async def test_what_is_no_json_is_an_operation_outcome(desk: Desk, body: bytes) -> None:
    headers = desk.stack.headers("medical_organization", HOSPITAL)
    answered = await desk.http.post("/fhir", content=body, headers=headers)
    assert answered.status_code == 422
    assert answered.json()["issue"][0]["details"]["coding"][0]["code"] in {
        "malformed-json",
        "invalid-resource",
    }


async def test_hospital_without_an_organization_is_refused(desk: Desk, case_id: str) -> None:
    before = await desk.stored()
    answered = await desk.push(org=None)
    assert answered.status_code == 422
    assert "organization-missing" in answered.text
    assert await desk.stored() == before


def without(*path: str) -> dict[str, Any]:
    referral = new_referral()
    inner = referral
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return referral


def citizen(**changed: Any) -> dict[str, Any]:
    return new_referral(citizen=new_citizen() | changed)


@pytest.mark.parametrize(
    ("referral", "code", "field"),
    [
        (without("citizen", "name"), "journal-field-missing", "citizen.name"),
        (without("citizen", "birth_date"), "journal-field-missing", "citizen.birth_date"),
        (without("citizen", "address"), "journal-field-missing", "citizen.address"),
        (without("problems"), "journal-field-missing", "problems"),
        (without("contact"), "journal-field-missing", "contact"),
        (citizen(birth_date="2041-01-01"), "birth-date-in-future", "citizen.birth_date"),
        (new_referral(received_at="2041-01-01T00:00:00Z"), "received-in-future", "received_at"),
        (new_referral(institution="r-institution-99"), "unknown-institution", "institution"),
        (citizen(snils="11223344590"), "invalid-input", "body.citizen.snils"),
        (citizen(birth_date="1841-01-01"), "invalid-input", "body.citizen"),
        (citizen(nickname="Нюра"), "invalid-input", "body.citizen.nickname"),
        (new_referral(colour="red"), "invalid-input", "body.colour"),
        (new_referral(in_danger=True, oral=False), "invalid-input", "body"),
        (without("contact", "phone"), "invalid-input", "body.contact"),
        (without("channel"), "invalid-input", "body.channel"),
        (new_referral(oral="yes"), "invalid-input", "body.oral"),
        (new_referral(in_danger=1), "invalid-input", "body.in_danger"),
        (new_referral(channel="PHONE"), "invalid-input", "body.channel"),
        (new_referral(channel="pigeon"), "invalid-input", "body.channel"),
        (citizen(address={"text": "\ud800"}), "invalid-input", "body.citizen.address.text"),
    ],
)
async def test_wrong_referral_is_refused_by_its_field_r_3_1_2(
    desk: Desk, case_id: str, referral: dict[str, Any], code: str, field: str
) -> None:
    before = await desk.stored()
    answered = await desk.http.post(
        "/referrals",
        content=json.dumps(referral),
        headers=desk.stack.headers("registrar") | {"content-type": "application/json"},
    )
    assert answered.status_code == 422, answered.text
    problem = answered.json()
    assert problem["code"] == code
    assert field in [wrong["field"] for wrong in problem["errors"]]
    for personal in ("11223344590", "Нюра", "2041", "1841", "Текстильщиков"):
        assert personal not in answered.text
    assert await desk.stored() == before


@pytest.mark.parametrize(("path", "megabytes"), [("/referrals", 1), ("/fhir", 8)])
async def test_body_over_the_bound_is_a_413(
    desk: Desk, case_id: str, path: str, megabytes: int
) -> None:
    before = await desk.stored()
    answered = await desk.http.post(
        path,
        content=b'{"a": "' + b"x" * megabytes * 1024 * 1024 + b'"}',
        headers=desk.stack.headers("medical_organization", HOSPITAL),
    )
    assert answered.status_code == 413
    if path == "/fhir":
        assert answered.json()["issue"][0]["code"] == "too-long"
    assert await desk.stored() == before


@pytest.mark.parametrize(
    "body",
    [b"not json", b"{}", b"\xff", json.dumps({"specversion": "1.0", "id": "x"}).encode()],
)
async def test_message_that_is_no_event_becomes_a_dead_letter(
    desk: Desk, case_id: str, body: bytes
) -> None:
    before, dead = await desk.stored(), await dead_letters(desk.app)
    await desk.stack.publish_raw(body, "assessment.survey-completed.v1")

    async def set_aside() -> bool:
        return await dead_letters(desk.app) == dead + 1

    await until(set_aside)
    after = await desk.stored()
    assert {name: kept for name, kept in after.items() if name in before} == before
    assert [name for name in after if name not in before and not name.startswith("letters/")] == []


async def test_event_of_an_unknown_type_is_counted_and_passed_over(
    desk: Desk, case_id: str
) -> None:
    story = desk.stack.story(assessment.CASE, case_id)
    completed = SurveyCompleted(by=SYSTEM, outcome=SurveyOutcome.COMMISSION)
    (known,) = story.write(completed)
    before = await desk.intake.cases.get(case_id)
    assert before is not None
    unknown, dead = desk.intake.service.consumer.tally.unknown, await dead_letters(desk.app)
    strange = known.model_copy(update={"type": "ru.opora.assessment.survey-sung.v1"})
    await desk.stack.publish(strange)
    await until(lambda: desk.intake.service.consumer.tally.unknown == unknown + 1)

    async def counted() -> bool:
        found = await desk.intake.cases.get(case_id)
        return found is not None and found.streams == {f"assessment.case.{case_id}": 1}

    await until(counted)
    after = await desk.intake.cases.get(case_id)
    assert after is not None
    assert after.state == before.state
    assert after.version == before.version
    assert await dead_letters(desk.app) == dead
