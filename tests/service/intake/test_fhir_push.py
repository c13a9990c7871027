"""FHIR pushes: what is answered, what is kept, and when content is another's (L 2.2, L 5.1)."""

from __future__ import annotations

import base64
import json
import time
from copy import deepcopy
from typing import Any

import httpx
import pytest

from contracts.referral import ReferralRegistered
from services.intake.api.worklist_views import worklist_item
from tests.service.intake.bodies import (
    BARTHEL,
    CONDITION,
    PDF,
    new_bundle,
    new_request,
    rich_bundle,
)
from tests.service.intake.desk import HOSPITAL, OTHER_HOSPITAL, Desk

HOSPITALS = "medical_organization"


def answers(answered: httpx.Response) -> list[dict[str, Any]]:
    assert answered.status_code in {200, 201}, answered.text
    return [entry["response"] for entry in answered.json()["entry"]]


def issue(answered: httpx.Response) -> dict[str, Any]:
    body = answered.json()
    assert body["resourceType"] == "OperationOutcome", body
    (found,) = body["issue"]
    return {"status": answered.status_code, **found}


async def read(desk: Desk, place: str, **headers: Any) -> httpx.Response:
    headers.setdefault("org", HOSPITAL)
    return await desk.get(f"/fhir/{place}", HOSPITALS, **headers)


async def test_every_entry_is_answered_in_order_with_its_version_and_time(desk: Desk) -> None:
    bundle = rich_bundle()
    bundle["entry"].reverse()  # the order of entries means nothing
    found = answers(await desk.push(bundle))
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert [one["location"].split("/")[0] for one in found] == kinds
    for one in found:
        assert one["status"] == "201 Created"
        assert one["etag"] == 'W/"1"'
        assert one["lastModified"]
    for one, kind in zip(found, kinds, strict=True):
        if kind in {"Patient", "Organization"}:
            continue
        kept = await read(desk, one["location"])
        assert kept.status_code == 200, (kind, kept.text)
        assert kept.json()["resourceType"] == kind
        assert f"{kind}/{kept.json()['id']}" == one["location"]


async def test_priority_stands_in_the_journal_the_case_and_its_worklist_r_3_1_7(
    desk: Desk,
) -> None:
    bundle = new_bundle()
    bundle["entry"][2]["resource"]["priority"] = "stat"
    entry_id = answers(await desk.push(bundle))[2]["location"].split("/")[1]
    line = (await desk.get(f"/referrals/{entry_id}")).json()
    assert line["priority"] == "stat"
    assert (await desk.case(line["case_id"]))["priority"] == "stat"
    document = await desk.intake.cases.get(line["case_id"])
    assert document is not None
    assert worklist_item(document, desk.intake.now()).priority == "stat"


async def test_patient_who_is_known_was_not_created(desk: Desk) -> None:
    bundle = new_bundle()
    first = answers(await desk.push(bundle))
    bundle["entry"][2]["resource"]["identifier"][0]["value"] += "-2"
    second = answers(await desk.push(bundle))
    assert [one["status"] for one in second] == ["200 OK"] + ["201 Created"] * 3
    assert second[0]["location"] == first[0]["location"]


async def test_what_nobody_here_knows_is_kept_and_where_is_said(desk: Desk) -> None:
    bundle = new_bundle()
    novelty = {"resourceType": "Basic", "code": {"text": "неизвестное"}, "ни": {"что": [1]}}
    bundle["entry"].append({"resource": novelty, "request": {"method": "POST", "url": "Basic"}})
    bundle["entry"][0]["resource"]["extension"] = [{"url": "urn:x", "valueString": "вдова"}]
    text = json.dumps(bundle, ensure_ascii=False, indent=1)
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    answered = await desk.http.post("/fhir", content=text.encode(), headers=headers)
    *_, last = answers(answered)
    said = last["outcome"]["issue"][0]
    assert (said["severity"], "location" in last) == ("information", False)
    task = answers(answered)[3]["location"].split("/")[1]
    whole = await read(desk, f"Bundle/{task}")
    assert whole.text == text
    assert f"/fhir/Bundle/{task}" in said["diagnostics"]


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ('{"url": "urn:x", "valueString": "\\ud800"}', "[0].valueString"),
        ('{"url": "urn:x", "valueString": "\\u0000"}', "[0].valueString"),
        ('{"url": "urn:x", "valueDecimal": Infinity}', "[0].valueDecimal"),
        ('{"url": "urn:x", "valueDecimal": 1e999}', "[0].valueDecimal"),
        ('{"url": "urn:x", "valueInteger": 1, "valueInteger": 2}', "[0].valueInteger"),
        ('{"url": "urn:x", "\\ud800": 1, "\\ud800": 1}', "[0]"),
    ],
)
async def test_what_is_hardly_json_is_refused_where_it_stands(
    desk: Desk, odd: str, place: str
) -> None:
    bundle = new_bundle()
    bundle["entry"][2]["resource"]["extension"] = ["ODD"]
    await desk.settle()
    before = await desk.stored()
    answered = await desk.http.post(
        "/fhir",
        content=json.dumps(bundle).replace('"ODD"', odd),
        headers=desk.stack.headers(HOSPITALS, HOSPITAL),
    )
    found = issue(answered)
    path = f"Bundle.entry[2].resource.extension{place}"
    assert (found["status"], found["expression"]) == (422, [path])
    assert await desk.stored() == before


async def test_request_is_read_as_sent_with_places_of_what_it_refers_to(desk: Desk) -> None:
    bundle = new_bundle()
    bundle["entry"][2]["resource"]["extension"] = [{"url": "urn:x", "valueInteger": 7}]
    found = answers(await desk.push(bundle))
    request = (await read(desk, found[2]["location"])).json()
    assert request["extension"] == [{"url": "urn:x", "valueInteger": 7}]
    assert request["subject"]["reference"] == found[0]["location"]
    assert request["requester"]["reference"] == f"Organization/{HOSPITAL}"
    assert request["status"] == "active"
    assert f"ServiceRequest/{request['id']}" == found[2]["location"]


async def test_content_rich_referral_is_told_to_assessment_without_names_l_2_2(
    desk: Desk,
) -> None:
    found = answers(await desk.push(rich_bundle()))
    task = found[3]["location"].split("/")[1]
    entry = await desk.intake.journal.get(task)
    assert entry is not None
    assert entry.state.placed is not None
    event = await desk.stack.spy.wait_for(ReferralRegistered, entry.state.placed.case_id)
    said = event.said
    (scale,) = said.scales
    scores = {one.position: one.score for one in scale.scores}
    assert (scale.instrument, scores, scale.total) == ("barthel", BARTHEL, 45)
    assert scale.band_en == "Severe dependence"
    assert said.conditions[0].code == "I69.3"
    assert (said.consent, str(said.consent_on)) == ("permit", "2026-02-01")
    assert said.contact_person
    assert event.in_hospital
    assert said.attachments[0].size == len(PDF)
    text = event.model_dump_json()
    for personal in ("Сомова", "Петрова", "Выписка", "сохранить", "Кирова"):
        assert personal not in text
    contact = entry.state.form.contact
    assert contact is not None
    assert contact.name is not None
    assert contact.name.family == "Сомова"


async def test_attachment_is_kept_apart_and_read_where_the_document_says(desk: Desk) -> None:
    bundle = rich_bundle()
    found = answers(await desk.push(bundle))
    document = (await read(desk, found[8]["location"])).json()
    attachment = document["content"][0]["attachment"]
    assert "data" not in attachment
    headers = desk.stack.headers(HOSPITALS, HOSPITAL) | {"Accept": "application/pdf"}
    content = await desk.http.get(f"/fhir/{attachment['url']}", headers=headers)
    assert content.content == PDF
    assert content.headers["content-type"] == "application/pdf"
    other = await read(desk, attachment["url"], org=OTHER_HOSPITAL)
    assert other.status_code == 404
    task = found[3]["location"].split("/")[1]
    entry = await desk.intake.journal.get(task)
    assert entry is not None
    assert base64.b64encode(PDF).decode() not in (entry.state.original or "")
    assert await desk.cost(lambda: desk.push(bundle)) == {}  # and the repetition is the same


def renamed(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same, as a system says it that makes its ids anew each time."""
    return json.loads(json.dumps(bundle).replace("0b0f0c1e-1f6a-4a52", "99999999-1f6a-4a52"))  # type: ignore[no-any-return]


async def test_harmless_differences_are_the_same_referral_l_5_1(desk: Desk) -> None:
    bundle = rich_bundle()
    first = answers(await desk.push(bundle))
    other = renamed(bundle)
    other["entry"].reverse()
    other["id"], other["meta"] = "b2", {"lastUpdated": "2026-02-03T00:00:00Z"}
    task = next(e["resource"] for e in other["entry"] if e["resource"]["resourceType"] == "Task")
    task["lastModified"] = "2026-02-05T00:00:00Z"
    patient = next(
        e["resource"] for e in other["entry"] if e["resource"]["resourceType"] == "Patient"
    )
    patient["name"][0]["family"] = "  Петрова "
    patient["text"] = {"status": "generated", "div": "<div>Петрова</div>"}
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    text = json.dumps(other, indent=3)
    again = await desk.http.post("/fhir", content=text, headers=headers)
    found = {one["location"] for one in answers(again)}
    assert {one["status"] for one in answers(again)} == {"200 OK"}
    same = [o["location"] for o in first if o["location"].split("/")[0] in {"Task", "Patient"}]
    assert set(same) <= found


def change(entry: int, **fields: Any) -> Any:
    def changed(bundle: dict[str, Any]) -> None:
        bundle["entry"][entry]["resource"].update(fields)

    return changed


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (change(0, birthDate="1950-01-01"), "Patient.birthDate"),
        (change(0, name=[{"family": "Другая", "given": ["Анна"]}]), "Patient.name"),
        (change(2, reasonCode=[{"text": "Перелом шейки бедра"}]), "ServiceRequest.reasonCode"),
        (change(2, priority="stat"), "ServiceRequest.priority"),
        (change(CONDITION, code={"coding": [{"system": "urn:x", "code": "S72"}]}),
         "Condition.code"),
        (lambda b: b["entry"].pop(CONDITION), "Condition"),
        (lambda b: b["entry"].append(
            {"resource": {"resourceType": "Basic"}, "request": {"method": "POST", "url": "Basic"}}
        ), "Basic"),
        (lambda b: b["entry"][8]["resource"]["content"][0]["attachment"].update(
            data=base64.b64encode(PDF + b"\n").decode(), size=len(PDF) + 1), "DocumentReference"),
    ],
)  # fmt: skip
async def test_other_content_under_the_same_identifier_is_refused_and_named_l_5_1(
    desk: Desk, changed: Any, named: str
) -> None:
    bundle = rich_bundle()
    task = answers(await desk.push(bundle))[3]["location"].split("/")[1]
    await desk.settle()
    before = await desk.stored()
    changed(bundle)
    found = issue(await desk.push(bundle))
    assert (found["status"], found["code"]) == (422, "duplicate")
    assert found["details"]["coding"][0]["code"] == "referral-identifier-reused"
    assert named in found["diagnostics"]
    assert f"ServiceRequest/{task}" in found["diagnostics"]
    assert found["expression"] == ["Bundle.entry[2].resource.identifier"]
    for personal in ("Другая", "1950", "Перелом", "S72"):
        assert personal not in json.dumps(found, ensure_ascii=False)
    assert await desk.stored() == before


async def test_same_number_of_another_organization_is_another_referral(desk: Desk) -> None:
    bundle = new_bundle()
    first, second = await desk.push(bundle), await desk.push(bundle, org=OTHER_HOSPITAL)
    assert answers(first)[3]["location"] != answers(second)[3]["location"]


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        (lambda b: b["entry"][1]["request"].update(method="PUT"), "Bundle.entry[1].request.method"),
        (lambda b: b["entry"][1]["request"].update(url="Patient"), "Bundle.entry[1].request.url"),
        (lambda b: b["entry"][0]["request"].update(ifNoneExist="name=Петрова"),
         "Bundle.entry[0].request.ifNoneExist"),
        (lambda b: b["entry"][3]["resource"].update(focus={"reference": "urn:uuid:нет"}),
         "Bundle.entry[3].resource.focus"),
        (lambda b: b["entry"][3]["resource"].update(owner={"reference": "urn:uuid:нет"}),
         "Bundle.entry[3].resource.owner.reference"),
        (lambda b: b["entry"][2]["resource"].update(performer=[{"reference": "#a"}]),
         "Bundle.entry[2].resource.performer[0].reference"),
        (lambda b: b["entry"][3]["resource"].update({"for": {"reference": "Patient/9"}}),
         "Bundle.entry[3].resource.for"),
        (lambda b: b["entry"][3]["resource"].update(authoredOn="2026-02-30"),
         "Bundle.entry[3].resource.authoredOn"),
        (lambda b: b["entry"][2]["resource"].update(authoredOn="2026-04-31T10:00:00Z"),
         "Bundle.entry[2].resource.authoredOn"),
        (lambda b: b["entry"][3]["resource"].update(lastModified="2026-02-02T00:00:00Z"),
         "Bundle.entry[3].resource.lastModified"),
        (lambda b: b["entry"][3]["resource"].update(intent="unknown"),
         "Bundle.entry[3].resource.intent"),
        (lambda b: b["entry"].extend(b["entry"][:1] * 10_000), "Bundle.entry"),
    ],
)  # fmt: skip
async def test_wrong_bundle_is_refused_by_its_path_at_once(
    desk: Desk, broken: Any, path: str
) -> None:
    bundle = new_bundle()
    broken(bundle)
    await desk.settle()
    before, began = await desk.stored(), time.process_time()
    found = issue(await desk.push(bundle))
    assert (found["status"], found["expression"]) == (422, [path])
    assert time.process_time() - began < 5
    assert "Петрова" not in json.dumps(found, ensure_ascii=False)
    assert await desk.stored() == before


@pytest.mark.parametrize(
    "refer",
    [
        {"reference": "Patient/p-7"},
        {"reference": "Patient?identifier=urn:oid:2.25.9|77"},
        {"identifier": {"system": "urn:oid:2.25.9", "value": "77"}},
        {"reference": "#inside"},
    ],
)
async def test_patient_is_found_however_it_is_referred_to(
    desk: Desk, refer: dict[str, Any]
) -> None:
    bundle = new_bundle()
    patient, request, task = (bundle["entry"][place]["resource"] for place in (0, 2, 3))
    patient["id"] = "p-7"
    patient["identifier"] = [{"system": "urn:oid:2.25.9", "value": "77"}]
    request["subject"] = task["for"] = refer
    if refer.get("reference") == "#inside":
        request["contained"] = [{**patient, "id": "inside"}]
        del bundle["entry"][0]["fullUrl"], task["for"]
    assert (await desk.push(bundle)).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/fhir+json", 200),
        ("application/fhir+json; charset=UTF-8", 200),
        ("application/json", 200),
        ("application/fhir+xml", 415),
        ("application/xml", 415),
        ("text/plain", 415),
        ("application/fhir+json; charset=windows-1251", 415),
    ],
)
async def test_content_type_is_fhir_in_json(desk: Desk, content_type: str, status: int) -> None:
    headers = desk.stack.headers(HOSPITALS, HOSPITAL) | {"Content-Type": content_type}
    content = json.dumps(new_bundle())
    answered = await desk.http.post("/fhir", content=content, headers=headers)
    assert answered.status_code == status, answered.text
    if status == 415:
        assert issue(answered)["code"] == "not-supported"


@pytest.mark.parametrize(
    ("accept", "query", "status", "media_type"),
    [
        ("application/fhir+json", "", 200, "application/fhir+json"),
        ("application/json", "", 200, "application/json"),
        ("text/html, */*;q=0.1", "", 200, "application/fhir+json"),
        ("application/fhir+xml", "", 406, "application/fhir+json"),
        ("application/fhir+json;q=0", "", 406, "application/fhir+json"),
        ("application/fhir+xml", "?_format=json", 200, "application/fhir+json"),
        ("*/*", "?_format=application/fhir%2Bjson", 200, "application/fhir+json"),
        ("*/*", "?_format=xml", 406, "application/fhir+json"),
    ],
)
async def test_answer_is_of_a_form_that_the_caller_takes(
    desk: Desk, accept: str, query: str, status: int, media_type: str
) -> None:
    headers = desk.stack.headers(HOSPITALS, HOSPITAL) | {"Accept": accept}
    answered = await desk.http.get(f"/fhir/metadata{query}", headers=headers)
    assert answered.status_code == status
    assert answered.headers["content-type"] == media_type


async def test_preference_says_what_is_answered(desk: Desk) -> None:
    bundle = new_bundle()
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    whole = await desk.http.post(
        "/fhir", json=bundle, headers=headers | {"Prefer": "return=representation"}
    )
    kinds = [entry["resource"]["resourceType"] for entry in whole.json()["entry"]]
    assert kinds == ["Patient", "Organization", "ServiceRequest", "Task"]
    assert whole.json()["entry"][3]["resource"]["status"] == "received"
    bare = await desk.http.post(
        "/fhir", json=bundle, headers=headers | {"Prefer": "return=minimal"}
    )
    assert all("resource" not in entry for entry in bare.json()["entry"])


async def test_request_is_created_alone_once(desk: Desk) -> None:
    request = new_request()
    number = request["identifier"][0]["value"]
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    headers["If-None-Exist"] = f"identifier=urn:oid:2.25.1|{number}"
    made = await desk.http.post("/fhir/ServiceRequest", json=request, headers=headers)
    assert made.status_code == 201, made.text
    assert made.headers["etag"] == 'W/"1"'
    assert made.headers["last-modified"].endswith("GMT")
    place = made.headers["location"].removeprefix("/fhir/").removesuffix("/_history/1")
    assert made.json()["id"] == place.split("/")[1]
    again = await desk.http.post(
        "/fhir/ServiceRequest", json=request, headers=headers | {"Prefer": "return=minimal"}
    )
    assert (again.status_code, again.content) == (200, b"")
    assert again.headers["location"] == made.headers["location"]
    assert (await read(desk, place)).json()["contained"][0]["resourceType"] == "Patient"
    wrong = await desk.http.post("/fhir/ServiceRequest", json=new_bundle(), headers=headers)
    assert issue(wrong)["expression"] == ["resourceType"]


def scored(**changed: Any) -> dict[str, Any]:
    bundle = rich_bundle()
    items = bundle["entry"][6]["resource"]["item"][0]["item"]
    for item in items:
        if item["linkId"] in changed:
            item["answer"] = [changed[item["linkId"]]]
    return bundle


ITEM = "Bundle.entry[6].resource.item[0].item"


@pytest.mark.parametrize(
    ("bundle", "path"),
    [
        (scored(feeding={"valueInteger": 7}), f"{ITEM}[0].answer[0].valueInteger"),
        (scored(bathing={"valueInteger": 10}), f"{ITEM}[1].answer[0].valueInteger"),
        (scored(feeding={"valueString": "5"}), f"{ITEM}[0].answer[0]"),
        (scored(feeding={"valueInteger": 5.0}), f"{ITEM}[0].answer[0].valueInteger"),
        (scored(feeding={"valueInteger": "5"}), f"{ITEM}[0].answer[0].valueInteger"),
        (scored(feeding={"valueInteger": True}), f"{ITEM}[0].answer[0].valueInteger"),
        (scored(feeding={"valueDecimal": 5.5}), f"{ITEM}[0].answer[0].valueDecimal"),
        (scored(feeding={"valueInteger": 10}), "Bundle.entry[7].resource.valueQuantity.value"),
    ],
)
async def test_scale_that_contradicts_itself_is_refused_by_its_path(
    desk: Desk, bundle: dict[str, Any], path: str
) -> None:
    found = issue(await desk.push(deepcopy(bundle)))
    assert (found["status"], found["expression"]) == (422, [path])


def attached(**changed: Any) -> dict[str, Any]:
    bundle = rich_bundle()
    attachment = bundle["entry"][8]["resource"]["content"][0]["attachment"]
    attachment.update(changed)
    if "url" in changed:
        del attachment["data"]
    return bundle


PLACE = "Bundle.entry[8].resource.content[0].attachment"


@pytest.mark.parametrize(
    ("bundle", "field"),
    [
        (attached(contentType="application/x-msdownload"), "contentType"),
        (attached(contentType="image/png"), "contentType"),
        (attached(size=3), "size"),
        (attached(hash=base64.b64encode(b"0" * 20).decode()), "hash"),
        (attached(data="не base64"), "data"),
        (attached(url="https://mo.example/doc.pdf"), "url"),
        (attached(url="http://169.254.169.254/latest"), "url"),
        (attached(url="file:///etc/passwd"), "url"),
    ],
)
async def test_attachment_is_checked_and_fetched_from_nowhere_else(
    desk: Desk, bundle: dict[str, Any], field: str
) -> None:
    await desk.settle()
    before = await desk.stored()
    found = issue(await desk.push(deepcopy(bundle)))
    assert (found["status"], found["expression"]) == (422, [f"{PLACE}.{field}"])
    assert await desk.stored() == before
