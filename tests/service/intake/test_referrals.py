"""Referrals in: JSON and FHIR, twice, in parallel, on two replicas, and after a crash."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from contracts.citizen import CitizenRegistered
from contracts.referral import ReferralRegistered
from tests.service.intake.bodies import new_bundle, new_citizen, new_referral
from tests.service.intake.desk import HOSPITAL, OTHER_HOSPITAL, OTHER_INSTITUTION, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

CALL_CENTRE = "k-coordination-centre-01"


async def test_referral_is_registered_and_told(desk: Desk) -> None:
    answered = await desk.post("/referrals", new_referral())
    assert answered.status_code == 201
    body = answered.json()
    assert answered.headers["etag"] == '"1"'
    assert answered.headers["location"] == f"/referrals/{body['id']}"
    assert not body["linked"]
    assert not body["incomplete"]
    assert len(body["status_code"]) == 10
    registered = await desk.stack.spy.wait_for(ReferralRegistered, body["case_id"])
    assert registered.case.institution == INSTITUTION
    assert registered.case.authorised_body == AUTHORISED_BODY
    assert registered.requester is None
    born = await desk.stack.spy.wait_for(CitizenRegistered, body["citizen_id"])
    assert born.card.name is not None
    entry = (await desk.get(answered.headers["location"])).json()
    assert entry["journal_number"] == body["journal_number"]
    assert entry["citizen"]["name"]["family"] == born.card.name.family


async def test_call_centre_registers_who_calls_with_the_institution_of_the_address_r_3_1_1(
    desk: Desk,
) -> None:
    called = await desk.post("/referrals", new_referral(), role="call_centre", org=CALL_CENTRE)
    assert called.status_code == 201, called.text
    assert called.json()["journal_number"].startswith(INSTITUTION)
    own = called.headers["location"]
    seen = await desk.get(own, "call_centre", org=CALL_CENTRE)
    assert seen.json()["channel"] == "phone"
    assert (await desk.get(own, "registrar")).status_code == 200
    others = await desk.register(new_referral())
    hidden = await desk.get(f"/referrals/{others['id']}", "call_centre", org=CALL_CENTRE)
    assert hidden.status_code == 404


async def test_personal_data_leave_by_the_citizen_stream_only(desk: Desk) -> None:
    body = await desk.register(new_referral(problems="Особая примета: канарейка"))
    await desk.stack.spy.wait_for(ReferralRegistered, body["case_id"])
    for envelope in desk.stack.spy.envelopes:
        if envelope.stream_kind != "intake.citizen":
            text = envelope.model_dump_json()
            assert not any(word in text for word in ("канарейка", "Сомова", "Текстильщиков"))


async def test_same_request_twice_is_one_referral(desk: Desk) -> None:
    referral, key = new_referral(), "same-key-1"
    first = await desk.post("/referrals", referral, key=key)
    again = await desk.post("/referrals", referral, key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]


async def test_address_decides_where_nobody_is_named_r_3_1_2(desk: Desk) -> None:
    there = new_citizen() | {"address": {"text": "г. Белово, ул. Юности, д. 3"}}
    body = await desk.register(new_referral(citizen=there), org=AUTHORISED_BODY)
    assert body["journal_number"].startswith(OTHER_INSTITUTION)
    named = await desk.register(new_referral(institution=OTHER_INSTITUTION))
    assert named["journal_number"].startswith(OTHER_INSTITUTION)
    # who took it in for the other institution still sees what became of it
    assert (await desk.get(f"/referrals/{named['id']}")).status_code == 200
    assert (await desk.get(f"/cases/{named['case_id']}")).status_code == 404


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ({"text": "г. Нигде, ул. Канареечная, д. 1"}, "address-outside-region"),
        (None, "journal-field-missing"),
    ],
)
async def test_address_nobody_serves_is_said_without_repeating_it_r_3_1_2(
    desk: Desk, address: dict[str, Any] | None, code: str
) -> None:
    before = await desk.stored()
    citizen = {**new_citizen(), "address": address}
    refused = await desk.post("/referrals", new_referral(citizen=citizen), org=AUTHORISED_BODY)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["field"] == "citizen.address"
    assert "Нигде" not in refused.text
    assert "Канареечная" not in refused.text
    assert await desk.stored() == before


async def test_fhir_bundle_is_answered_entry_by_entry_l_2_2(desk: Desk) -> None:
    bundle = new_bundle()
    answered = await desk.push(bundle)
    assert answered.status_code == 200
    assert answered.headers["content-type"].startswith("application/fhir+json")
    body = answered.json()
    assert (body["resourceType"], body["type"]) == ("Bundle", "transaction-response")
    responses = [entry["response"] for entry in body["entry"]]
    assert [response["status"] for response in responses] == ["201 Created"] * 4
    kinds = [response["location"].split("/")[0] for response in responses]
    assert kinds == ["Patient", "Organization", "ServiceRequest", "Task"]
    again = await desk.push(bundle)
    assert again.status_code == 200
    repeated = [entry["response"] for entry in again.json()["entry"]]
    assert [response["status"] for response in repeated] == ["200 OK"] * 4
    assert [r["location"] for r in repeated] == [r["location"] for r in responses]


async def test_bare_service_request_and_a_byte_order_mark_are_read(desk: Desk) -> None:
    bundle = new_bundle()
    request = bundle["entry"][2]["resource"]
    request["contained"] = [bundle["entry"][0]["resource"] | {"id": "p"}]
    request["subject"] = {"reference": "#p"}
    request["extension"] = [{"url": "urn:x", "valueInteger": 2**80}, {"$ref.a": 1.5e300}]
    text = json.dumps(request)
    answered = await desk.http.post(
        "/fhir",
        content=b"\xef\xbb\xbf" + text.encode(),
        headers=desk.stack.headers("medical_organization", HOSPITAL),
    )
    assert answered.status_code == 201, answered.text
    task = answered.json()["entry"][-1]["response"]["location"].split("/")[1]
    stored = await desk.intake.journal.get(task)
    assert stored is not None
    assert stored.state.original == text


def task_of(answered: httpx.Response) -> str:
    return str(answered.json()["entry"][3]["response"]["location"].split("/")[1])


async def test_task_is_for_the_organization_that_sent_it_only(desk: Desk) -> None:
    task_id = task_of(await desk.push())
    own = await desk.get(f"/fhir/Task/{task_id}", "medical_organization", org=HOSPITAL)
    assert own.status_code == 200
    assert own.headers["etag"].startswith('W/"')
    task = own.json()
    assert (task["status"], task["intent"], task["id"]) == ("received", "order", task_id)
    assert task["lastModified"] >= task["authoredOn"]
    answers = [
        await desk.get(f"/fhir/Task/{wanted}", "medical_organization", org=org)
        for wanted, org in [
            (task_id, OTHER_HOSPITAL),
            (task_id, None),
            ("J-none", HOSPITAL),
        ]
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["resourceType"] == "OperationOutcome"


async def test_task_of_a_registrars_referral_is_nobodys(desk: Desk) -> None:
    body = await desk.register()
    for org in (None, HOSPITAL):
        answered = await desk.get(f"/fhir/Task/{body['id']}", "medical_organization", org=org)
        assert answered.status_code == 404


async def test_second_hospital_joins_the_case_and_follows_it_by_a_task_of_its_own_l_5_1(
    desk: Desk,
) -> None:
    bundle = new_bundle()
    first = await desk.push(bundle)
    bundle["entry"][2]["resource"]["identifier"][0]["value"] += "-2"
    other = await desk.push(bundle, org=OTHER_HOSPITAL)
    assert task_of(first) != task_of(other)
    task = await desk.get(
        f"/fhir/Task/{task_of(other)}", "medical_organization", org=OTHER_HOSPITAL
    )
    assert task.status_code == 200
    assert task.json()["requester"]["reference"] == f"Organization/{OTHER_HOSPITAL}"
    assert task.json()["for"]["reference"] == first.json()["entry"][0]["response"]["location"]


async def test_referral_in_danger_is_listed_until_completed_r_3_1_2(desk: Desk) -> None:
    address = new_citizen()["address"]
    bare = new_referral(citizen={"address": address}, contact=None, in_danger=True)
    body = await desk.register(bare)
    assert body["incomplete"]
    assert set(body["missing"]) == {"citizen.name", "citizen.birth_date", "contact"}
    registered = await desk.stack.spy.wait_for(ReferralRegistered, body["case_id"])
    assert registered.incomplete
    listed = (await desk.get("/referrals?incomplete=true&limit=100")).json()["items"]
    assert body["id"] in {entry["id"] for entry in listed}
    learned = new_citizen()
    completion = {
        "citizen": {key: learned[key] for key in ("name", "birth_date")},
        "contact": new_referral()["contact"],
        "source": "участковый",
    }
    done = await desk.post(f"/referrals/{body['id']}/completion", completion, version=1)
    assert done.status_code == 200, done.text
    assert done.json()["missing"] == []
    assert done.headers["etag"] == '"2"'
    listed = (await desk.get("/referrals?incomplete=true&limit=100")).json()["items"]
    assert body["id"] not in {entry["id"] for entry in listed}
    citizen = await desk.intake.citizens.get(body["citizen_id"])
    assert citizen is not None
    assert citizen.state.card.name is not None
    assert citizen.state.person_key is not None
    entry = (await desk.get(f"/referrals/{body['id']}")).json()
    assert entry["additions"][0]["source"] == "участковый"


async def test_new_referral_costs_four_writes_and_two_events(desk: Desk) -> None:
    cost = await desk.cost(desk.register)
    assert cost == {"journal": 2, "citizens": 1, "cases": 1, "published": 2}


async def test_linked_referral_costs_three_writes_and_one_event(desk: Desk) -> None:
    citizen = new_citizen()
    await desk.register(new_referral(citizen=citizen))
    cost = await desk.cost(lambda: desk.register(new_referral(citizen=citizen)))
    assert cost == {"journal": 2, "cases": 1, "published": 1}


async def test_repeated_referral_costs_nothing(desk: Desk) -> None:
    referral = new_referral()
    await desk.register(referral, key="again-1")
    assert await desk.cost(lambda: desk.register(referral, key="again-1")) == {}
    bundle = new_bundle()
    await desk.push(bundle)
    assert await desk.cost(lambda: desk.push(bundle)) == {}
