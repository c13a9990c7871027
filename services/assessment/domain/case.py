"""The case as assessment knows it: its states and what may happen in which."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.case import CaseRef
from contracts.errors import NotAllowedInState, require_allowed
from contracts.regulation import RegulationPack, load_pack
from contracts.terms import TermBook
from contracts.triage import TriageCode
from contracts.values import Actor
from services.assessment.domain.records import (
    Commission,
    FilledSection,
    InformationSheet,
    Protocol,
    Questionnaire,
    Referred,
    Replaced,
    Signature,
    Visit,
)


class Status(StrEnum):
    """States of a case in assessment. `awaited`: known, but not (yet) to be assessed."""

    AWAITED = "awaited"
    OPEN = "open"
    VISIT_SCHEDULED = "visit_scheduled"
    SURVEYED = "surveyed"
    ORGANIZER_ASSIGNED = "organizer_assigned"
    CONVENED = "convened"
    ACT_SIGNED = "act_signed"
    ASSESSED = "assessed"
    DECLINED = "declined"
    CLOSED = "closed"


class Action(StrEnum):
    """What can be done with a case in assessment."""

    SCHEDULE_SURVEY = "schedule_survey"
    COMPLETE_SURVEY = "complete_survey"
    REOPEN = "reopen"
    ASSIGN_ORGANIZER = "assign_organizer"
    CONVENE_COMMISSION = "convene_commission"
    FILL_SECTION = "fill_section"
    RECORD_QUESTIONNAIRE = "record_questionnaire"
    SIGN_ACT = "sign_act"
    RECORD_PROTOCOL = "record_protocol"


# Much is one person's, the organizer's, in care planning too (R 3.3.12): another can be named until
# the procedure has ended, and a commission called anew until it has concluded (R 3.4.7).
ALLOWED: dict[Action, frozenset[Status]] = {
    Action.SCHEDULE_SURVEY: frozenset({Status.OPEN, Status.VISIT_SCHEDULED}),
    Action.COMPLETE_SURVEY: frozenset({Status.OPEN, Status.VISIT_SCHEDULED}),
    Action.REOPEN: frozenset({Status.DECLINED}),
    Action.ASSIGN_ORGANIZER: frozenset(
        {
            Status.SURVEYED,
            Status.ORGANIZER_ASSIGNED,
            Status.CONVENED,
            Status.ACT_SIGNED,
            Status.ASSESSED,
        }
    ),
    Action.CONVENE_COMMISSION: frozenset(
        {Status.ORGANIZER_ASSIGNED, Status.CONVENED, Status.ACT_SIGNED}
    ),
    Action.FILL_SECTION: frozenset({Status.CONVENED}),
    Action.RECORD_QUESTIONNAIRE: frozenset({Status.CONVENED, Status.ACT_SIGNED}),
    Action.SIGN_ACT: frozenset({Status.CONVENED}),
    Action.RECORD_PROTOCOL: frozenset({Status.ACT_SIGNED}),
}
"""What may happen in which state; one test walks every state × action."""


class Case(BaseModel):
    """Everything assessment keeps of one case.

    `stage` is how far our own work has come. That the citizen declined or that the case is over
    are facts beside it, each from one source, so the order in which they are heard is no matter.
    """

    id: str
    stage: Status = Status.AWAITED
    ref: CaseRef | None = None
    received_at: AwareDatetime | None = None
    in_hospital: bool = False
    in_hospital_since: AwareDatetime | None = None
    """When the referral came that says so; None also where a version before this kept it."""
    home_care_asked: bool = False
    code: TriageCode | None = None
    declined_at_survey: bool = False
    declined_at_intake: bool = False
    closed_for: str | None = None
    decided: str | None = None
    visit: Visit | None = None
    survey: InformationSheet | None = None
    organizer: str | None = None
    commission: Commission | None = None
    sections: dict[str, FilledSection] = Field(default_factory=dict)
    referred: list[Referred] = Field(default_factory=list)
    questionnaires: dict[str, Questionnaire] = Field(default_factory=dict)
    signatures: list[Signature] = Field(default_factory=list)
    protocol: Protocol | None = None
    replaced: list[Replaced] = Field(default_factory=list)
    terms: TermBook = Field(default_factory=TermBook)

    @property
    def status(self) -> Status:
        """The state: the stage of our work, unless the case is over or the citizen declined."""
        if self.closed_for is not None or self.decided is not None:
            return Status.CLOSED
        if self.declined_at_survey or self.declined_at_intake:
            return Status.DECLINED
        return self.stage

    @property
    def reference(self) -> CaseRef:
        """The case's reference; every opened case has one."""
        if self.ref is None:
            raise NotAllowedInState("case-not-registered", "the case is not registered")
        return self.ref

    @property
    def care_organizer(self) -> str:
        """Who guards the citizen's interests (R 3.3.12); every convened case has one."""
        if self.organizer is None:
            raise NotAllowedInState(
                "no-organizer", "no care organizer is assigned", clause="R 3.3.12"
            )
        return self.organizer

    @property
    def pack(self) -> RegulationPack:
        """The regulation this case was begun under, and keeps."""
        return load_pack(self.reference.pack)


def require(case: Case, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, case.status)


def involves(case: Case, actor: Actor) -> bool:
    """Whether the caller may know of this case: staff who serve it, and its commission.

    Members of the commission come from anywhere (a hospital, say), so they are known by person.
    """
    if case.ref is None:
        return False
    if case.ref.is_served_by(actor.organization):
        return True
    seated = case.commission is not None and case.commission.find_member(actor.id) is not None
    return seated or actor.id == case.organizer
