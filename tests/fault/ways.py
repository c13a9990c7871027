"""The ways that cases go while they are recorded: between them every handler has its event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from contracts import assessment, careplan, complaints, documents, intake
from contracts.case import CaseRef
from contracts.citizen import (
    CITIZEN,
    CitizenCardChanged,
    CitizenErased,
    CitizenRegistered,
    CitizensJoined,
    CitizensParted,
    ConsentBasis,
    ConsentGiven,
    ConsentWithdrawn,
)
from contracts.event import Event
from contracts.referral import Channel, ReferralRegistered
from contracts.values import SYSTEM, CitizenCard, FullName
from deploy.demo import journey
from deploy.demo.office import Office
from deploy.demo.people import Person, invent
from deploy.demo.staff import AUTHORISED_BODY, INSTITUTION, Staff, hire
from deploy.runner.system import PENSION_FUND_OFFICE
from tests.fault.recording import Town
from tests.service.intake.bodies import CERTIFICATE, DECLINE, new_referral
from tests.simulation.forwarded import forwarded
from tests.system import steps

ALARMS: tuple[type[Event], ...] = (
    intake.TermDueSoon,
    intake.TermMissed,
    documents.CertificateOverdue,
    assessment.TermDueSoon,
    assessment.TermMissed,
    careplan.TermDueSoon,
    careplan.TermMissed,
    complaints.TermDueSoon,
    complaints.TermMissed,
)


@dataclass(slots=True)
class Travellers:
    """People, and those who see them through."""

    town: Town
    staff: Staff
    run: str
    numbers: Iterator[int]

    def person(self, *, alone: bool = False) -> Person:
        """Somebody nobody has heard of; who lives alone needs urgent measures."""
        return next(person for n in self.numbers if (person := invent(n)).lives_alone is alone)

    def desk(self, role: str, organization: str) -> Office:
        """Somebody else's desk."""
        return Office(self.town.wire, self.town.stack.token(role, organization))

    async def answered(self, case: journey.Case) -> None:
        """The Pension Fund answers the case's request."""
        found = await self.staff.registrar.wait(
            "intake",
            case.record,
            lambda found: bool(found["request"]) and found["request"]["state"] == "sent",
        )
        fund = self.desk("pension_fund", PENSION_FUND_OFFICE)
        path = f"/interagency-requests/{found['request']['id']}/answer"
        await fund.create("intake", path, CERTIFICATE)


async def travel(town: Town) -> None:
    """All ways at once, then what only time brings."""
    staff = hire(town.stack, town.wire)
    for service in town.apps:
        if service != "directory":
            path = f"/operations/organizations/{INSTITUTION}"
            await staff.operator.wait(service, path, lambda found: found["issued"] == 0)
    travellers = Travellers(town, staff, "crash", count(80_000_000))
    async with asyncio.TaskGroup() as ways:
        for way in WAYS:
            ways.create_task(way(travellers))
    await directory_edited(travellers)
    await terms_forgotten(travellers)
    await town.settle()


async def enrolment(t: Travellers) -> None:
    """The straight path, of somebody who needs urgent measures."""
    case = await journey.refer(t.staff, t.person(alone=True), t.run)
    await journey.triage(t.staff, case)
    await journey.apply(t.staff, case)
    await t.answered(case)  # so that the survey is what completes the package
    await journey.survey(t.staff, case)
    await journey.convene(t.staff, case)
    await journey.assess(t.staff, case)
    await journey.propose(t.staff, case)
    await journey.plan(t.staff, case)
    await journey.submit(t.staff, case)
    await journey.enrol(t.staff, case)
    await journey.follow(t.staff, case)


async def refusal(t: Travellers) -> None:
    """Refused, complained about, annulled, refused again."""
    case = await steps.until_assessed(t.staff, t.person(), t.run, service=False)
    await t.answered(case)
    await steps.refuse(t.staff, case)
    await t.staff.reader.wait("registry", case.record, lambda found: found["stage"] == "refused")
    await t.staff.registrar.wait("intake", case.record, lambda found: found["status"] == "closed")
    await t.staff.specialist.wait(
        "assessment", case.record, lambda found: found["status"] == "closed"
    )
    await steps.complain(t.staff, case)
    await t.staff.head.wait("careplan", case.record, lambda found: found["status"] == "submitted")
    await t.staff.head.change("careplan", case.record, "decision", steps.REFUSAL)


async def hesitation(t: Travellers) -> None:
    """Declined while the plan is made, and taken up again."""
    case = await steps.until_assessed(t.staff, t.person(), t.run)
    await t.staff.organizer.wait(
        "careplan", case.record, lambda found: found["status"] == "planning"
    )
    await t.staff.specialist.change("intake", case.record, "decline", DECLINE)
    await t.staff.organizer.wait(
        "careplan", case.record, lambda found: found["status"] != "planning"
    )
    await t.staff.specialist.change("intake", case.record, "reopening")
    await t.staff.organizer.wait(
        "careplan", case.record, lambda found: found["status"] == "planning"
    )


async def second_thoughts(t: Travellers) -> None:
    """Declined before the survey and at the survey; each time the citizen comes back."""
    case = await journey.refer(t.staff, t.person(), t.run)
    await journey.triage(t.staff, case)
    for action, body in (("decline", DECLINE), ("reopening", None)):
        status = "declined" if body else "open"
        await t.staff.specialist.wait(
            "assessment", case.record, lambda found: found["status"] in {"open", "declined"}
        )
        await t.staff.specialist.change("intake", case.record, action, body)
        await t.staff.specialist.wait(
            "assessment", case.record, lambda found, status=status: found["status"] == status
        )
    sheet = {
        "sections": {
            section.code: "Со слов гражданина" for section in journey.PACK.survey_sections
        },
        "outcome": "declined",
        "consequences_explained": True,
        "contact_left": True,
    }
    await t.staff.specialist.change("assessment", case.record, "survey", sheet)
    await t.staff.specialist.change("assessment", case.record, "reopening")


async def advice(t: Travellers) -> None:
    """A consultation, which ends the case."""
    case = await journey.refer(t.staff, t.person(), t.run)
    answers = {
        "danger_to_life": [],
        "household": ["relatives_in_locality"],
        "cause": ["illness"],
        "mental_changes": [],
        "substance_abuse": [],
    }
    body = {"answers": answers, "self_care_lost": False, "applicant_informed": True}
    await t.staff.registrar.change("intake", case.record, "answers", body)
    code = {"code": "consultation", "reason": "нужен совет"}
    await t.staff.urgent_head.change("intake", case.record, "triage", code)
    given = {"asked": "Какие услуги есть", "answered": "Рассказали о порядке обслуживания"}
    await t.staff.specialist.change("intake", case.record, "consultation", given)


async def danger(t: Travellers) -> None:
    """Urgent measures that fail first, and a case that is given to one and another."""
    case = await journey.refer(t.staff, t.person(), t.run)
    await steps.help_at_once(t.staff, case)


async def completion(t: Travellers) -> None:
    """Documents that come later, and a second referral that knows more of the citizen."""
    referral = new_referral()
    first = await t.staff.registrar.create("intake", "/referrals", referral)
    again = {**referral, "citizen": {**referral["citizen"], "phone": "+73845600077"}}
    await t.staff.registrar.create("intake", "/referrals", again)
    case = journey.Case(t.person(), first["case_id"], first["id"], first["journal_number"])
    await journey.triage(t.staff, case)
    await journey.apply(t.staff, case)
    more = {"documents": [{"code": "benefits_proof"}]}
    await t.staff.specialist.change("intake", case.record, "documents", more)


async def one_after_all(t: Travellers) -> None:
    """Two citizens who turn out to be one, each with an open case, and two after all; a consent
    taken back, and a citizen who declines and thinks about it until a day that comes."""
    referral = new_referral()
    first = await t.staff.registrar.create("intake", "/referrals", referral)
    there = {"text": "652500, г. Ленинск-Кузнецкий, ул. Пушкина, д. 903"}
    moved = {**referral, "citizen": {**referral["citizen"], "address": there}}
    second = await t.staff.registrar.create("intake", "/referrals", moved)
    pair = "-".join(sorted((first["citizen_id"], second["citizen_id"])))
    record = f"/citizen-pairs/{pair}"
    await t.staff.registrar.wait("intake", record, lambda found: found["status"] == "open")
    body = {"decision": "same", "reason": "сверено с паспортом"}
    await t.staff.registrar.change("intake", record, "decision", body)
    await t.staff.registrar.change("intake", record, "undoing", {"reason": "мать и дочь"})
    tomorrow = (t.town.recording.clock() + timedelta(days=1)).date().isoformat()
    thinking = {**DECLINE, "think_until": tomorrow}
    await t.staff.specialist.change("intake", f"/cases/{second['case_id']}", "decline", thinking)
    case = journey.Case(t.person(), first["case_id"], first["id"], first["journal_number"])
    await journey.triage(t.staff, case)
    await journey.apply(t.staff, case)
    await t.staff.specialist.create("intake", f"{case.record}/consent/withdrawal", {})


async def withdrawal(t: Travellers) -> None:
    """A referral that its hospital takes back at once."""
    case = await journey.refer(t.staff, t.person(), t.run)
    path, wire = f"/fhir/Task/{case.task}", t.staff.hospital.wire
    headers = {"Authorization": f"Bearer {t.staff.hospital.token}"}
    read = await wire.call("GET", "intake", path, headers)
    why = {"status": "cancelled", "statusReason": {"text": "Направлено дважды"}}
    headers["If-Match"] = read.headers["ETag"]
    taken = await wire.call("PUT", "intake", path, headers, json=read.json() | why)
    assert taken.is_success, taken.text


async def cards(t: Travellers) -> None:
    """A citizen who takes their consent back and is erased; nobody says so yet."""
    story = t.town.stack.story(CITIZEN, "P0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    card = CitizenCard(name=FullName(family="Зуева", given="Клавдия"))
    told = await story.tell(
        CitizenRegistered(by=SYSTEM, card=card),
        CitizenCardChanged(by=SYSTEM, card=card.model_copy(update={"phone": "+73845600078"})),
        ConsentGiven(
            by=SYSTEM,
            basis=ConsentBasis.WRITTEN_CONSENT,
            text_version="soglasie-2026-1",
            given_on=date(2026, 1, 20),
        ),
        ConsentWithdrawn(by=SYSTEM),
        CitizensJoined(by=SYSTEM, survivor="P0f1e", joined="P0f1f", pair="P0f1e-P0f1f"),
        CitizensParted(by=SYSTEM, survivor="P0f1e", parted="P0f1f", pair="P0f1e-P0f1f"),
        CitizenErased(by=SYSTEM),
    )
    t.town.recording.envelopes.update({envelope.id: envelope for envelope in told})


async def papers(t: Travellers) -> None:
    """A file, and a request on paper that is answered too late."""
    case_id, request = "C0f1e2d3c4b5a69788796a5b4c3d2e1f0", "R0f1e2d3c"
    asked = {"by": SYSTEM, "request_id": request, "document": "representative_authority"}
    reference = CaseRef(
        case_id=case_id,
        citizen_id="P0f1e2d3c4b5a69788796a5b4c3d2e1f1",
        number=f"{INSTITUTION}/2026/900001",
        institution=INSTITUTION,
        authorised_body=AUTHORISED_BODY,
        pack="kuzbass-2013",
    )
    told = await t.town.stack.story(intake.CASE, case_id).tell(
        ReferralRegistered(
            by=SYSTEM,
            case=reference,
            journal_number=reference.number,
            received_at=t.town.recording.clock(),
            channel=Channel.PHONE,
            status_code_hash="0" * 64,
        ),
        documents.DocumentAttached(
            by=SYSTEM,
            document="identity",
            attachment="A0f1e2d3c",
            media_type="application/pdf",
            size=48211,
        ),
        documents.InteragencyRequestSent(addressed_body="unlisted", **asked),
        documents.InteragencyAnswerOverdue(**asked),
        documents.InteragencyAnswerReceived(late=True, **asked),
    )
    t.town.recording.envelopes.update({envelope.id: envelope for envelope in told})


async def passed_on(t: Travellers) -> None:
    """A referral that bodies pass between them, and a line of the journal corrected (R 3.1.2)."""
    await forwarded(t.staff, t.person(), t.run)


async def directory_edited(t: Travellers) -> None:
    """Organizations of an old and of a further kind are entered, changed and retired; a service of
    one is listed, changed and withdrawn, its places are counted (R 1.3, S, M)."""
    editor = t.desk("directory_editor", AUTHORISED_BODY)
    card = {
        "kind": "institution",
        "name": "МБУ «Дом ветерана» города Полысаево",
        "phones": ["+73845643210"],
        "region": "RU-KEM",
        "parent": "r-department",
        "serves": [{"municipality": "polysaevo"}],
        "source": "Приказ департамента № 15",
    }
    for kind in ("institution", "culture"):
        made = await editor.create("directory", "/organizations", {"card": card | {"kind": kind}})
        again = card | {"kind": kind, "phones": ["+73845643299"]}
        record = f"/organizations/{made['id']}"
        await _change(editor, record, {"card": again, "reason": "Новый номер"})
        await _offer(editor, made["id"])
        await editor.change("directory", record, "retirement", {"reason": "Реорганизация"})


async def _offer(editor: Office, organization: str) -> None:
    service = {
        "organization": organization,
        "name": "Прокат слуховых аппаратов",
        "description": "Аппараты во временное пользование.",
        "kinds": ["communication"],
        "needs": ["equipment"],
        "groups": ["sensory_disability"],
        "forms": ["semi_residential"],
        "source": "Письмо № 12",
    }
    listed = {"reason": "Письмо № 12", "service": service}
    made = await editor.create("directory", "/services", listed)
    record = f"/services/{made['id']}"
    renamed = service | {"name": "Прокат аппаратов"}
    await _change(editor, record, {"reason": "Короче", "service": renamed})
    counted = {"service": made["id"], "unit": "place", "available": 2, "maximum": 30}
    path = f"/organizations/{organization}"
    body = {"reason": "Посчитали", "capacities": [counted]}
    await editor.change("directory", path, "capacity", body, read="/capacity")
    await editor.change("directory", record, "withdrawal", {"reason": "Больше не выдаём"})


async def _change(editor: Office, record: str, body: dict[str, Any]) -> None:
    head, _, name = record.rpartition("/")
    await editor.get("directory", record)
    await editor.change("directory", head, name, body, read=f"/{name}")


async def terms_forgotten(t: Travellers) -> None:
    """Cases that everybody forgets at some stage, and a complaint; the clock is put forward."""
    waiting = await journey.refer(t.staff, t.person(), t.run)
    await journey.triage(t.staff, await journey.refer(t.staff, t.person(), t.run))
    planned = await steps.until_assessed(t.staff, t.person(), t.run)
    await t.staff.organizer.wait(
        "careplan", planned.record, lambda found: found["status"] == "planning"
    )
    await steps.register_complaint(t.staff, waiting)
    await t.town.settle()
    spy = t.town.stack.spy
    while not all(spy.of(alarm) for alarm in ALARMS):
        if not await t.town.put_forward():
            break
    await t.town.settle()
    missing = [alarm.type for alarm in ALARMS if not spy.of(alarm)]
    assert not missing, "these alarms never sounded"


WAYS = (
    enrolment,
    refusal,
    hesitation,
    second_thoughts,
    advice,
    danger,
    completion,
    one_after_all,
    withdrawal,
    passed_on,
    cards,
    papers,
)
