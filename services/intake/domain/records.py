"""What a case is made of: the records kept in it. Values only; the rules stand beside them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.referral import ReturnReason
from contracts.values import Identifier, Line, Phone, Text, Value


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


class Circumstances(Value):
    """What a case said of its citizen until somebody put it right: when, by whom and why."""

    in_hospital: bool
    home_care_asked: bool
    until: AwareDatetime
    by: str
    reason: Text


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
    moves: int | None = None
    """How often the case had been passed on or given back by then; None: not known."""


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


class ContactsLeft(Value):
    """Whom a citizen who declined may turn to, as they were told (R 3.3.7.2)."""

    address: Line
    phone: Phone
    specialist: Line


class Decline(Value):
    """An informed refusal: who explained its consequences and left a contact (R 3.3.7.2)."""

    at: AwareDatetime
    recorded_by: str
    consequences_explained: bool
    contact_left: bool
    contacts: ContactsLeft | None = None
    think_until: AwareDatetime | None = Field(default=None, description="asked once more then")
    consent_withdrawn: bool = Field(default=False, description="consent was taken back (152-FZ 9)")


class Document(Value):
    """A document of the package, by its code in the regulation pack; its content lies elsewhere."""

    code: Identifier
    issued_on: date | None = None
    number: Line | None = None
    registered_at: AwareDatetime


class Presented(StrEnum):
    """In what form a document was shown to the worker who took it."""

    ORIGINAL = "original"
    COPY = "copy"
    CERTIFIED_COPY = "certified_copy"
    """Certified by a notary or by the body that issued it."""


class Verification(Value):
    """A worker held the document in their hands: what they saw and what they made of it (R 2.6)."""

    code: Identifier
    presented: Presented
    copy_made: bool = False
    copy_certified: bool = Field(
        default=False, description="the copy agrees with the original, signed by who made it"
    )
    at: AwareDatetime
    by: str


class Attachment(BaseModel):
    """A scan or file of a document; its content lies elsewhere, under its id. Size in bytes."""

    id: str
    code: str
    media_type: str
    size: int
    sha256: str
    filename: str | None = None
    at: AwareDatetime
    by: str
    replaced_by: str | None = None
    """The newer one that is looked at instead; this one is kept."""


class Receipt(Value):
    """What was handed in at one time, and who took it; numbered in the case from 1, no gap."""

    number: int = Field(ge=1)
    at: AwareDatetime
    day: date = Field(description="by the district's calendar")
    taken_by: str
    documents: tuple[Document, ...]


class Progress(BaseModel):
    """What the other services reported; each fact stands alone, so their order is no matter."""

    surveyed: bool = False
    convened: bool = False
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


class ReferralWithdrawal(Value):
    """A sender took a referral back: when, why, and whether it was sent in error."""

    at: AwareDatetime
    by: str
    in_error: bool = False
    reason: Text


class Notice(BaseModel):
    """When the referral's state last moved, which one was handed over to be told, when to do so.

    `changed_at` is the latest of all changes, in whatever order they were heard of. `number` counts
    the states handed over, so that one which comes back is told anew. How a notice fares is kept
    with the task (`task.py`); `attempts` and `given_up` are of versions that kept it here. `shown`
    is a digest of everything the task showed then, which may change while its state does not.
    """

    changed_at: AwareDatetime | None = None
    told: str | None = None
    shown: str | None = None
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
    SET_ASIDE = "set_aside"
    """At the body or MFC that took it in while the citizen declines: nothing is to be passed on
    (R 3.3.7.2)."""
    ENDED = "ended"
    """At the body or MFC that took it in when its case ended: it is passed on to nobody."""
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
