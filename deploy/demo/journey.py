"""The straight path of one citizen, step by step, through the public APIs.

Each function is one stage; each call is made by the role that the regulation gives it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.regulation import FIRST_PACK, load_pack
from contracts.regulation.entries import DocumentSource, Requirement
from contracts.roles import Role
from deploy.demo.office import Office
from deploy.demo.people import Person, referral_bundle
from deploy.demo.staff import AUTHORISED_BODY, HOSPITAL, INSTITUTION, PROVIDER, Staff, subject_of
from deploy.runner.system import TIME_ZONE

PACK = load_pack(FIRST_PACK)
INSTRUMENT = "care-need-2026"
NO_NEED = {"understand", "orientation", "eat", "drink", "relations"}
"""Positions the invented citizens manage alone; the rest they need full help with."""


def _today(staff: Staff) -> date:
    """The date in the district."""
    return staff.now().astimezone(ZoneInfo(TIME_ZONE)).date()


@dataclass(frozen=True, slots=True)
class Case:
    """Where one person's referral stands on its way."""

    person: Person
    id: str
    task: str
    journal_number: str

    @property
    def record(self) -> str:
        """Path of the case, the same in every service."""
        return f"/cases/{self.id}"


async def refer(
    staff: Staff, person: Person, run: str, authored_at: datetime | None = None
) -> Case:
    """The hospital pushes a FHIR referral; the registrar finds it in the journal (L 2.2)."""
    bundle = referral_bundle(person, authored_at or staff.now(), run)
    answer = await staff.hospital.create("intake", "/fhir", bundle)
    locations = [entry["response"].get("location", "") for entry in answer["entry"]]
    task = next(place for place in locations if place.startswith("Task/")).removeprefix("Task/")
    entry = await staff.registrar.get("intake", f"/referrals/{task}")
    return Case(person, entry["case_id"], task, entry["journal_number"])


async def triage(staff: Staff, case: Case) -> None:
    """The five questions, the proposed code confirmed, urgent measures at need (R 3.1.3–3.1.7)."""
    answers = {
        "danger_to_life": [],
        "household": ["lives_alone"] if case.person.lives_alone else ["relatives_in_locality"],
        "cause": ["illness"],
        "mental_changes": [],
        "substance_abuse": [],
    }
    body = {"answers": answers, "self_care_lost": True, "applicant_informed": True}
    answered = await staff.registrar.change("intake", case.record, "answers", body)
    code = answered["proposal"]["code"]
    await staff.urgent_head.change("intake", case.record, "triage", {"code": code})
    if code != "immediate":
        return
    measure = {"measure": "Горячее питание и сиделка на сутки", "responsible": "Отделение срочного"}
    await staff.urgent_head.change(
        "intake", case.record, "urgent-measures", {"measures": [measure]}
    )
    await staff.specialist.change(
        "intake",
        case.record,
        "urgent-measures/results",
        {"results": [{"measure": 1, "done": True, "result": "Выполнено в день обращения"}]},
    )


async def survey(staff: Staff, case: Case) -> None:
    """The visit, announced and made, with its information sheet (R 3.3.2–3.3.8)."""
    await staff.specialist.wait("assessment", case.record, lambda found: found["status"] == "open")
    visit = {
        "visit_at": (staff.now() + timedelta(hours=3)).isoformat(),
        "place": "home",
        "announced": True,
    }
    await staff.specialist.change("assessment", case.record, "survey-visit", visit)
    sheet = {
        "sections": {section.code: "Со слов гражданина" for section in PACK.survey_sections},
        "outcome": "commission",
    }
    await staff.specialist.change("assessment", case.record, "survey", sheet)


async def apply(staff: Staff, case: Case) -> None:
    """Consent, application with documents, interagency request (R 3.3.7, 2.6, 3.2)."""
    consent = {"text_version": "consent-2013-1", "given_on": _today(staff).isoformat()}
    await staff.specialist.create("intake", f"{case.record}/consent", consent)
    documents = [
        {"code": document.code}
        for document in PACK.documents
        if document.source is DocumentSource.CITIZEN
        and document.required is Requirement.ALWAYS
        and document.code != "application"
    ]
    await staff.specialist.change("intake", case.record, "application", {"documents": documents})
    signatory = {"name": "Т. Н. Лаврова", "post": "Директор", "authority": "head"}
    await staff.director.change(
        "intake",
        case.record,
        "certificate-request",
        {"signatory": signatory, "return_contact": "652500, г. Ленинск-Кузнецкий, пр. Кирова, 61"},
    )


async def convene(staff: Staff, case: Case) -> None:
    """The organizer is named and convenes the commission (R 3.3.12, 3.4.1, 3.4.2)."""
    await staff.urgent_head.change(
        "assessment", case.record, "organizer", {"organizer": subject_of(Role.CARE_ORGANIZER)}
    )
    seats = {seat.code: seat.role for seat in PACK.commission.required}
    homes = {"care_organizer": INSTITUTION, "health_worker": HOSPITAL}
    members = [
        {
            "seat": seat,
            "person": subject_of(role),
            "organization": homes.get(seat, AUTHORISED_BODY),
            "from_home_care": seat == "care_organizer",
        }
        for seat, role in seats.items()
    ]
    meeting = (staff.now() + timedelta(days=1)).isoformat()
    await staff.organizer.change(
        "assessment", case.record, "commission", {"meeting_at": meeting, "members": members}
    )


async def assess(staff: Staff, case: Case) -> None:
    """Act, questionnaire, signatures, protocol (R 3.4.4–3.4.9, L 2.1)."""
    for section in PACK.act_sections:
        writer = _writer(staff, [str(role) for role in section.roles])
        body = {"findings": "Осмотрено комиссией", "problems": []}
        await writer.change("assessment", case.record, f"act/sections/{section.code}", body)
    answers = {
        position.code: {
            "option": "none" if position.code in NO_NEED else "full",
            "source": "observation",
        }
        for position in PACK.instruments[INSTRUMENT].positions
    }
    experts = [subject_of(Role.HEALTH_WORKER), subject_of(Role.PSYCHOLOGIST)]
    await staff.organizer.change(
        "assessment",
        case.record,
        "questionnaire",
        {"instrument": INSTRUMENT, "answers": answers, "experts": experts},
    )
    for member in (staff.chair, staff.organizer, staff.health_worker, staff.psychologist):
        await member.change("assessment", case.record, "act/signatures", {"signer": "member"})
    await staff.organizer.change(
        "assessment",
        case.record,
        "act/signatures",
        {"signer": "citizen", "consents_to_transfer": True},
    )


async def propose(staff: Staff, case: Case, *, service: bool = True) -> None:
    """The commission's reasoned proposal (R 3.4.7–3.4.9)."""
    proposal: dict[str, Any] = {
        "proposal": "service",
        "reasons": "Постоянный посторонний уход необходим, родственники осуществлять его не могут",
        "draft_plan": [{"service": "cooking", "times_per_week": 7}],
    }
    if not service:
        proposal = {
            "proposal": "refusal",
            "reasons": "Нуждаемость в обслуживании на дому не установлена",
            "refusal_grounds": ["not_in_need"],
        }
    await staff.chair.change("assessment", case.record, "protocol", proposal)


def _writer(staff: Staff, roles: list[str]) -> Office:
    """A member of the commission who may fill a section."""
    if "care_organizer" in roles:
        return staff.organizer
    return {
        "health_worker": staff.health_worker,
        "psychologist": staff.psychologist,
        "commission_chair": staff.chair,
    }[roles[0]]


async def plan(staff: Staff, case: Case) -> None:
    """The plan, signed and agreed, and the individual programme (R 3.5.1–3.5.3, L 2.4)."""
    await staff.organizer.wait("careplan", case.record, lambda found: found["status"] == "planning")
    every_day = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    items = [
        {
            "service": service,
            "minutes_per_visit": minutes,
            "weekdays": every_day,
            "executor": {"kind": "provider", "organization": PROVIDER},
        }
        for service, minutes in (("cooking", 45), ("morning_hygiene", 20), ("dressing", 15))
    ]
    items.append(
        {
            "service": "walk",
            "minutes_per_visit": 40,
            "weekdays": ["SA"],
            "executor": {"kind": "relative", "name": "дочь"},
        }
    )
    body = {"items": items, "negotiated_with": ["гражданин", "дочь", "ЦСОН"]}
    await staff.organizer.change("careplan", case.record, "plan", body)
    drafted = await staff.organizer.get("careplan", f"{case.record}/plan")
    for executor in drafted["executors"]:
        desk = staff.executor if executor["kind"] == "provider" else staff.organizer
        answer = {"executor": executor["id"], "agreed": True}
        await desk.change("careplan", case.record, "plan/agreements", answer, read="/plan")
    for party in ("organizer", "citizen"):
        await staff.organizer.change("careplan", case.record, "plan/signatures", {"party": party})
    programme = {
        "number": f"ИППСУ-{case.person.number:05d}",
        "issued_on": _today(staff).isoformat(),
        "valid_until": (_today(staff) + timedelta(days=3 * 365)).isoformat(),
        "form": "home",
        "recommended_providers": [PROVIDER],
    }
    await staff.organizer.change("careplan", case.record, "programme", programme)


async def submit(staff: Staff, case: Case) -> None:
    """Intake's package is complete once the Pension Fund has answered; then it is submitted."""
    await staff.registrar.wait(
        "intake", case.record, lambda found: found["status"] == "package_complete"
    )
    await staff.organizer.wait(
        "careplan", case.record, lambda found: not found["missing_documents"]
    )
    await staff.organizer.change("careplan", case.record, "package")


async def enrol(staff: Staff, case: Case) -> None:
    """Decision, contract, order (R 3.6.1–3.6.3)."""
    await staff.head.change(
        "careplan", case.record, "decision", {"outcome": "enrol", "form": "home"}
    )
    contract = {
        "number": f"Д-{case.person.number:05d}",
        "signed_by_citizen": True,
        "handed_over": [item.code for item in PACK.enrolment_handover],
    }
    await staff.organizer.change("careplan", case.record, "contract", contract)
    order = {"order_number": f"П-{case.person.number:05d}", "provider": PROVIDER}
    await staff.director.change("careplan", case.record, "enrolment", order)


async def follow(staff: Staff, case: Case) -> None:
    """The register and the hospital see how it ended."""
    await staff.reader.wait("registry", case.record, lambda found: found["stage"] == "enrolled")
    await staff.hospital.wait(
        "intake", f"/fhir/Task/{case.task}", lambda found: found["status"] == "completed"
    )


async def travel(staff: Staff, person: Person, run: str) -> Case:
    """The whole way from referral to order."""
    case = await refer(staff, person, run)
    await triage(staff, case)
    await apply(staff, case)
    await survey(staff, case)
    await convene(staff, case)
    await assess(staff, case)
    await propose(staff, case)
    await plan(staff, case)
    await submit(staff, case)
    await enrol(staff, case)
    await follow(staff, case)
    return case
