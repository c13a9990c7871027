"""The copy of a case: which case a complaint is about, and what was decided in it."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from contracts.careplan import Outcome, ServiceForm
from contracts.case import CaseRef
from contracts.values import Actor


class LastDecision(BaseModel):
    """The decision of the head of the authorised body that stands in a case (R 3.6.1)."""

    outcome: Outcome
    form: ServiceForm | None = None
    decided_at: AwareDatetime
    decided_by: str


class CaseCopy(BaseModel):
    """What complaints know of a case, as intake and careplan last said."""

    id: str
    ref: CaseRef | None = None
    decision: LastDecision | None = None
    notice_number: str | None = None
    refusal_grounds: list[str] = Field(default_factory=list)
    order_number: str | None = None

    @property
    def refused(self) -> bool:
        """Whether a refusal stands that a complaint could annul (R 5.7)."""
        return self.decision is not None and self.decision.outcome is Outcome.REFUSE


def serves(case: CaseCopy, actor: Actor, *, of_department: bool) -> bool:
    """Whether the caller may know of this case: those who serve it, and the department."""
    if case.ref is None or actor.organization is None:
        return False
    return of_department or case.ref.is_served_by(actor.organization)
