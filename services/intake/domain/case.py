"""The case as intake knows it: its states and what may happen in which."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.case import CaseRef
from contracts.errors import NotAllowedInState, require_allowed
from contracts.intake import Channel, TriageCode
from contracts.regulation import RegulationPack, load_pack
from contracts.terms import TermBook
from contracts.values import Actor
from services.intake.domain.records import (
    Application,
    Decline,
    Document,
    Forwarding,
    InteragencyRequest,
    LinkedReferral,
    Notice,
    Progress,
    TriageProposal,
    UrgentMeasure,
)


class Status(StrEnum):
    """States of a case in intake. `awaited`: others spoke of it before it was registered;
    `to_forward`: the body or MFC that took the referral in has yet to pass it on (R 3.1.2)."""

    AWAITED = "awaited"
    TO_FORWARD = "to_forward"
    REGISTERED = "registered"
    ANALYSED = "analysed"
    TRIAGED = "triaged"
    APPLICATION_REGISTERED = "application_registered"
    PACKAGE_COMPLETE = "package_complete"
    DECLINED = "declined"
    CLOSED = "closed"


class Action(StrEnum):
    """What can be done with a case in intake."""

    ANSWER_QUESTIONS = "answer_questions"
    TRIAGE = "triage"
    PLAN_URGENT_MEASURES = "plan_urgent_measures"
    COMPLETE_URGENT_MEASURES = "complete_urgent_measures"
    CLOSE_CONSULTATION = "close_consultation"
    RECORD_CONSENT = "record_consent"
    REGISTER_APPLICATION = "register_application"
    REGISTER_DOCUMENTS = "register_documents"
    REQUEST_CERTIFICATE = "request_certificate"
    RECORD_ANSWER = "record_answer"
    LINK_REFERRAL = "link_referral"
    FORWARD_REFERRAL = "forward_referral"
    RETURN_REFERRAL = "return_referral"
    DECLINE = "decline"
    REOPEN = "reopen"


OPEN = frozenset(
    {
        Status.REGISTERED,
        Status.ANALYSED,
        Status.TRIAGED,
        Status.APPLICATION_REGISTERED,
        Status.PACKAGE_COMPLETE,
    }
)
TRIAGED = frozenset({Status.TRIAGED, Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE})

ALLOWED: dict[Action, frozenset[Status]] = {
    Action.ANSWER_QUESTIONS: frozenset({Status.REGISTERED, Status.ANALYSED}),
    Action.TRIAGE: frozenset({Status.ANALYSED}),
    Action.PLAN_URGENT_MEASURES: TRIAGED,
    Action.COMPLETE_URGENT_MEASURES: TRIAGED,
    Action.CLOSE_CONSULTATION: frozenset({Status.TRIAGED}),
    Action.RECORD_CONSENT: OPEN | {Status.DECLINED},
    Action.REGISTER_APPLICATION: frozenset({Status.TRIAGED}),
    Action.REGISTER_DOCUMENTS: frozenset({Status.APPLICATION_REGISTERED}),
    Action.REQUEST_CERTIFICATE: frozenset({Status.APPLICATION_REGISTERED}),
    Action.RECORD_ANSWER: frozenset(
        {Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE, Status.DECLINED, Status.CLOSED}
    ),
    Action.LINK_REFERRAL: OPEN | {Status.DECLINED, Status.TO_FORWARD},
    Action.FORWARD_REFERRAL: frozenset({Status.TO_FORWARD}),
    Action.RETURN_REFERRAL: frozenset({Status.REGISTERED, Status.ANALYSED}),
    Action.DECLINE: OPEN | {Status.TO_FORWARD},
    Action.REOPEN: frozenset({Status.DECLINED}),
}
"""What may happen in which state; one test walks every state × action."""


class Case(BaseModel):
    """Everything intake keeps of one case."""

    id: str
    status: Status = Status.AWAITED
    status_before: Status | None = None
    ref: CaseRef | None = None
    entry_id: str = ""
    received_at: AwareDatetime | None = None
    channel: Channel | None = None
    requester: str | None = None
    in_hospital: bool = False
    home_care_asked: bool = False
    consultation_only: bool = False
    already_served: bool = False
    answers: dict[str, list[str]] = Field(default_factory=dict)
    self_care_lost: bool = False
    applicant_informed: bool = False
    proposal: TriageProposal | None = None
    code: TriageCode | None = None
    override_reason: str | None = None
    urgent_measures: list[UrgentMeasure] = Field(default_factory=list)
    urgent_done_at: AwareDatetime | None = None
    application: Application | None = None
    documents: list[Document] = Field(default_factory=list)
    request: InteragencyRequest | None = None
    linked: list[LinkedReferral] = Field(default_factory=list)
    forwardings: list[Forwarding] = Field(default_factory=list)
    reached_at: AwareDatetime | None = Field(
        default=None, description="when the institution got it, if another body took it in"
    )
    pass_on_at: AwareDatetime | None = Field(
        default=None, description="the journals have still to say that the case has moved"
    )
    declines: list[Decline] = Field(default_factory=list)
    closed_for: str | None = None
    terms: TermBook = Field(default_factory=TermBook)
    progress: Progress = Field(default_factory=Progress)
    notice: Notice = Field(default_factory=Notice)

    @property
    def reference(self) -> CaseRef:
        """The case's reference; every registered case has one."""
        if self.ref is None:
            raise NotAllowedInState("case-not-registered", "the case is not registered")
        return self.ref

    @property
    def pack(self) -> RegulationPack:
        """The regulation this case was begun under, and keeps."""
        return load_pack(self.reference.pack)

    @property
    def waits(self) -> bool:
        """Whether it is with the body that took it in, and with no institution yet (R 3.1.2)."""
        waiting = self.status_before if self.status is Status.DECLINED else self.status
        return waiting is Status.TO_FORWARD

    @property
    def moves(self) -> int:
        """How often the case has gone from one organization to another."""
        return sum(1 if known.returned is None else 2 for known in self.forwardings)

    @property
    def over(self) -> bool:
        """Whether a new referral about the citizen opens a new case."""
        return self.status is Status.CLOSED or self.enrolled

    @property
    def enrolled(self) -> bool:
        """Whether the procedure has ended with an enrolment order (R 3.6.3)."""
        return self.progress.order_number is not None


def require(case: Case, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, case.status)


def next_wake(case: Case) -> datetime | None:
    """When this case wants to be looked at: a term's alarm, a request or a notice to send."""
    moments = [
        case.terms.next_alarm(),
        case.request.next_attempt_at if case.request else None,
        case.notice.next_attempt_at,
        case.pass_on_at,
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def involves(case: Case, actor: Actor) -> bool:
    """Whether the caller may know of this case: those who serve it, and who referred it."""
    if case.ref is None or actor.organization is None:
        return False
    referred = actor.organization in {case.requester, *(link.requester for link in case.linked)}
    return referred or case.ref.is_served_by(actor.organization)
