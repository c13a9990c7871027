"""What a case is made of: the records kept in it. Values only; the rules stand beside them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.intake import Channel
from contracts.values import Email, Identifier, Line, Phone, Text, Value


class Entered(Value):
    """Who did something, by the id of their token, and when."""

    at: AwareDatetime
    by: str


class Considered(Value):
    """One of the four codes as the rule weighed it: its reasons for it, or against it."""

    code: Identifier
    proposed: bool
    reasons: tuple[str, ...]


class TriageProposal(Value):
    """What the rule proposes, by which version of it, and for which reasons (R 3.1.6, 3.1.7)."""

    code: Identifier
    rule_version: Line
    reasons: tuple[str, ...]
    considered: tuple[Considered, ...] = Field(
        default=(), description="all four codes, each with the reasons for it or against it"
    )


class Answering(Value):
    """The five questions as they were answered once, and what the rule made of it (R 3.1.3)."""

    at: AwareDatetime
    by: str
    answers: dict[str, tuple[str, ...]]
    self_care_lost: bool
    health_at_risk: bool = False
    applicant_informed: bool
    proposal: TriageProposal


class UrgentMeasure(Value):
    """One measure of the urgent plan: what, by whom, with whom, by when; what came of it (R 3.1.7).

    Its number is its place in the plan, from 1: measures are added and never taken out.
    """

    measure: Text
    responsible: Line
    organization: Identifier | None = None
    persons: tuple[Line, ...] = ()
    by_when: AwareDatetime | None = None
    instead_of: int | None = Field(default=None, description="the failed measure it stands in for")
    planned: Entered | None = None
    result: Text | None = Field(default=None, description="what came of it")
    failed: bool = False
    recorded: Entered | None = None


class Consultation(Value):
    """What was asked, what was answered, and where the person was directed (R 3.1.6 б)."""

    asked: Text
    answered: Text
    directed_to: tuple[Identifier, ...] = ()
    given: Entered


class Assignment(Value):
    """Whose case it was from then on, by whose word and why; nobody's: the role's that acts."""

    at: AwareDatetime
    by: str
    assignee: str | None
    reason: Line


class ApplicantKind(StrEnum):
    """Who applies (R 3.1.1)."""

    CITIZEN = "citizen"
    LEGAL_REPRESENTATIVE = "legal_representative"
    AUTHORISED_PERSON = "authorised_person"


class Application(Value):
    """The personal application for enrolment (R 2.6, 3.3.7)."""

    applicant: ApplicantKind = ApplicantKind.CITIZEN
    has_benefits: bool = Field(default=False, description="then a proof of benefits is needed")
    relatives_cannot_care: bool = Field(
        default=False, description="then a proof of their inability is needed (R 3.3.14)"
    )
    registered_at: AwareDatetime


class Decline(Value):
    """An informed refusal: who explained its consequences and left a contact (R 3.3.7.2)."""

    at: AwareDatetime
    recorded_by: str
    consequences_explained: bool
    contact_left: bool


class Document(Value):
    """A document of the package, by its code in the regulation pack; its content lies elsewhere."""

    code: Identifier
    issued_on: date | None = None
    number: Line | None = None
    registered_at: AwareDatetime


class RequestState(StrEnum):
    """How an interagency request stands (R 3.2)."""

    TO_SEND = "to_send"
    SENT = "sent"
    ANSWERED = "answered"
    NEGATIVE = "negative"
    OVERDUE = "overdue"


class SigningAuthority(StrEnum):
    """By what right the request is signed (R 3.2.2)."""

    HEAD = "head"
    BY_ORDER = "by_order"


class Signatory(Value):
    """Who prepared and signed the request, and how to reach them (210-FZ 7.2, part 1 item 8)."""

    name: Line
    post: Line
    authority: SigningAuthority
    order_number: Line | None = Field(default=None, description="of the head's order (R 3.2.2)")
    phone: Phone | None = None
    email: Email | None = None


class PensionCertificate(Value):
    """The Pension Fund's answer (R 2.6.1). Money in kopecks."""

    pension_kind: Line
    monthly_amount: int = Field(ge=0, description="kopecks a month")
    as_of: date
    document_number: Line


class InteragencyRequest(BaseModel):
    """The request to the Pension Fund with what article 7.2 of law 210-FZ asks for."""

    id: str
    state: RequestState = RequestState.TO_SEND
    requesting_body: str
    addressed_body: str
    service: str
    legal_ground: str
    data_needed: str
    return_contact: str
    signed_at: AwareDatetime
    sent_on: date
    """The date the request bears, by the district's calendar."""
    signatory: Signatory
    next_attempt_at: AwareDatetime | None = None
    attempts: int = 0
    sent_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    certificate: PensionCertificate | None = None
    negative_reason: str | None = None


class LinkedReferral(BaseModel):
    """A further referral about the same citizen (L 5.1)."""

    entry_id: str
    received_at: AwareDatetime
    channel: Channel
    requester: str | None = None


class Progress(BaseModel):
    """What the other services reported; each fact stands alone, so their order is no matter."""

    surveyed: bool = False
    urgent_help_at: AwareDatetime | None = Field(
        default=None, description="when the survey found that help is urgent (R 3.3.8)"
    )
    organizer: str | None = None
    assessed_level: int | None = None
    assessed: bool = False
    declined: bool = False
    planned: bool = False
    submitted: bool = False
    decided: str | None = None
    order_number: str | None = None
    provider: str | None = None
    refusal_grounds: list[str] = Field(default_factory=list)


class Notice(BaseModel):
    """When the referral's state last moved, what the requester was told, when to try again.

    `changed_at` is the latest of all changes, in whatever order they were heard of. `number` counts
    the notices taken, so that a state which comes back is told anew.
    """

    changed_at: AwareDatetime | None = None
    told: str | None = None
    number: int = 0
    attempts: int = 0
    next_attempt_at: AwareDatetime | None = None
    given_up: bool = False
