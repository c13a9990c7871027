"""The case as care planning knows it: its states and what may happen in which."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.assessment import Proposal
from contracts.case import CaseRef
from contracts.context import Context
from contracts.errors import NotAllowedInState, NotPermitted, require_allowed
from contracts.regulation import RegulationPack, load_pack
from contracts.regulation.entries import CareLevel
from contracts.roles import Role
from contracts.terms import TermBook
from contracts.values import Actor
from services.careplan.domain.records import (
    Assessment,
    Contract,
    Decision,
    IssuedProgramme,
    Order,
    Plan,
)


class Status(StrEnum):
    """States of a case in care planning. `awaited`: others spoke of it before it was assessed."""

    AWAITED = "awaited"
    PLANNING = "planning"
    DRAFTED = "drafted"
    AGREED = "agreed"
    PROGRAMME_ISSUED = "programme_issued"
    REFUSAL_PROPOSED = "refusal_proposed"
    SUBMITTED = "submitted"
    DECIDED_ENROL = "decided_enrol"
    DECIDED_REFUSE = "decided_refuse"
    CONTRACTED = "contracted"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    DECLINED = "declined"
    CLOSED = "closed"


class Action(StrEnum):
    """What can be done with a case in care planning."""

    DRAFT_PLAN = "draft_plan"
    SIGN_PLAN = "sign_plan"
    ANSWER_PLAN = "answer_plan"
    ISSUE_PROGRAMME = "issue_programme"
    SUBMIT_PACKAGE = "submit_package"
    DECIDE = "decide"
    CONCLUDE_CONTRACT = "conclude_contract"
    ENROL = "enrol"
    SEND_REFUSAL_NOTICE = "send_refusal_notice"


BEFORE_SUBMISSION = frozenset(
    {
        Status.PLANNING,
        Status.DRAFTED,
        Status.AGREED,
        Status.PROGRAMME_ISSUED,
        Status.REFUSAL_PROPOSED,
    }
)
ENDED = frozenset({Status.ENROLLED, Status.REFUSED})

# A case enrolled against the commission's proposal has no plan yet: it is drawn up before the
# contract, with which the citizen gets a copy of it (R 3.6.2 а).
ALLOWED: dict[Action, frozenset[Status]] = {
    Action.DRAFT_PLAN: frozenset({Status.PLANNING, Status.DRAFTED, Status.DECIDED_ENROL}),
    Action.SIGN_PLAN: frozenset({Status.DRAFTED, Status.DECIDED_ENROL}),
    Action.ANSWER_PLAN: frozenset({Status.DRAFTED, Status.DECIDED_ENROL}),
    Action.ISSUE_PROGRAMME: frozenset({Status.AGREED, Status.DECIDED_ENROL}),
    Action.SUBMIT_PACKAGE: BEFORE_SUBMISSION,
    Action.DECIDE: frozenset({Status.SUBMITTED}),
    Action.CONCLUDE_CONTRACT: frozenset({Status.DECIDED_ENROL}),
    Action.ENROL: frozenset({Status.CONTRACTED}),
    Action.SEND_REFUSAL_NOTICE: frozenset({Status.DECIDED_REFUSE}),
}
"""What may happen in which state; one test walks every state × action."""


class Case(BaseModel):
    """Everything care planning keeps of one case."""

    id: str
    stage: Status = Status.AWAITED
    ref: CaseRef | None = None
    organizer: str = ""
    assessment: Assessment | None = None
    documents: list[str] = Field(default_factory=list)
    plans: list[Plan] = Field(default_factory=list)
    plan_version: int = Field(default=0, description="the version in hand; 0: none")
    programmes: list[IssuedProgramme] = Field(default_factory=list)
    submitted_at: AwareDatetime | None = None
    decisions: list[Decision] = Field(default_factory=list)
    contract: Contract | None = None
    order: Order | None = None
    declined: bool = False
    closed_for: str | None = None
    counts_from: AwareDatetime | None = Field(
        default=None, description="what the term of the present stage is counted from"
    )
    resumed_at: AwareDatetime | None = None
    terms: TermBook = Field(default_factory=TermBook)

    @property
    def status(self) -> Status:
        """The state: how far the case has come, unless the citizen declined on the way."""
        if self.stage in ENDED:
            return self.stage
        if self.declined:
            return Status.DECLINED
        return self.stage if self.closed_for is None else Status.CLOSED

    @property
    def reference(self) -> CaseRef:
        """The case's reference; every assessed case has one."""
        if self.ref is None:
            raise NotAllowedInState("case-not-assessed", "the case is not assessed yet")
        return self.ref

    @property
    def pack(self) -> RegulationPack:
        """The regulation this case was begun under, and keeps."""
        return load_pack(self.reference.pack)

    @property
    def assessed(self) -> Assessment:
        """What the commission found; every assessed case has it."""
        if self.assessment is None:
            raise NotAllowedInState("case-not-assessed", "the case is not assessed yet")
        return self.assessment

    @property
    def allowance(self) -> Assessment:
        """The level that holds and what it allows in a week (L 3.1): as it was assessed, or, where
        no level was found and the head enrols all the same, as the decision names it."""
        named = self.decision.level if self.decision is not None else None
        level = find_level(self.pack, named)
        if level is None or self.assessed.level is not None:
            return self.assessed
        return self.assessed.model_copy(
            update={
                "group": level.group,
                "level": level.level,
                "weekly_minutes": level.weekly_hours_max * 60,
                "days_per_week": level.days_per_week_max,
            }
        )

    @property
    def proposes_refusal(self) -> bool:
        """Whether the commission argues for refusal (R 3.4.8)."""
        return self.assessment is not None and self.assessment.proposal is Proposal.REFUSAL

    @property
    def plan(self) -> Plan | None:
        """The version of the plan in hand."""
        return self.plans[self.plan_version - 1] if self.plan_version else None

    @property
    def agreed_plan(self) -> Plan | None:
        """The plan in hand, once it is signed and agreed."""
        return self.plan if self.plan is not None and self.plan.agreed_at is not None else None

    @property
    def programme(self) -> IssuedProgramme | None:
        """The programme made from the plan in hand."""
        last = self.programmes[-1] if self.programmes else None
        return last if last is not None and last.plan_version == self.plan_version else None

    @property
    def decision(self) -> Decision | None:
        """The decision in force."""
        last = self.decisions[-1] if self.decisions else None
        return last if last is not None and not last.annulled_by else None


def find_level(pack: RegulationPack, named: int | None) -> CareLevel | None:
    """The pack's level of that number, if it has one (L 3.3)."""
    return next((level for level in pack.levels if level.level == named), None)


def require(case: Case, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, case.status)


def require_organizer(case: Case, at: Context) -> None:
    """Only the care organizer named for the case guards the citizen's interests (R 3.3.12)."""
    require_institution(case, at)
    if at.by.id != case.organizer:
        raise NotPermitted(
            "not-the-organizer",
            "another care organizer was assigned to this case",
            clause="R 3.3.12",
        )


def require_institution(case: Case, at: Context) -> None:
    """This is done by the institution that serves the citizen (R 1.3)."""
    if at.by.organization != case.reference.institution:
        raise NotPermitted(
            "not-the-institution", "the case's institution does this", clause="R 1.3"
        )


def require_authorised_body(case: Case, at: Context) -> None:
    """The head of the case's own authorised body decides (R 3.6.1)."""
    if at.by.organization != case.reference.authorised_body:
        raise NotPermitted(
            "not-the-authorised-body", "the case's authorised body decides", clause="R 3.6.1"
        )


def involves(case: Case, actor: Actor) -> bool:
    """Whether the caller may know of this case: those who serve it; executors of its plan."""
    if case.ref is None or actor.organization is None:
        return False
    if actor.role == Role.PROVIDER:
        return case.plan is not None and case.plan.find_executor(actor.organization) is not None
    return case.ref.is_served_by(actor.organization)
