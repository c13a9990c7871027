"""The complaint: its states, what may happen in which, who may know of it and who examines it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.errors import NotPermitted, require_allowed
from contracts.regulation import RegulationPack, load_pack
from contracts.regulation.entries import ComplaintGround
from contracts.terms import TermBook
from contracts.values import Actor
from services.complaints.domain.records import (
    Answer,
    Channel,
    Complainant,
    Decision,
    Official,
    Representative,
)


class Status(StrEnum):
    """States of a complaint. A nameless one ends with the decision (R 5.4.6)."""

    REGISTERED = "registered"
    DECIDED = "decided"
    ANSWERED = "answered"


class Action(StrEnum):
    """What can be done with a complaint. None of it suspends the term (R 5.6)."""

    DECIDE = "decide"
    ANSWER = "answer"


ALLOWED: dict[Action, frozenset[Status]] = {
    Action.DECIDE: frozenset({Status.REGISTERED}),
    Action.ANSWER: frozenset({Status.DECIDED}),
}
"""What may happen in which state; one test walks every state × action."""


class Complaint(BaseModel):
    """A complaint, which is at the same time its line in the register of the examining body."""

    id: str
    status: Status = Status.REGISTERED
    examiner: str
    year: int
    number: int
    source_key: str
    pack: str
    case_id: str
    case_number: str
    citizen_id: str
    institution: str
    authorised_body: str
    channel: Channel
    ground: str
    body: str
    official: Official | None = None
    complainant: Complainant | None = None
    representative: Representative | None = None
    decision_or_action: str
    arguments: str
    received_at: AwareDatetime
    registered_at: AwareDatetime
    registered_by: str
    decision: Decision | None = None
    answer: Answer | None = None
    terms: TermBook = Field(default_factory=TermBook)

    @property
    def register_key(self) -> str:
        """The register this complaint stands in: one per examining body and year."""
        return register_key(self.examiner, self.year)

    @property
    def register_number(self) -> str:
        """The number a person writes down."""
        return f"{self.examiner}/{self.year}/{self.number:06d}"

    @property
    def nameless(self) -> bool:
        """Whether it is examined, but not answered (R 5.4.6)."""
        return is_nameless(self.complainant)

    @property
    def regulation(self) -> RegulationPack:
        """The regulation of the case, which the complaint keeps too."""
        return load_pack(self.pack)

    @property
    def rule(self) -> ComplaintGround:
        """The ground with the term of its examination (R 5.2, 5.5)."""
        return next(rule for rule in self.regulation.complaint_grounds if rule.code == self.ground)


def is_nameless(complainant: Complainant | None) -> bool:
    """Whether neither name nor address was given, so that no answer can be (R 5.4.6)."""
    return complainant is None or (complainant.name is None and complainant.address is None)


def register_key(examiner: str, year: int) -> str:
    """The name of a register."""
    return f"{examiner}-{year}"


def complaint_id(examiner: str, year: int, number: int) -> str:
    """The id is the number, so that the store itself forbids a number twice."""
    return f"Z-{examiner}-{year}-{number:06d}"


def require(complaint: Complaint, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, complaint.status, "complaint")


def require_examiner(complaint: Complaint, actor: Actor, *, of_department: bool) -> None:
    """The body that was complained to, or the department, examines and answers (R 5.5)."""
    if not of_department and actor.organization != complaint.examiner:
        raise NotPermitted(
            "not-the-examining-body",
            "the complaint is examined by an official of the examining body or of the department",
            clause="R 5.5",
        )


def involves(complaint: Complaint, actor: Actor, *, of_department: bool) -> bool:
    """Whether the caller may know of this complaint: the bodies concerned, and the department."""
    if actor.organization is None:
        return False
    return of_department or actor.organization in {
        complaint.body,
        complaint.examiner,
        complaint.institution,
        complaint.authorised_body,
    }
