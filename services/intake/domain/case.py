"""The case as intake knows it: all that is kept of it, and what that says of it."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from contracts.case import CaseRef
from contracts.errors import NotAllowedInState, require_allowed
from contracts.referral import Channel
from contracts.regulation import RegulationPack, load_pack
from contracts.terms import Deadline, TermBook
from contracts.triage import TriageCode
from contracts.values import Actor
from services.intake.domain.actions import ALLOWED, OPEN, Action, Status
from services.intake.domain.consent import ConsentScope
from services.intake.domain.linked import LinkedReferral, Said, TakenUp
from services.intake.domain.priority import Priority
from services.intake.domain.records import (
    Answering,
    Application,
    Assignment,
    Attachment,
    Circumstances,
    Consultation,
    Decline,
    Document,
    Entered,
    Forwarding,
    Notice,
    Progress,
    Receipt,
    ReferralWithdrawal,
    TriageProposal,
    UrgentMeasure,
    Verification,
)
from services.intake.domain.requests import (
    DifferingAnswer,
    GarbledAnswer,
    InteragencyRequest,
    RequestState,
)


class Case(BaseModel):
    """Everything intake keeps of one case."""

    id: str
    status: Status = Status.AWAITED
    status_before: Status | None = None
    ref: CaseRef | None = None
    entry_id: str = ""
    status_code_issue: int = 0
    code_told: list[str] | None = None
    """Referrals whose applicants may know the code that was issued last (`status_code.py`)."""
    received_at: AwareDatetime | None = None
    channel: Channel | None = None
    requester: str | None = None
    in_hospital: bool = False
    in_danger: bool = False
    """Danger is reported by the referrals whose analysis runs, or ran last (R 3.1.7)."""
    home_care_asked: bool = False
    priority: Priority | None = None
    said: dict[str, Said] | None = None
    """What each referral says, from which these three follow (`said.py`)."""
    analysed: list[str] | None = None
    circumstances: list[Circumstances] = Field(default_factory=list)
    consultation_only: bool = False
    already_served: bool = False
    answers: dict[str, list[str]] = Field(default_factory=dict)
    self_care_lost: bool = False
    health_at_risk: bool = False
    answerings: list[Answering] = Field(default_factory=list)
    applicant_informed: bool = False
    informed: Entered | None = None
    proposal: TriageProposal | None = None
    code: TriageCode | None = None
    triaged: Entered | None = None
    analysed_since: AwareDatetime | None = None
    """Since when its analysis runs anew, after a further referral."""
    override_reason: str | None = None
    urgent_measures: list[UrgentMeasure] = Field(default_factory=list)
    urgent_called_at: AwareDatetime | None = None
    """When a further referral turned out to call for urgent help."""
    urgent_done_at: AwareDatetime | None = None
    consultation: Consultation | None = None
    application: Application | None = None
    documents: list[Document] = Field(default_factory=list)
    verifications: list[Verification] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)
    receipts: list[Receipt] = Field(default_factory=list)
    request: InteragencyRequest | None = None
    """The last one for the pension certificate, as it was kept before there were others."""
    requests: list[InteragencyRequest] = Field(default_factory=list)
    """All others: for other documents, and those that were made anew."""
    differing_answers: list[DifferingAnswer] = Field(default_factory=list)
    garbled_answers: list[GarbledAnswer] = Field(default_factory=list)
    linked: list[LinkedReferral] = Field(default_factory=list)
    forwardings: list[Forwarding] = Field(default_factory=list)
    reached_at: AwareDatetime | None = Field(
        default=None, description="when the institution got it, if another body took it in"
    )
    pass_on_at: AwareDatetime | None = Field(
        default=None, description="the journals have still to say that the case has moved"
    )
    declines: list[Decline] = Field(default_factory=list)
    think_until: AwareDatetime | None = None
    ask_again_at: AwareDatetime | None = None
    """Since when the time to think is over, and the citizen is to be asked once more."""
    consent: ConsentScope | None = None
    consent_withdrawn: bool = False
    taken_back_at: AwareDatetime | None = None
    """When the consent was taken back that set it aside; None where it went by another one's."""
    closed_for: str | None = None
    joined_to: str | None = None
    declined_before: bool = False
    taken_up: TakenUp | None = None
    reunite_at: AwareDatetime | None = None
    """It was taken up again, and its citizen may have another open case by now (L 5.1)."""
    reached: dict[str, str] = Field(default_factory=dict)
    """How far referrals had come in a case that was joined to this one."""
    terms: TermBook = Field(default_factory=TermBook)
    assignments: list[Assignment] = Field(default_factory=list)
    followed: dict[str, list[Deadline]] = Field(
        default_factory=dict, description="terms that run in other services, by service"
    )
    moved_at: AwareDatetime | None = None
    follow_up: Deadline | None = Field(
        default=None, description="our own term of the worklist the case is in (`worklists.py`)"
    )
    progress: Progress = Field(default_factory=Progress)
    notice: Notice = Field(default_factory=Notice)
    linked_notices: dict[str, Notice] = Field(default_factory=dict)
    parted: list[str] = Field(default_factory=list)
    """Names the referral that opened it, once that has left it: it was about somebody else."""
    withdrawals: dict[str, ReferralWithdrawal] = Field(default_factory=dict)
    receipt_lines: dict[str, str] = Field(default_factory=dict)
    """Of referrals whose time of receipt was put right: the last line that said it."""

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
    def every_request(self) -> list[InteragencyRequest]:
        """All interagency requests of the case, by the time they were signed."""
        known = [*self.requests, *([self.request] if self.request else [])]
        return sorted(known, key=lambda request: (request.signed_at, request.id))

    @property
    def sendable(self) -> list[InteragencyRequest]:
        """The requests that are to leave electronically, the next one first (R 3.2.4)."""
        waiting = [
            request
            for request in self.every_request
            if request.state is RequestState.TO_SEND and request.next_attempt_at is not None
        ]
        return sorted(waiting, key=lambda r: (r.next_attempt_at, r.send_by or r.signed_at))

    @property
    def opening(self) -> str | None:
        """The referral that opened it, while that is in it; come back, it is a further one."""
        return None if self.entry_id in self.parted else self.entry_id

    @property
    def referrals(self) -> list[str]:
        """The referrals that are in it, by the ids of their first lines; what opened it first."""
        opening = [] if self.opening is None else [self.opening]
        return [*opening, *(link.entry_id for link in self.linked)]

    @property
    def waits(self) -> bool:
        """Whether no institution has it (R 3.1.2) yet, or had when it was set aside or ended."""
        aside = self.status in {Status.DECLINED, Status.CLOSED}
        return (self.status_before if aside else self.status) is Status.TO_FORWARD

    @property
    def moves(self) -> int:
        """How often the case has gone from one organization to another."""
        return sum(1 if known.returned is None else 2 for known in self.forwardings)

    @property
    def over(self) -> bool:
        """Whether a new referral about the citizen opens a new case."""
        return self.status is Status.CLOSED or self.enrolled

    @property
    def open(self) -> bool:
        """Whether something is still to be done: it then is in a worklist (`worklists.py`)."""
        going_on = self.status in OPEN | {Status.TO_FORWARD} and not self.enrolled
        return going_on or bool(self.to_review) or self.to_ask_again

    @property
    def to_review(self) -> list[LinkedReferral]:
        """Further referrals that nobody has looked at yet: to a triaged case, or one set aside, or
        one that has ended by a refusal or an enrolment meanwhile."""
        listed = self.status in ALLOWED[Action.REVIEW_REFERRAL] and self.joined_to is None
        return [link for link in self.linked if link.to_review] if listed else []

    @property
    def to_ask_again(self) -> bool:
        """Whether who declined has thought it over (R 3.3.7.2), the consent standing (152-FZ 9)."""
        declined = self.status is Status.DECLINED and not self.consent_withdrawn
        return declined and self.ask_again_at is not None

    @property
    def assignee(self) -> str | None:
        """Whose case it is, if somebody's by name; where it has gone since, nobody's yet."""
        last = self.assignments[-1] if self.assignments else None
        return last.assignee if last is not None and last.moves in {self.moves, None} else None

    @property
    def enrolled(self) -> bool:
        """Whether the procedure has ended with an enrolment order (R 3.6.3)."""
        return self.progress.order_number is not None


def require(case: Case, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, case.status)


def involves(case: Case, actor: Actor) -> bool:
    """Whether the caller may know of this case: those who serve it, and who referred it."""
    if case.ref is None or actor.organization is None:
        return False
    referred = actor.organization in {case.requester, *(link.requester for link in case.linked)}
    return referred or case.ref.is_served_by(actor.organization)
