"""Cases, entries and circumstances that the unit tests of intake start from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chassis.calendar import DistrictCalendar
from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.citizen import ConsentBasis
from contracts.context import Context
from contracts.event import Event
from contracts.referral import Channel
from contracts.triage import TriageCode
from contracts.values import Actor, Address, CitizenCard, Contact, ContactKind, FullName, Gender
from services.intake.domain import declining, registration
from services.intake.domain.actions import Status
from services.intake.domain.answering import record_answer
from services.intake.domain.case import Case
from services.intake.domain.consent import ConsentScope
from services.intake.domain.dispatching import record_sent
from services.intake.domain.documents import GivenDocument, register_application
from services.intake.domain.ending import Advice, close_consultation
from services.intake.domain.interagency import request_certificate
from services.intake.domain.journal import JournalEntry
from services.intake.domain.records import ApplicantKind, Onward
from services.intake.domain.referral_form import ReferralForm
from services.intake.domain.requests import Answer, PensionCertificate, Signatory, SigningAuthority
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.handlers import on_survey_completed

ZONE = ZoneInfo("Asia/Novokuznetsk")
CALENDAR = DistrictCalendar(ZONE)
INSTITUTION, AUTHORISED_BODY = "r-institution-15", "r-authorised-body-07"
HOSPITAL = "hospital-03"
REQUEST = "R0001"
NOON = datetime(2026, 2, 2, 12, 0, tzinfo=ZONE)
"""A Monday, working, as the next days are."""

CALM: dict[str, list[str]] = {
    "danger_to_life": [],
    "household": ["relatives_in_locality"],
    "cause": ["illness"],
    "mental_changes": [],
    "substance_abuse": [],
}
ADVICE = Advice(asked="Как оформить уход за матерью", answered="Рассказали о порядке и справках")
DANGER = CALM | {"danger_to_life": ["own_life"]}
PAPERS = [
    GivenDocument(code="identity", number="3210 445566"),
    GivenDocument(code="family_composition", issued_on=date(2026, 1, 20)),
    GivenDocument(code="medical_certificate", issued_on=date(2026, 1, 22)),
]
HEAD = Signatory(
    name="Ефремова Лидия Павловна",
    post="директор",
    authority=SigningAuthority.HEAD,
    phone="+73845600011",
)
CERTIFICATE = PensionCertificate(
    pension_kind="страховая по старости",
    monthly_amount=1_945_032,
    as_of=date(2026, 2, 1),
    document_number="ПФ-77/2026",
)


def local(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment in the district."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def dead_code(referral: str, issue: int, number: str) -> str:
    """What may be known of a code that opens nothing any more, readable in a test."""
    return f"dead:{referral}:{issue}"


def when(
    moment: datetime = NOON, role: str = "registrar", org: str | None = INSTITUTION
) -> Context:
    """The circumstances of something done at a moment."""
    return Context(
        now=moment.astimezone(UTC),
        by=Actor(id=f"test:{role}", role=role, organization=org),
        calendar=CALENDAR,
    )


CARD = CitizenCard(
    snils="11223344595",
    name=FullName(family="Петрова", given="Анна", patronymic="Ильинична"),
    birth_date=date(1941, 3, 8),
    gender=Gender.FEMALE,
    address=Address(text="652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2"),
    phone="+73845600001",
)
CONSENTED = ConsentScope(
    basis=ConsentBasis.WRITTEN_CONSENT,
    text_version="consent-2013-1",
    purposes=("survey", "transfer"),
    recipients=("commission", "authorised_body", "pension_fund_office"),
)
NEIGHBOUR = Contact(
    kind=ContactKind.PERSON,
    name=FullName(family="Сомова", given="Галина"),
    address=Address(text="652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 4"),
    phone="+73845600002",
)


CLINIC = Contact(
    kind=ContactKind.ORGANIZATION,
    organization_name="Городская больница № 1",
    address=Address(text="652500, г. Ленинск-Кузнецкий, ул. Суворова, д. 3"),
    phone="+73845600033",
)


def form(**changed: Any) -> ReferralForm:
    """A complete referral, but for what is changed."""
    values: dict[str, Any] = {
        "channel": Channel.PHONE,
        "oral": True,
        "citizen": CARD,
        "problems": "Не может готовить и выходить из дома",
        "contact": NEIGHBOUR,
    }
    return ReferralForm(**{**values, **changed})


def entry(number: int = 1, **changed: Any) -> JournalEntry:
    """A journal entry, but for what is changed."""
    values: dict[str, Any] = {
        "id": f"J-{INSTITUTION}-2026-{number:06d}",
        "institution": INSTITUTION,
        "authorised_body": AUTHORISED_BODY,
        "year": 2026,
        "number": number,
        "source_key": f"key:{number}",
        "fingerprint": "f",
        "form": form(),
        "received_at": NOON.astimezone(UTC),
        "recorded_by": Actor(id="test:registrar", role="registrar", organization=INSTITUTION),
        "pack": "kuzbass-2013",
        "case_candidate": f"C{number}",
        "citizen_candidate": f"P{number}",
    }
    return JournalEntry(**{**values, **changed})


def registered(*, already_served: bool = False, at: Context | None = None, **changed: Any) -> Case:
    """A case just registered."""
    made = Case(id="C1")
    registration.register_case(
        made,
        entry(**changed),
        "P1",
        already_served=already_served,
        status_code_hash="0" * 64,
        at=at or when(),
    )
    return made


BODY = "r-authorised-body-07"
"""Takes referrals in and passes them on; the institution is under it."""
THERE = Onward(institution=INSTITUTION, authorised_body=AUTHORISED_BODY)


def taken_in_entry(number: int = 1, holder: str = BODY, **changed: Any) -> JournalEntry:
    """A line of the journal of a body or MFC, which passes it on."""
    of_holder: dict[str, Any] = {
        "id": f"J-{holder}-2026-{number:06d}",
        "institution": holder,
        "authorised_body": BODY,
        "taken_in": True,
        "recorded_by": Actor(id="test:registrar", role="registrar", organization=holder),
    }
    return entry(number, **{**of_holder, **changed})


def taken_in(at: Context | None = None, **changed: Any) -> Case:
    """A case that waits at the authorised body, which does not know yet whose it is."""
    made = Case(id="C1")
    registration.register_case(
        made,
        taken_in_entry(**changed),
        "P1",
        already_served=False,
        status_code_hash="0" * 64,
        at=at or when(org=BODY),
    )
    return made


def analysed(answers: dict[str, list[str]] | None = None, **changed: Any) -> Case:
    """A case whose five questions are answered."""
    made = registered(**changed)
    answer_questions(made, answers or CALM, False, when(), applicant_informed=True)
    return made


def triaged(code: TriageCode = TriageCode.INITIAL_ASSESSMENT, **changed: Any) -> Case:
    """A case with its code."""
    made = analysed(**changed)
    triage_case(made, code, "по решению заведующего", when(role="urgent_head"))
    return made


def applied(
    applicant: ApplicantKind = ApplicantKind.CITIZEN, has_benefits: bool = False, **changed: Any
) -> Case:
    """A case with its application and the citizen's papers, but the pension certificate."""
    made = triaged(**changed)
    register_application(made, applicant, has_benefits, PAPERS, when(), consent=CONSENTED)
    return made


def requested(**changed: Any) -> Case:
    """A case whose interagency request is signed."""
    made = applied(**changed)
    request_certificate(made, REQUEST, "office-01", "opora@example.org", HEAD, when())
    return made


def sent(**changed: Any) -> Case:
    """A case whose interagency request was accepted."""
    made = requested(**changed)
    record_sent(made, when())
    return made


def decline(case: Case, at: Context | None = None) -> list[Event]:
    """The citizen declines, with all that has to be done before (R 3.3.7.2)."""
    return declining.decline(case, at or when(), consequences_explained=True, contact_left=True)


def in_status(status: Status) -> Case:
    """A case in each of its states, come to by the ordinary way."""
    if status is Status.AWAITED:
        return Case(id="C1")
    if status is Status.TO_FORWARD:
        return taken_in()
    if status is Status.REGISTERED:
        return registered()
    if status is Status.ANALYSED:
        return analysed()
    if status is Status.TRIAGED:
        return triaged()
    if status is Status.APPLICATION_REGISTERED:
        return applied()
    if status is Status.DECLINED:
        declined = sent()
        decline(declined)
        return declined
    if status is Status.CLOSED:
        closed = triaged(TriageCode.CONSULTATION)
        close_consultation(closed, ADVICE, when())
        return closed
    return complete()


def record_certificate(
    case: Case, request_id: str, certificate: PensionCertificate, at: Context
) -> list[Event]:
    """The Pension Fund's answer (R 2.6.1)."""
    return record_answer(case, request_id, Answer(certificate=certificate), at)


def record_negative_answer(case: Case, request_id: str, reason: str, at: Context) -> list[Event]:
    """The body has no such person, or cannot answer: somebody must look."""
    return record_answer(case, request_id, Answer(refusal=reason), at)


def complete() -> Case:
    """A case whose package is complete."""
    made = sent()
    register_sheet(made)
    record_certificate(made, REQUEST, CERTIFICATE, when())
    return made


def register_sheet(case: Case) -> None:
    """The information sheet of the primary survey is there."""
    at = when()
    on_survey_completed(case, SurveyCompleted(by=at.by, outcome=SurveyOutcome.COMMISSION), at)
