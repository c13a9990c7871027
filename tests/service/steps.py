"""Every request of every service once, good ways only: what `test_figures.py` counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from contracts.roles import Role
from services.intake.domain.task import disable
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
from tests.service.directory import access_offer as offer
from tests.service.directory.conftest import app_of, settled
from tests.service.directory.further import further_steps
from tests.service.intake.bodies import (
    ADVICE,
    ASSIGNED,
    CIRCUMSTANCES,
    CONDITION,
    DECLINE,
    PAPERS,
    SIGNED,
    answers_of,
    new_bundle,
    new_citizen,
    new_referral,
    new_request,
    rich_bundle,
)
from tests.service.intake.desk import (
    HOSPITAL,
    OTHER_INSTITUTION,
    Clock,
    Desk,
    knows_directory,
    open_desk,
    publish_body,
    publish_directory,
)
from tests.service.intake.outside import Outside
from tests.service.intake.receiving import by_appointment
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.ledger import COUNTED, Ledger
from tests.service.registry import access as registry
from tests.service.registry.conftest import opened_register, path_of
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack

MEASURES = {"measures": [{"measure": "Вызвать врача", "responsible": "Орлова"}]}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the clocks are left: none of the corpus's documents has anything due then."""
ORGANIZATION_STEPS = ("/organizations", directory.ONE, f"{directory.ONE}/retirement")
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
    ids = {"organization_id": INSTITUTION, **await directory.made(stack, client)}
    ids |= offer.IDS
    walk = Walk(stack, app, client, "organizations", INSTITUTION, 1, ids)
    await _read(walk, directory.ROUTES)
    await offer.change_everything(walk)
    for route in directory.ROUTES:
        if route.method == "POST" and route.roles and route.path in ORGANIZATION_STEPS:
            version = 2 if route.path.endswith("retirement") else 1
            answered = await walk.call(route, version=version, key=f"key-{route.path[-9:]}")
            assert answered.is_success, (route.key, answered.text)
    with ledger.called("repeated"):
        for route in directory.ROUTES:
            if route.path.endswith("retirement"):
                await walk.call(route, version=2, key=f"key-{route.path[-9:]}")
    await further_steps(walk, ledger)
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
        further = await desk.register(new_referral(citizen=citizen))
    with ledger.called("of a further referral"):
        await desk.get(f"/referrals/{further['id']}")
    with ledger.called("repeated"):
        await desk.register(referral, key="first-of-two")
        await desk.push(bundle)
    await _complete(desk, ledger)
    await _pair(desk, clock, ledger)
    await _keep_journal(desk, ledger)
    request_id = await _proceed(desk, ledger, str(body["case_id"]))
    await _documents(desk, str(body["case_id"]), request_id)
    await desk.surveyed(str(body["case_id"]))
    assert (await desk.answer(request_id)).status_code == 200
    with ledger.called("new"):
        known = new_citizen()
        advised = str((await desk.register(new_referral(citizen=known)))["case_id"])
    await desk.act(advised, "answers", answers_of())
    consultation = {"code": "consultation", "reason": "так решено"}
    await desk.act(advised, "triage", consultation, "urgent_head")
    with ledger.called("linked"):
        await desk.register(new_referral(citizen=known))
    seen = {"outcome": "nothing_new", "note": "то же самое"}
    await desk.act(advised, "referral-review", seen, "urgent_head")
    with ledger.called("new"):
        ended = str((await desk.register())["case_id"])
    await _end(desk, ended)
    await _follow(desk, ledger)
    await _withdraw(desk, ledger)
    await desk.act(advised, "consultation", ADVICE)
    with ledger.called("new"):
        directed = str((await desk.register())["case_id"])
    await desk.act(directed, "answers", answers_of())
    await desk.act(directed, "triage", consultation, "urgent_head")
    sent_on, version = {**ADVICE, "directed_to": [OTHER_INSTITUTION]}, await desk.version(directed)
    with ledger.called("directed elsewhere"):
        await desk.act(directed, "consultation", sent_on, version=version)
    await _look(desk, body, pushed.json()["entry"][3]["response"]["location"])
    await by_appointment(desk, ledger, body, clock)
    clock.put_to(LONG_AGO)
    return ledger


async def _documents(desk: Desk, case_id: str, request_id: str) -> None:
    """A file and a second look at the paper; a request on paper, answered by its number, twice."""
    attached = await desk.attach(case_id, "identity", b"%PDF-1.7\n%%EOF\n")
    assert attached.status_code == 200, attached.text
    await desk.act(case_id, "documents/identity/verification", {"presented": "original"})
    asked = {**SIGNED, "kind": "representative_authority"}
    named = {"addressed_name": "Орган опеки", "addressed_address": "ул. Советская, 21"}
    await desk.act(case_id, "interagency-requests", {**asked, **named}, "institution_director")
    paper = (await desk.case(case_id))["requests"][-1]
    sent = {"sent_by": [{"way": "fax"}, {"way": "post"}], "sent_on": _today(desk)}
    path = f"/interagency-requests/{paper}"
    answered = await desk.post(
        f"{path}/dispatch", {**sent, "outgoing_number": "7-к"}, version=await desk.version(case_id)
    )
    assert answered.status_code == 200, answered.text
    for number in ("147", "148"):
        found = {"outgoing_number": "7-к", "document": {"number": number}}
        answered = await desk.post("/interagency-requests/answers", found)
        assert answered.status_code == 200, answered.text
    settled = {"take_second": True, "reason": "первый номер с опиской"}
    version = await desk.version(case_id)
    answered = await desk.post(f"{path}/settlement", settled, version=version)
    assert answered.status_code == 200, answered.text
    for looked in (
        f"/cases/{case_id}/documents",
        f"/cases/{case_id}/attachments",
        f"/cases/{case_id}/attachments/{attached.json()['attachment_id']}",
        f"/cases/{case_id}/bring-list",
        f"/cases/{case_id}/bring-list.html",
        f"/cases/{case_id}/receipts/1",
        f"/cases/{case_id}/receipts/1/receipt.html",
        "/interagency-requests?state=sent",
        f"/interagency-requests/{request_id}",
        f"/interagency-requests/{request_id}/letter.html",
    ):
        answered = await desk.get(looked)
        assert answered.status_code == 200, (looked, answered.text)


def _today(desk: Desk) -> str:
    service = desk.intake.service
    return service.calendar.local_date(service.now()).isoformat()


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
        (f"/fhir/{task}/_history", "medical_organization", HOSPITAL),
        (f"/fhir/{task}/_history/1", "medical_organization", HOSPITAL),
        ("/fhir/Task?status=received", "medical_organization", HOSPITAL),
        (f"/fhir/Service{task.replace('Task', 'Request')}", "medical_organization", HOSPITAL),
        (f"/fhir/{task.replace('Task', 'Bundle')}", "medical_organization", HOSPITAL),
        ("/fhir/metadata", "medical_organization", HOSPITAL),
        ("/webhooks/deliveries", "operator", None),
        ("/webhooks/endpoints", "operator", None),
        ("/consent-texts", "specialist", INSTITUTION),
        ("/citizen-pairs", "registrar", INSTITUTION),
        ("/worklists", "urgent_head", INSTITUTION),
        ("/worklists/mine", "specialist", INSTITUTION),
        ("/worklists/interagency_answer", "registrar", INSTITUTION),
    ):
        answered = await desk.get(path, role, org=org)
        assert answered.status_code == 200, (path, answered.text)


async def _end(desk: Desk, case_id: str) -> None:
    """A case that comes to nothing."""
    await desk.act(case_id, "circumstances", CIRCUMSTANCES)
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.act(case_id, "closing", {"reason": "moved"}, "urgent_head")


async def _follow(desk: Desk, ledger: Ledger) -> None:
    """What hospitals do besides: rich referrals, searches, a withdrawal; notices gone wrong."""
    hospital = desk.stack.headers("medical_organization", HOSPITAL)
    with ledger.called("new"):
        made = await desk.http.post("/fhir/ServiceRequest", json=new_request(), headers=hospital)
    assert made.status_code == 201, made.text
    with ledger.called("new, with an attachment"):
        rich = await desk.push(rich_bundle())
    answers = [entry["response"] for entry in rich.json()["entry"]]
    task_id = answers[3]["location"].split("/")[1]
    await desk.settle()
    for place in (answers[CONDITION]["location"], f"Binary/{task_id}-a0"):
        kept = await desk.http.get(f"/fhir/{place}", headers=hospital)
        assert kept.status_code == 200, kept.text
    form = {"patient": "Patient/P1"}
    await desk.http.post("/fhir/Task/_search", data=form, headers=hospital)
    task = await desk.http.get(f"/fhir/Task/{task_id}", headers=hospital)
    withdrawn = task.json() | {"status": "cancelled", "statusReason": {"text": "Ошибка"}}
    tag = {"If-Match": task.headers["etag"]}
    url = f"/fhir/Task/{task_id}"
    answered = await desk.http.put(url, json=withdrawn, headers=hospital | tag)
    assert answered.status_code == 200, answered.text
    await desk.settle()
    record = await desk.intake.tasks.get(task_id)
    assert record is not None
    assert record.state.delivery is not None
    notice = f"/webhooks/deliveries/{record.state.delivery.id}"
    assert (await desk.get(notice, "operator", org=None)).status_code == 200
    why = {"reason": "Больница слушает снова"}
    assert (await desk.post(f"{notice}/replay", why, "operator", org=None)).status_code == 200
    await desk.settle()
    endpoint = desk.intake.endpoints.blank(HOSPITAL)
    disable(endpoint.state, "opora", "HTTP 410", desk.intake.now())
    endpoint.version = 1
    await desk.intake.endpoints.save(endpoint)
    path = f"/webhooks/endpoints/{HOSPITAL}/enabling"
    enabled = await desk.post(path, why, "operator", org=None, version=1)
    assert enabled.status_code == 200, enabled.text
    await desk.settle()


async def _pair(desk: Desk, clock: Clock, ledger: Ledger) -> None:
    """Two citizens who may be one: joined, parted, found to be two; and a card corrected."""
    person = new_citizen()
    with ledger.called("new"):
        first, second = await two_alike(desk, clock, person, moved(person))
    path = f"/citizen-pairs/{pair_id(first, second)}"
    for action, kind, decision in (
        ("decision", "two open cases become one", "same"),
        ("undoing", "two cases again", None),
        ("decision", "different", "different"),
        ("undoing", "of a difference", None),
    ):
        seen = await desk.get(path)
        body = {"reason": "сверено"} | ({"decision": decision} if decision else {})
        with ledger.called(kind):
            done = await desk.post(f"{path}/{action}", body, version=seen.json()["version"])
        assert done.status_code == 200, done.text
    card = f"/citizens/{first['citizen_id']}"
    shown = await desk.get(card)
    right = {**person, "birth_date": "1931-01-01"}
    body = {"card": right, "reason": "опечатка"}
    done = await desk.post(f"{card}/card", body, version=shown.json()["version"])
    assert done.status_code == 200, done.text


async def _withdraw(desk: Desk, ledger: Ledger) -> None:
    """Consent taken back, and given anew to a case that goes by it."""
    with ledger.called("new"):
        body = await desk.register()
    case_id = str(body["case_id"])
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.consent(case_id)
    await desk.act(case_id, "application", {"documents": PAPERS})
    withdrawn = await desk.post(f"/cases/{case_id}/consent/withdrawal", {}, "specialist")
    assert withdrawn.status_code == 200, withdrawn.text
    with ledger.called("given anew"):
        await desk.consent(case_id, given_on=desk.today)


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
    line = plain["id"]
    right = new_citizen()
    corrections = (
        ("of who it is about", right),
        ("of how somebody is reached", right | {"phone": "+73845600077"}),
    )
    for kind, citizen in corrections:
        with ledger.called(kind):
            body = {"reason": "описка", "citizen": citizen}
            done = await desk.post(f"/referrals/{line}/corrections", body, version=1)
        assert done.status_code == 200, done.text
        line = done.json()["corrected_by"]
    with ledger.called("new"):
        plain = await desk.register()
    with ledger.called("of when it came"):
        earlier = (desk.intake.now() - timedelta(minutes=5)).isoformat()
        body = {"reason": "описка", "received_at": earlier}
        done = await desk.post(f"/referrals/{plain['id']}/corrections", body, version=1)
    assert done.status_code == 200, done.text
    with ledger.called("linked"):
        wrong = await desk.register(new_referral(citizen=right))
    with ledger.called("of somebody else"):
        body = {"reason": "соседка", "citizen": new_citizen()}
        done = await desk.post(f"/referrals/{wrong['id']}/corrections", body, version=1)
    assert done.status_code == 200, done.text
    asked = {"name": right["name"]["family"]}
    assert (await desk.post("/referrals/search", asked)).status_code == 200


async def _proceed(desk: Desk, ledger: Ledger, case_id: str) -> str:
    """From the questions to the request for the certificate, declined and reopened in between."""
    await desk.act(case_id, "answers", answers_of(danger_to_life=["own_life"]))
    await desk.act(case_id, "triage", {"code": "immediate"}, "urgent_head")
    await desk.act(case_id, "urgent-measures", MEASURES, "urgent_head")
    drawn_in = {**MEASURES["measures"][0], "organization": OTHER_INSTITUTION}
    plan, version = {"measures": [drawn_in]}, await desk.version(case_id)
    with ledger.called("organizations drawn in"):
        await desk.act(case_id, "urgent-measures", plan, "urgent_head", version=version)
    for number in (2, 1):
        result = {"measure": number, "done": True, "result": "вызван"}
        await desk.act(case_id, "urgent-measures/results", {"results": [result]})
    await desk.act(case_id, "assignment", ASSIGNED)
    await desk.consent(case_id)
    await desk.act(case_id, "application", {"documents": PAPERS[:2]})
    await desk.act(case_id, "documents", {"documents": PAPERS[2:]})
    await desk.act(case_id, "decline", DECLINE)
    await desk.act(case_id, "reopening")
    await desk.act(case_id, "certificate-request", SIGNED, "institution_director")
    await desk.settle()
    found: dict[str, Any] = await desk.case(case_id)
    return str(found["request"]["id"])
