"""A case from the referral to the enrolment order, told with the real events of four services."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chassis.calendar import DistrictCalendar
from chassis.document import Document, Origin, Reading, issue, receive
from chassis.tracing import begin
from contracts import assessment, careplan, complaints, documents, intake, referral, triage
from contracts.assessment import Proposal, SurveyOutcome, VisitPlace
from contracts.careplan import Outcome, ServiceForm
from contracts.case import CaseRef
from contracts.context import Context
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.referral import Channel
from contracts.regulation import FIRST_PACK, load_pack
from contracts.status_code import hashed
from contracts.terms import ClosedTerm, Deadline, TermBook
from contracts.triage import TriageCode
from contracts.values import SYSTEM, Actor, Address, CitizenCard, FullName
from services.registry.domain.case import CaseRecord
from services.registry.handlers import CASE_HANDLERS

ZONE = ZoneInfo("Asia/Novokuznetsk")
CALENDAR = DistrictCalendar(ZONE)
MONDAY = datetime(2026, 3, 16, 3, 0, tzinfo=UTC)  # 10:00 in the district
INSTITUTION, AUTHORISED_BODY = "r-institution-15", "r-authorised-body-07"
CODE = "4071133259"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def somebody(role: str, organization: str | None = INSTITUTION) -> Actor:
    return Actor(id=f"test:{role}", role=role, organization=organization)


def context(now: datetime) -> Context:
    return Context(now=now, by=SYSTEM, calendar=CALENDAR)


def due(code: str, started_at: datetime) -> Deadline:
    return context(started_at).deadline(load_pack(FIRST_PACK), code, started_at)


def ref_of(case_id: str, institution: str = INSTITUTION, citizen_id: str = "") -> CaseRef:
    return CaseRef(
        case_id=case_id,
        citizen_id=citizen_id or f"P{case_id}",
        number=f"{institution}/2026/{case_id[-6:]}",
        institution=institution,
        authorised_body=AUTHORISED_BODY,
        pack=FIRST_PACK,
    )


CARD = CitizenCard(
    snils="112-233-445 95",
    name=FullName(family="Кузнецова", given="Анфиса", patronymic="Павловна"),
    birth_date=date(1941, 5, 30),
    address=Address(text="г. Ленинск-Кузнецкий, ул. Шахтёров, д. 8, кв. 12"),
    phone="+73845600017",
)


@dataclass
class Teller:
    """One stream, told event by event with the time of each."""

    stream: str
    subject: str
    book: TermBook = field(default_factory=TermBook)
    told: list[tuple[Event, datetime]] = field(default_factory=list)

    def say(self, event: Event, at: datetime) -> None:
        self.told.append((event, at))

    def opened(self, *deadlines: Deadline) -> tuple[Deadline, ...]:
        return self.book.open(*deadlines)

    def closed(self, at: datetime, *codes: str) -> tuple[ClosedTerm, ...]:
        return self.book.close(*codes, at=at)

    def envelopes(self) -> list[Envelope]:
        return envelopes(self.stream, self.subject, self.told)


def envelopes(stream: str, subject: str, told: Iterable[tuple[Event, datetime]]) -> list[Envelope]:
    document: Document[Any] = Document(id=subject, state=SYSTEM)
    for event, at in told:
        origin = Origin(stream, stream.split(".", maxsplit=1)[0], "leninsk-kuznetsky")
        issue(document, [event], context(at), origin, begin("r0", "r0", "00-" + "1" * 32))
    return document.outbox


def intake_of(ref: CaseRef, start: datetime = MONDAY) -> Teller:
    """Referral, triage, application, certificate, package (R 3.1, 3.2)."""
    stream, registrar = Teller(intake.CASE, ref.case_id), somebody("registrar")
    stream.say(
        referral.ReferralRegistered(
            by=registrar,
            case=ref,
            journal_number=ref.number,
            received_at=start,
            channel=Channel.PHONE,
            status_code_hash=hashed(CODE, ref.number),
            opened=stream.opened(due("referral-analysis", start)),
        ),
        start,
    )
    stream.say(
        triage.CaseTriaged(
            by=somebody("urgent_head"),
            code=TriageCode.INITIAL_ASSESSMENT,
            proposed=TriageCode.INITIAL_ASSESSMENT,
            rule_version="2013",
            closed=stream.closed(start + HOUR, "referral-analysis"),
        ),
        start + HOUR,
    )
    applied = start + DAY
    stream.say(
        documents.ApplicationRegistered(
            by=registrar,
            documents=("identity", "application"),
            missing=("pension_certificate",),
            opened=stream.opened(due("interagency-request", applied)),
        ),
        applied,
    )
    asked = applied + HOUR
    stream.say(
        documents.CertificateRequested(
            by=somebody("institution_director"),
            request_id="R0001",
            addressed_body="example-pension-fund-office-01",
            opened=stream.opened(due("interagency-answer", asked)),
            closed=stream.closed(asked, "interagency-request"),
        ),
        asked,
    )
    received = asked + 2 * DAY
    stream.say(
        documents.CertificateReceived(
            by=somebody("pension_fund", "example-pension-fund-office-01"),
            request_id="R0001",
            closed=stream.closed(received, "interagency-answer"),
        ),
        received,
    )
    package = ("identity", "application")
    stream.say(documents.PackageCompleted(by=SYSTEM, documents=package), received)
    return stream


def assessment_of(ref: CaseRef, start: datetime = MONDAY) -> Teller:
    """Survey, organizer, commission, act, level (R 3.3, 3.4; L 3.3)."""
    stream, specialist = Teller(assessment.CASE, ref.case_id), somebody("specialist")
    taken = start + HOUR
    terms = due("primary-survey", start), due("survey-stage", start)
    stream.say(
        assessment.AssessmentOpened(by=SYSTEM, case=ref, opened=stream.opened(*terms)), taken
    )
    visit = start + DAY
    stream.say(
        assessment.SurveyScheduled(
            by=specialist, visit_at=visit, place=VisitPlace.HOME, announced=True
        ),
        taken + HOUR,
    )
    stream.say(
        assessment.SurveyCompleted(
            by=specialist,
            outcome=SurveyOutcome.COMMISSION,
            closed=stream.closed(visit, "primary-survey"),
        ),
        visit,
    )
    handed = start + 2 * DAY
    stream.say(
        assessment.OrganizerAssigned(
            by=specialist,
            organizer="test.organizer-3",
            opened=stream.opened(due("commission", handed)),
            closed=stream.closed(handed, "survey-stage"),
        ),
        handed,
    )
    met = start + 4 * DAY
    stream.say(
        assessment.CommissionConvened(
            by=somebody("commission_chair"),
            seats=("chair", "care_organizer", "health_worker", "psychologist"),
            meeting_at=met,
            independent_members=2,
        ),
        handed + HOUR,
    )
    stream.say(assessment.ActSigned(by=somebody("care_organizer"), signatures=5), met)
    stream.say(
        assessment.ProtocolRecorded(by=somebody("care_organizer"), proposal=Proposal.SERVICE), met
    )
    stream.say(
        assessment.NeedsAssessed(
            by=somebody("commission_chair"),
            case=ref,
            proposal=Proposal.SERVICE,
            organizer="test.organizer-3",
            instrument="care-need-2026",
            instrument_version="1",
            group=4,
            level=2,
            weekly_minutes_from=840,
            weekly_minutes_to=1260,
            days_per_week=6,
            closed=stream.closed(met, "commission"),
        ),
        met,
    )
    return stream


def careplan_of(ref: CaseRef, start: datetime = MONDAY) -> Teller:
    """Plan, programme, package, decision, contract, order (R 3.5, 3.6)."""
    stream, organizer = Teller(careplan.CASE, ref.case_id), somebody("care_organizer")
    assessed = start + 4 * DAY
    stream.say(
        careplan.PlanningOpened(
            by=SYSTEM,
            case=ref,
            organizer="test.organizer-3",
            opened=stream.opened(due("care-plan", assessed)),
        ),
        assessed,
    )
    drafted = start + 7 * DAY
    stream.say(
        careplan.PlanDrafted(
            by=organizer, plan_version=1, weekly_minutes=1200, executors=("l-provider-01",)
        ),
        drafted,
    )
    agreed = drafted + HOUR
    stream.say(
        careplan.PlanAgreed(
            by=organizer, plan_version=1, closed=stream.closed(agreed, "care-plan")
        ),
        agreed,
    )
    stream.say(
        careplan.ProgrammeIssued(by=organizer, number="ИП-88", form=ServiceForm.HOME), agreed
    )
    submitted = start + 8 * DAY
    stream.say(
        careplan.PackageSubmitted(
            by=organizer,
            documents=("needs_assessment_act", "protocol", "care_plan"),
            opened=stream.opened(due("decision", submitted)),
        ),
        submitted,
    )
    decided = submitted + 5 * DAY  # two days late: the term was three working days (R 3.6.5)
    stream.say(
        careplan.Decided(
            by=somebody("authorised_body_head", AUTHORISED_BODY),
            outcome=Outcome.ENROL,
            form=ServiceForm.HOME,
            closed=stream.closed(decided, "decision"),
        ),
        decided,
    )
    stream.say(
        careplan.ContractConcluded(
            by=organizer, number="Д-31", handed_over=("care_plan_copy", "rules_of_conduct")
        ),
        decided + HOUR,
    )
    stream.say(
        careplan.Enrolled(
            by=somebody("institution_director"),
            order_number="117-з",
            form=ServiceForm.HOME,
            level=2,
            provider="l-provider-01",
        ),
        decided + 2 * HOUR,
    )
    return stream


def complaint_of(ref: CaseRef, complaint_id: str, start: datetime, ended: datetime) -> Teller:
    """A complaint about the case, decided and answered (R 5)."""
    stream, officer = Teller(complaints.COMPLAINT, complaint_id), somebody("complaint_officer")
    stream.say(
        complaints.ComplaintRegistered(
            by=officer,
            case_id=ref.case_id,
            number=f"Ж-{complaint_id}",
            ground="late_service",
            body=AUTHORISED_BODY,
            citizen_id=ref.citizen_id,
            opened=stream.opened(due("complaint", start)),
        ),
        start,
    )
    stream.say(
        complaints.ComplaintDecided(
            by=officer,
            case_id=ref.case_id,
            outcome=complaints.ComplaintOutcome.REFUSED,
            closed=stream.closed(ended, "complaint"),
        ),
        ended,
    )
    return stream


def whole_path(ref: CaseRef, start: datetime = MONDAY) -> list[Teller]:
    """The three services' streams, and two complaints that run the same term to the same day."""
    return [
        intake_of(ref, start),
        assessment_of(ref, start),
        careplan_of(ref, start),
        complaint_of(ref, f"K1{ref.case_id}", start + 12 * DAY, start + 14 * DAY),
        complaint_of(ref, f"K2{ref.case_id}", start + 12 * DAY + HOUR, start + 13 * DAY),
    ]


READING = Reading(
    CASE_HANDLERS,
    Origin(None, "registry", "leninsk-kuznetsky"),
    lambda envelope: context(envelope.time),
)


def read(case_id: str, arriving: Iterable[Envelope]) -> Document[CaseRecord]:
    """The record after these events have arrived in this order."""
    document = Document(id=case_id, state=CaseRecord(id=case_id))
    for envelope in arriving:
        receive(document, envelope, READING, 0)
    return document
