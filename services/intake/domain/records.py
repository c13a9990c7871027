"""What a case is made of: the records kept in it. Values only; the rules stand beside them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.intake import Channel, ReturnReason
from contracts.values import Email, Identifier, Line, Phone, Text, Value


class TriageProposal(Value):
    """What the rule proposes, by which version of it, and for which reasons (R 3.1.6, 3.1.7)."""

    code: Identifier
    rule_version: Line
    reasons: tuple[str, ...]


class UrgentMeasure(Value):
    """One measure of the urgent plan: what, by whom, with which organization (R 3.1.7)."""

    measure: Text
    responsible: Line
    organization: Identifier | None = None
    result: Text | None = Field(default=None, description="what came of it")


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
    assessed_level: int | None = None
    assessed: bool = False
    declined: bool = False
    planned: bool = False
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


class Onward(Value):
    """The institution that a body or MFC passes a referral on to, and its authorised body."""

    institution: Identifier
    authorised_body: Identifier


class Returned(Value):
    """Why an institution gave back what was forwarded to it (R 3.1.2)."""

    at: AwareDatetime
    recorded_by: str
    reason: ReturnReason
    explanation: Text | None = None


class EntryState(StrEnum):
    """How a line of the journal stands."""

    ENTERED = "entered"
    """With the institution whose journal it is."""
    TO_FORWARD = "to_forward"
    """At the body or MFC that took it in, until it is passed on (R 3.1.2)."""
    FORWARDED = "forwarded"
    """Passed on to an institution, whose journal has a line of its own."""
    RETURNED = "returned"
    """Given back by the institution: it was forwarded to the wrong one."""
    CORRECTED = "corrected"
    """A later line stands in its place."""


class ChosenBy(StrEnum):
    """Who said to which institution a referral is passed on."""

    ADDRESS = "address"
    """Exactly one institution serves it."""
    PERSON = "person"


class Forwarding(BaseModel):
    """One passing on of a referral: who, when, from, to, why; and, if it came back, why."""

    sender: str
    sender_body: str
    institution: str
    sent_at: AwareDatetime
    sent_by: str
    chosen_by: ChosenBy
    note: Text | None = None
    returned: Returned | None = None
