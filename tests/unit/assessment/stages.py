"""Cases of an invented citizen at every stage, made by the rules themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chassis.calendar import DistrictCalendar
from contracts.assessment import Proposal, SurveyOutcome, VisitPlace
from contracts.case import CaseRef
from contracts.context import Context
from contracts.referral import Channel, ReferralRegistered
from contracts.regulation import FIRST_PACK, Instrument, load_pack
from contracts.triage import TriageCode
from contracts.values import SYSTEM, Actor
from services.assessment.domain import (
    act,
    commission,
    opening,
    protocol,
    survey,
    typization,
)
from services.assessment.domain.case import Case, Status
from services.assessment.domain.records import (
    Answer,
    CitizenProblem,
    Commission,
    InformationSheet,
    Member,
    ProposedService,
    Protocol,
    Signer,
    Visit,
)
from services.assessment.handlers import on_referral_registered

ZONE = ZoneInfo("Asia/Novokuznetsk")
CALENDAR = DistrictCalendar(ZONE)
PACK = load_pack(FIRST_PACK)
RECEIVED = datetime(2026, 3, 4, 10, 30, tzinfo=ZONE)  # a Wednesday before a long weekend
WHY = "Уволилась по собственному желанию."
NOW = RECEIVED + timedelta(hours=3)

INSTITUTION, AUTHORISED_BODY, HOSPITAL = "r-institution-15", "r-authorised-body-07", "l-hospital-1"
REF = CaseRef(
    case_id="C-1",
    citizen_id="Z-1",
    number=f"{INSTITUTION}/2026/000017",
    institution=INSTITUTION,
    authorised_body=AUTHORISED_BODY,
    pack=FIRST_PACK,
)

SPECIALIST = Actor(id="w-specialist", role="specialist", organization=INSTITUTION)
HEAD = Actor(id="w-head", role="urgent_head", organization=INSTITUTION)
ORGANIZER = Actor(id="w-organizer", role="care_organizer", organization=INSTITUTION)
CHAIR = Actor(id="b-chair", role="commission_chair", organization=AUTHORISED_BODY)
DOCTOR = Actor(id="h-nurse", role="health_worker", organization=HOSPITAL)
PSYCHOLOGIST = Actor(id="w-psychologist", role="psychologist", organization=INSTITUTION)
LAWYER = Actor(id="x-lawyer", role="commission_member", organization="x-bureau-2")
MEMBERS = (CHAIR, ORGANIZER, DOCTOR, PSYCHOLOGIST)

SHEET = {
    "problems": "После инсульта не встаёт без помощи, живёт одна.",
    "biography": "Родилась в Анжеро-Судженске, 41 год работала на обогатительной фабрике.",
    "housing_and_means": "Благоустроенная квартира, пятый этаж без лифта.",
    "family": "Сын в Тюмени, приезжает раз в год.",
    "self_care_and_mobility": "Ест сама, по дому ходит с ходунками.",
    "emotional_state": "Тревожна по вечерам, сон нарушен.",
}
FINDINGS = "Со слов и по наблюдению: нужна помощь при мытье и выходе из дома."


def at(by: Actor = SYSTEM, now: datetime = NOW) -> Context:
    """Circumstances of something done by somebody."""
    return Context(now=now, by=by, calendar=CALENDAR)


def registered(**more: Any) -> Case:
    """A referral is registered, no code yet."""
    case = Case(id="C-1")
    event = ReferralRegistered(
        by=SYSTEM,
        case=REF,
        journal_number=REF.number,
        received_at=RECEIVED,
        channel=Channel.IN_PERSON,
        status_code_hash="0" * 64,
        **more,
    )
    on_referral_registered(case, event, at())
    return case


def opened(code: TriageCode = TriageCode.INITIAL_ASSESSMENT, **more: Any) -> Case:
    """Assessment has the case."""
    case = registered(**more)
    opening.open_assessment(case, code, at())
    return case


def visit(hours: float = 20, *, announced: bool = True) -> Visit:
    """A visit some hours from now."""
    return Visit(visit_at=NOW + timedelta(hours=hours), place=VisitPlace.HOME, announced=announced)


def sheet(outcome: SurveyOutcome = SurveyOutcome.COMMISSION, **changed: Any) -> InformationSheet:
    """A complete information sheet."""
    return InformationSheet.model_validate(
        {
            "sections": SHEET,
            "outcome": outcome,
            "completed_by": SPECIALIST,
            "completed_at": NOW,
            **changed,
        }
    )


def scheduled(**more: Any) -> Case:
    """The visit is set."""
    case = opened(**more)
    survey.schedule_survey(case, visit(), at(SPECIALIST), has_phone=True)
    return case


def surveyed(outcome: SurveyOutcome = SurveyOutcome.COMMISSION, **more: Any) -> Case:
    """The information sheet is there."""
    case = scheduled(**more)
    survey.complete_survey(case, sheet(outcome), at(SPECIALIST), has_phone=True)
    return case


def declined() -> Case:
    """The citizen declined at the survey."""
    case = scheduled()
    refusal = sheet(SurveyOutcome.DECLINED, consequences_explained=True, contact_left=True)
    survey.complete_survey(case, refusal, at(SPECIALIST), has_phone=True)
    return case


def organized() -> Case:
    """The care organizer is named."""
    case = surveyed()
    survey.assign_organizer(case, ORGANIZER.id, None, at(HEAD))
    return case


def seat(code: str, by: Actor, *, from_home_care: bool = False) -> Member:
    """A seat taken by somebody."""
    return Member(
        seat=code,
        person=by.id,
        organization=by.organization or "",
        from_home_care=from_home_care,
    )


def seats() -> list[Member]:
    """The four required seats; the organizer and the psychologist are of home care."""
    return [
        seat("chair", CHAIR),
        seat("care_organizer", ORGANIZER, from_home_care=True),
        seat("health_worker", DOCTOR),
        seat("psychologist", PSYCHOLOGIST, from_home_care=True),
    ]


def commission_of(members: list[Member]) -> Commission:
    """A commission that meets in two days."""
    return Commission(meeting_at=NOW + timedelta(days=2), members=tuple(members))


def convened(*further: Member) -> Case:
    """The commission is called together."""
    case = organized()
    commission.convene_commission(case, commission_of([*seats(), *further]), None, at(ORGANIZER))
    return case


def filler(section: str) -> Actor:
    """A member who may fill this section."""
    fillers = {
        "physical_health": DOCTOR,
        "psychosocial_state": PSYCHOLOGIST,
        "conclusion": CHAIR,
    }
    return fillers.get(section, ORGANIZER)


def fill(case: Case, section: str, by: Actor | None = None) -> None:
    """Fill one section."""
    problems = [CitizenProblem(problem="Падает на улице", measures=("Сопровождение на прогулке",))]
    act.fill_section(case, section, FINDINGS, problems, at(by or filler(section)))


def filled(*further: Member) -> Case:
    """All eleven sections are filled."""
    case = convened(*further)
    for rule in PACK.act_sections:
        fill(case, rule.code)
    return case


def instrument(code: str = "care-need-2026") -> Instrument:
    """An instrument of the pack."""
    return PACK.instruments[code]


def answers(half_points: int, code: str = "care-need-2026") -> dict[str, Answer]:
    """Complete answers that add up to exactly this score (half points of care need)."""
    reachable: dict[int, dict[str, str]] = {0: {}}
    for position in instrument(code).positions:
        longer: dict[int, dict[str, str]] = {}
        for total, chosen in reachable.items():
            for option in position.options:
                longer.setdefault(
                    total + option.half_points, {**chosen, position.code: option.code}
                )
        reachable = longer
    return {
        position: Answer(option=option, source="observation")
        for position, option in reachable[half_points].items()
    }


EXPERTS = (ORGANIZER.id, DOCTOR.id)


def score_case(case: Case, half_points: int) -> None:
    """Record the care-need questionnaire with this score."""
    typization.record_questionnaire(
        case, "care-need-2026", answers(half_points), EXPERTS, at(ORGANIZER)
    )


def signed(half_points: int | None = 60) -> Case:
    """Everybody has signed; scored too, unless no score is asked for."""
    case = filled()
    if half_points is not None:
        score_case(case, half_points)
    for member in MEMBERS:
        act.sign_act(case, Signer.MEMBER, None, at(member))
    act.sign_act(case, Signer.CITIZEN, True, at(ORGANIZER))
    return case


def proposal_of(kind: Proposal = Proposal.SERVICE, **changed: Any) -> Protocol:
    """A protocol as it should be."""
    fields: Mapping[str, Any] = {
        "proposal": kind,
        "reasons": "Без посторонней помощи не моется и не выходит из дома.",
        "recorded_by": CHAIR,
        "recorded_at": NOW,
        "draft_plan": (ProposedService(service="bathing", times_per_week=2),)
        if kind is Proposal.SERVICE
        else (),
        "refusal_grounds": ("not_in_need",) if kind is Proposal.REFUSAL else (),
    }
    return Protocol.model_validate({**fields, **changed})


def assessed() -> Case:
    """The protocol is recorded."""
    case = signed()
    protocol.record_protocol(case, proposal_of(), at(CHAIR))
    return case


def closed() -> Case:
    """Intake closed the case."""
    case = surveyed()
    case.closed_for = "moved_away"
    return case


STAGES = {
    Status.AWAITED: registered,
    Status.OPEN: opened,
    Status.VISIT_SCHEDULED: scheduled,
    Status.SURVEYED: surveyed,
    Status.ORGANIZER_ASSIGNED: organized,
    Status.CONVENED: filled,
    Status.ACT_SIGNED: signed,
    Status.ASSESSED: assessed,
    Status.DECLINED: declined,
    Status.CLOSED: closed,
}
