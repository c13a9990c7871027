"""Every request of every service once, good ways only: what `test_figures.py` counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from contracts.roles import Role
from tests.service.access import Route, Walk
from tests.service.assessment import access as assessment
from tests.service.assessment.office import Desk as AssessmentDesk
from tests.service.assessment.office import opened_office as opened_assessment
from tests.service.assessment.people import (
    CHAIR,
    MEMBERS,
    NURSE,
    ORGANIZER,
    SERVICE,
    SPECIALIST,
    SURVEY,
    questionnaire_body,
    visit_body,
)
from tests.service.careplan import access as careplan
from tests.service.careplan.bureau import NOTICE, REFUSE, STRAIGHT, opened_bureau
from tests.service.complaints import access as complaints
from tests.service.complaints.conftest import PARTS
from tests.service.complaints.conftest import opened_office as opened_complaints
from tests.service.directory import access as directory
from tests.service.directory.conftest import app_of, settled
from tests.service.intake.bodies import (
    DECLINE,
    PAPERS,
    SIGNED,
    answers_of,
    new_bundle,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import (
    HOSPITAL,
    Clock,
    Desk,
    knows_directory,
    open_desk,
    publish_body,
    publish_directory,
)
from tests.service.intake.outside import Outside
from tests.service.ledger import COUNTED, Ledger
from tests.service.registry import access as registry
from tests.service.registry.conftest import opened_register, path_of
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack

MEASURES = {"measures": [{"measure": "Вызвать врача", "responsible": "Орлова"}]}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the clocks are left: none of the corpus's documents has anything due then."""
DECLINED = {**SURVEY, "outcome": "declined", "consequences_explained": True, "contact_left": True}


async def _read(walk: Walk, routes: Iterable[Route]) -> None:
    """Every route that reads, by its own caller."""
    for route in routes:
        if route.method == "GET" or not route.roles:
            answered = await (walk.call(route) if route.roles else walk.send(route))
            assert answered.status_code == 200, (route.key, answered.text)


def _watched(app: FastAPI, client: httpx.AsyncClient) -> Ledger:
    ledger = Ledger(app)
    ledger.watch(client)
    return ledger


async def of_assessment(stack: Stack) -> Ledger:
    office = await opened_assessment(stack, COUNTED)
    await office.publish_hospital()
    ledger = _watched(office.app, office.client)
    desk = await office.open()
    await desk.to_filled()
    await desk.do("questionnaire", NURSE, questionnaire_body(full=["cook", "wash_body"]))
    await _sign(desk)
    await desk.do("protocol", CHAIR, SERVICE)
    declined = await office.open()
    await declined.see()
    headers = office.headers(SPECIALIST, version=declined.version, key="visit-1")
    path = f"/cases/{declined.case_id}/survey-visit"
    await office.client.post(path, json=visit_body(), headers=headers)
    with ledger.called("repeated"):
        await office.client.post(path, json=visit_body(), headers=headers)
    await declined.see()
    with ledger.called("the citizen declines"):
        await declined.do("survey", SPECIALIST, DECLINED)
    await declined.do("reopening", SPECIALIST)
    walk = Walk(
        stack, office.app, office.client, "cases", desk.case_id, 1, {"case_id": desk.case_id}
    )
    await _read(walk, assessment.ROUTES)
    office.clock.now = LONG_AGO
    return ledger


async def _sign(desk: AssessmentDesk) -> None:
    for member in MEMBERS:
        await desk.do("act/signatures", member, {})
    citizen = {"signer": "citizen", "consents_to_transfer": True}
    await desk.do("act/signatures", ORGANIZER, citizen)


async def of_careplan(stack: Stack) -> Ledger:
    bureau = await opened_bureau(stack, COUNTED)
    ledger = _watched(bureau.app, bureau.client)
    desk = await bureau.planning()
    await desk.registered()
    await desk.walk(*STRAIGHT)
    refused = await bureau.planning()
    await refused.walk(*STRAIGHT[:7])
    await refused.walk((Role.AUTHORISED_BODY_HEAD, "decision", REFUSE | {"reasons": "Отказ"}))
    await refused.walk((Role.CARE_ORGANIZER, "refusal-notice", NOTICE))
    ids = {"case_id": desk.case_id}
    walk = Walk(stack, bureau.app, bureau.client, "cases", desk.case_id, 1, ids)
    await _read(walk, careplan.ROUTES)
    bureau.clock.now = LONG_AGO
    return ledger


async def of_complaints(stack: Stack) -> Ledger:
    office = await opened_complaints(stack, COUNTED)
    ledger = _watched(office.app, office.http)
    case_id = await office.case()
    await office.refused(case_id)
    with ledger.called("first of its register"):
        await office.register(case_id)
    made = await office.register(case_id)
    with ledger.called("a remedy is ordered"):
        await office.decide(made)
    body = {"parts": PARTS, "way": "post"}
    path = f"/complaints/{made['id']}/answer"
    answered = await office.post(path, body, version=2, key="answer-1")
    assert answered.status_code == 200, answered.text
    with ledger.called("repeated"):
        await office.post(path, body, version=2, key="answer-1")
    other = await office.register(case_id)
    refusal = {"outcome": "refused", "remedy": None, "refusal_ground": "court_decision"}
    assert (await office.decide(other, **refusal)).status_code == 200
    ids = {"complaint_id": made["id"]}
    walk = Walk(stack, office.app, office.http, "complaints", made["id"], 1, ids)
    await _read(walk, complaints.ROUTES)
    office.times["now"] = LONG_AGO
    return ledger


async def of_directory(stack: Stack) -> Ledger:
    app = app_of(stack, COUNTED)
    client = await stack.serve(app)
    await settled(app)
    ledger = _watched(app, client)
    ids = {"organization_id": INSTITUTION}
    walk = Walk(stack, app, client, "organizations", INSTITUTION, 1, ids)
    await _read(walk, directory.ROUTES)
    for route in directory.ROUTES:
        if route.method == "POST" and route.roles:
            version = 2 if route.path.endswith("retirement") else 1
            answered = await walk.call(route, version=version, key=f"key-{route.path[-9:]}")
            assert answered.is_success, (route.key, answered.text)
    with ledger.called("repeated"):
        for route in directory.ROUTES:
            if route.path.endswith("retirement"):
                await walk.call(route, version=2, key=f"key-{route.path[-9:]}")
    return ledger


async def of_registry(stack: Stack) -> Ledger:
    register = await opened_register(stack, COUNTED)
    ledger = _watched(register.app, register.http)
    case, citizen = registry.REF.case_id, registry.REF.citizen_id
    await register.hear(path_of(case))
    await register.hear(registry.citizen_told())
    ids = {"case_id": case, "citizen_id": citizen, "stream": f"intake.case.{case}"}
    walk = Walk(stack, register.app, register.http, "cases", case, 1, ids)
    await _read(walk, registry.ROUTES)
    return ledger


async def of_intake(stack: Stack) -> Ledger:
    clock = Clock()
    desk = await open_desk(stack, clock, Outside(), COUNTED)
    await publish_directory(stack)
    await knows_directory(desk)
    ledger = _watched(desk.app, desk.http)
    with ledger.called("first of its journal"):
        await desk.register()
    citizen, bundle = new_citizen(), new_bundle()
    with ledger.called("new"):
        referral = new_referral(citizen=citizen)
        body = await desk.register(referral, key="first-of-two")
        pushed = await desk.push(bundle)
    with ledger.called("linked"):
        await desk.register(new_referral(citizen=citizen))
    with ledger.called("repeated"):
        await desk.register(referral, key="first-of-two")
        await desk.push(bundle)
    await _complete(desk, ledger)
    await _keep_journal(desk, ledger)
    request_id = await _proceed(desk, str(body["case_id"]))
    await desk.surveyed(str(body["case_id"]))
    assert (await desk.answer(request_id)).status_code == 200
    with ledger.called("new"):
        advised = str((await desk.register())["case_id"])
    await desk.act(advised, "answers", answers_of())
    consultation = {"code": "consultation", "reason": "так решено"}
    await desk.act(advised, "triage", consultation, "urgent_head")
    await desk.act(advised, "consultation")
    await _look(desk, body, pushed.json()["entry"][3]["response"]["location"])
    clock.put_to(LONG_AGO)
    return ledger


async def _look(desk: Desk, body: dict[str, Any], task: str) -> None:
    """Everything that can be read."""
    day = desk.intake.now().date()
    year = f"from={day - timedelta(days=300)}&to={day + timedelta(days=1)}"
    for path, role, org in (
        ("/referrals", "registrar", INSTITUTION),
        (f"/referrals/print?{year}", "registrar", INSTITUTION),
        (f"/referrals.csv?{year}", "registrar", INSTITUTION),
        (f"/referrals/{body['id']}", "registrar", INSTITUTION),
        ("/cases", "specialist", INSTITUTION),
        (f"/cases/{body['case_id']}", "registrar", INSTITUTION),
        (f"/fhir/{task}", "medical_organization", HOSPITAL),
        ("/fhir/metadata", "medical_organization", HOSPITAL),
    ):
        answered = await desk.get(path, role, org=org)
        assert answered.status_code == 200, (path, answered.text)


async def _complete(desk: Desk, ledger: Ledger) -> None:
    """A referral in danger, of somebody unknown, completed later."""
    bare = {"citizen": {"address": new_citizen()["address"]}, "contact": None, "in_danger": True}
    with ledger.called("new, somebody unknown in danger"):
        entry = await desk.register(new_referral(**bare))
    learned = {key: value for key, value in new_citizen().items() if key != "address"}
    completion = {"citizen": learned, "contact": new_referral()["contact"], "source": "участковый"}
    done = await desk.post(f"/referrals/{entry['id']}/completion", completion, version=1)
    assert done.status_code == 200, done.text


async def _keep_journal(desk: Desk, ledger: Ledger) -> None:
    """What a body takes in: at once passed on, or by a person, given back; a line corrected."""
    await publish_body(desk)
    with ledger.called("first of a body's journal, forwarded at once"):
        await desk.register(org=AUTHORISED_BODY)
    unclear = new_referral(citizen=new_citizen() | {"address": {"text": "ул. Мира, д. 1"}})
    with ledger.called("at a body, forwarded at once"):
        gone = await desk.register(org=AUTHORISED_BODY)
    with ledger.called("at a body, to be forwarded"):
        waiting = await desk.register(unclear, org=AUTHORISED_BODY)
    path = f"/cases/{waiting['case_id']}"
    for action, body, org in (
        ("forwarding", {"institution": INSTITUTION}, AUTHORISED_BODY),
        ("return", {"reason": "another_serves"}, INSTITUTION),
    ):
        seen = await desk.get(path, org=org)
        version = int(seen.headers["etag"].strip('"'))
        done = await desk.post(f"{path}/{action}", body, org=org, version=version)
        assert done.status_code == 200, done.text
    with ledger.called("that was forwarded"):
        await desk.get(f"/referrals/{gone['id']}", org=AUTHORISED_BODY)
    with ledger.called("new"):
        plain = await desk.register()
    right = new_citizen()
    correction = {"reason": "описка", "citizen": right}
    done = await desk.post(f"/referrals/{plain['id']}/corrections", correction, version=1)
    assert done.status_code == 200, done.text
    asked = {"name": right["name"]["family"]}
    assert (await desk.post("/referrals/search", asked)).status_code == 200


async def _proceed(desk: Desk, case_id: str) -> str:
    """From the questions to the request for the certificate, declined and reopened in between."""
    await desk.act(case_id, "answers", answers_of(danger_to_life=["own_life"]))
    await desk.act(case_id, "triage", {"code": "immediate"}, "urgent_head")
    await desk.act(case_id, "urgent-measures", MEASURES, "urgent_head")
    await desk.act(case_id, "urgent-measures/results", {"results": ["вызван"]})
    await desk.consent(case_id)
    await desk.act(case_id, "application", {"documents": PAPERS[:2]})
    await desk.act(case_id, "documents", {"documents": PAPERS[2:]})
    await desk.act(case_id, "decline", DECLINE)
    await desk.act(case_id, "reopening")
    await desk.act(case_id, "certificate-request", SIGNED, "institution_director")
    await desk.settle()
    found: dict[str, Any] = await desk.case(case_id)
    return str(found["request"]["id"])
