"""Whose case it is: assigned and re-assigned, each time with a reason that is kept."""

from __future__ import annotations

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import CaseAssigned
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require
from services.intake.domain.records import Assignment


def assign_case(case: Case, assignee: str | None, reason: str, at: Context) -> list[Event]:
    """Make it somebody's case, or nobody's by name: the role's that acts next (R 3.1.5).

    It is theirs as long as their organization has it.

    The reason stays here: it may speak of the citizen.
    """
    require(case, Action.ASSIGN)
    if not case.open:
        raise NotAllowedInState(
            "case-is-over", "nothing is to be done in this case any more", clause="R 3.6.3"
        )
    if assignee == case.assignee:
        raise InvalidInput(
            "already-assigned", "it is theirs already", field="assignee", clause="R 3.1.5"
        )
    previous = case.assignee
    case.assignments.append(
        Assignment(at=at.now, by=at.by.id, assignee=assignee, reason=reason, moves=case.moves)
    )
    return [CaseAssigned(by=at.by, assignee=assignee, previous=previous)]
