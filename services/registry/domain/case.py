"""The register's record of one case: what three services and its complaints have said of it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from contracts import assessment, careplan, intake, referral, triage
from contracts.appointments import AppointmentEvent
from contracts.case import CaseRef
from contracts.context import Context
from contracts.event import Event
from contracts.roles import Role
from contracts.status_code import MOST_CODES
from contracts.values import Actor
from services.registry.domain.appointments import Appointment, appointment_after
from services.registry.domain.stages import (
    OVER,
    Owner,
    Progress,
    Stage,
    Standing,
    advance,
    standing,
)
from services.registry.domain.terms import Ledger, Term

DISTRICT_ROLES = frozenset({Role.REGISTRY_READER, Role.OPERATOR})
"""Roles that see everything of the district (L 5.1, 5.2)."""

BODY_ROLES = frozenset({Role.AUTHORISED_BODY_HEAD, Role.COMPLAINT_OFFICER})
"""The authorised body's: it heads the commission and examines complaints (R 3.4.1, 5.5)."""

WEIGHT = {"careplan": 1, "assessment": 2, "intake": 3}
"""Whose word on the same fact counts more: the reference of a case is intake's own."""


class Reference(BaseModel):
    """The case's reference, and which service it was heard from."""

    case: CaseRef
    weight: int


class Organizer(BaseModel):
    """The care organizer whom assessment named last (R 3.3.12). Care planning repeats whom it
    knows, and may have yet to hear who took over: its word holds until assessment's is heard."""

    id: str
    since: AwareDatetime
    weight: int


class Enrolment(BaseModel):
    """The order that ends the procedure (R 3.6.3)."""

    order_number: str
    form: str
    level: int | None
    provider: str


class Notice(BaseModel):
    """The notice of refusal (R 3.6.4)."""

    notice_number: str
    grounds: list[str]


class Result(BaseModel):
    """What has come of the case so far."""

    group: int | None = None
    level: int | None = None
    proposal: str | None = None
    enrolment: Enrolment | None = None
    refusal: Notice | None = None
    closed_for: str | None = None


class CaseRecord(BaseModel):
    """Everything the register keeps of one case; its timeline is read off the log."""

    id: str
    reference: Reference | None = None
    received_at: AwareDatetime | None = None
    code: str | None = None
    status_code_hash: str = ""
    further_hashes: list[str] = Field(default_factory=list)
    """Of the codes that further referrals were told, the latest last."""
    organizer: Organizer | None = None
    intake: Progress = Field(default_factory=Progress)
    assessment: Progress = Field(default_factory=Progress)
    careplan: Progress = Field(default_factory=Progress)
    result: Result = Field(default_factory=Result)
    ledger: Ledger = Field(default_factory=Ledger)
    appointments: dict[str, Appointment] = Field(default_factory=dict)
    """Appointments with specialists, by id."""

    @property
    def ref(self) -> CaseRef | None:
        """The case's reference, once one service has given it."""
        return self.reference.case if self.reference else None

    @property
    def standing(self) -> Standing:
        """Stage and owner."""
        return standing(self.intake, self.assessment, self.careplan, self.result.closed_for)

    @property
    def stage(self) -> Stage:
        """Stage alone."""
        return self.standing.stage

    def terms(self) -> list[Term]:
        """Every term, the earliest due first."""
        return self.ledger.terms(over=self.stage in OVER)

    def running(self) -> list[Term]:
        """Terms in which something has still to be done, the earliest due first."""
        return [term for term in self.terms() if term.running]

    def next_due(self, owner: Owner | None = None) -> Term | None:
        """The term that runs out first, of the whole case or of one service."""
        running = self.running()
        return next((term for term in running if owner is None or term.service == owner), None)


def involves(case: CaseRecord, actor: Actor) -> bool:
    """Whether the caller may know of this case: the district's readers, and who serves it."""
    if actor.role in DISTRICT_ROLES:
        return True
    return case.ref is not None and case.ref.is_served_by(actor.organization)


def learn(case: CaseRecord, event: Event, at: Context) -> list[Event]:
    """Take one event over. Whatever it touches belongs to its own stream, or is settled by a rule
    that does not ask which came first; so any order of the streams ends in the same record."""
    service = event.stream.split(".", maxsplit=1)[0]
    case.ledger.take(service, event)
    weight = WEIGHT.get(service, 0)
    ref = getattr(event, "case", None)
    if isinstance(ref, CaseRef) and (case.reference is None or weight >= case.reference.weight):
        case.reference = Reference(case=ref, weight=weight)
    _learn_organizer(case, getattr(event, "organizer", None), weight, at)
    _learn_progress(case, service, event, at)
    _learn_codes(case, event)
    _learn_receipt(case, event)
    _learn_result(case, event)
    if isinstance(event, AppointmentEvent):
        case.appointments[at.about] = appointment_after(case.appointments.get(at.about), event)
    return []


def _learn_organizer(case: CaseRecord, named: Any, weight: int, at: Context) -> None:
    if not isinstance(named, str):
        return
    if case.organizer is None or weight >= case.organizer.weight:
        case.organizer = Organizer(id=named, since=at.now, weight=weight)


def _learn_progress(case: CaseRecord, service: str, event: Event, at: Context) -> None:
    if service not in set(Owner):
        return
    progress: Progress = getattr(case, service)
    advance(progress, event, at.now)


def _learn_codes(case: CaseRecord, event: Event) -> None:
    """Which codes hold: they are told with a referral, and die with it (R 3.7.3)."""
    if isinstance(event, referral.ReferralRegistered):
        case.status_code_hash = event.status_code_hash
    elif isinstance(event, intake.StatusCodeIssued):
        case.status_code_hash, case.further_hashes = event.status_code_hash, []
    elif isinstance(event, referral.ReferralLinked):
        further = [event.status_code_hash] if event.status_code_hash else []
        case.further_hashes = [*case.further_hashes, *further][-MOST_CODES:]
    elif isinstance(event, referral.ReferralWithdrawn | referral.ReferralsParted):
        dead = event.dead_code_hash
        case.further_hashes = [known for known in case.further_hashes if known != dead]
        if case.status_code_hash == dead:
            case.status_code_hash = ""


def _learn_receipt(case: CaseRecord, event: Event) -> None:
    """When the referral that opened the case was received; put right, where it was said wrongly."""
    if isinstance(event, referral.ReferralRegistered):
        case.received_at = event.received_at
    put_right = event.receipt if isinstance(event, referral.CircumstancesCorrected) else None
    if put_right is not None and put_right.opened_case:
        case.received_at = put_right.received_at


def _learn_result(case: CaseRecord, event: Event) -> None:
    result = case.result
    if isinstance(event, triage.CaseTriaged):
        case.code = event.code
    elif isinstance(event, intake.CaseClosed):
        result.closed_for = event.reason
    elif isinstance(event, intake.CaseReopened):
        result.closed_for = None
    elif isinstance(event, assessment.NeedsAssessed):
        result.group, result.level, result.proposal = event.group, event.level, event.proposal
    elif isinstance(event, careplan.Enrolled):
        result.enrolment = Enrolment(
            order_number=event.order_number,
            form=event.form,
            level=event.level,
            provider=event.provider,
        )
    elif isinstance(event, careplan.Refused):
        result.refusal = Notice(notice_number=event.notice_number, grounds=list(event.grounds))
    elif isinstance(event, careplan.CaseReopened):
        result.refusal = None
