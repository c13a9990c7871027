"""The ways that cases go while they are recorded: between them every handler has its event."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo import journey
from deploy.demo.people import referral_bundle
from tests.fault.told import cards, papers
from tests.fault.travellers import Travellers
from tests.service.intake.bodies import DECLINE, new_referral
from tests.simulation.forwarded import forwarded
from tests.system import steps

STAY = "urn:uuid:6f1d2c3b-4a59-4867-9876-a5b4c3d2e1f0"


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


async def referred_again(t: Travellers) -> None:
    """Whoever waits for the survey comes into a hospital, which refers them once more (R 3.3.3); a
    person has looked at it (R 3.1.3), and puts right where the citizen is."""
    person = t.person()
    case = await journey.refer(t.staff, person, t.run)
    await journey.triage(t.staff, case)
    await t.staff.specialist.wait(
        "assessment", case.record, lambda found: found["status"] == "open"
    )
    bundle = referral_bundle(person, t.staff.now(), f"{t.run}-again")
    stay = {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"}}
    stay["subject"] = {"reference": bundle["entry"][0]["fullUrl"]}
    request = {"method": "POST", "url": "Encounter"}
    bundle["entry"].append({"fullUrl": STAY, "resource": stay, "request": request})
    await t.staff.hospital.create("intake", "/fhir", bundle)
    seen = {"outcome": "nothing_new", "note": "Обследуют в больнице"}
    await t.staff.urgent_head.change("intake", case.record, "referral-review", seen)
    at_home = {"in_hospital": False, "home_care_asked": False, "reason": "уже дома"}
    await t.staff.urgent_head.change("intake", case.record, "circumstances", at_home)


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
    await t.rest(first["citizen_id"], second["citizen_id"])
    body = {"decision": "same", "reason": "сверено с паспортом"}
    await t.staff.registrar.change("intake", record, "decision", body)
    await t.staff.registrar.change("intake", record, "undoing", {"reason": "мать и дочь"})
    tomorrow = (t.town.recording.clock() + timedelta(days=1)).date().isoformat()
    thinking = {**DECLINE, "think_until": tomorrow}
    await t.staff.specialist.change("intake", f"/cases/{second['case_id']}", "decline", thinking)
    case = journey.Case(t.person(), first["case_id"], first["id"], first["journal_number"])
    await journey.triage(t.staff, case)
    await journey.apply(t.staff, case)
    await t.sent(case)
    await t.rest(first["citizen_id"], case.id)
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


async def passed_on(t: Travellers) -> None:
    """A referral that bodies pass between them, and a line of the journal corrected (R 3.1.2)."""
    await forwarded(t.staff, t.person(), t.run)


WAYS = (
    enrolment,
    refusal,
    hesitation,
    second_thoughts,
    advice,
    danger,
    completion,
    referred_again,
    one_after_all,
    withdrawal,
    passed_on,
    cards,
    papers,
)
