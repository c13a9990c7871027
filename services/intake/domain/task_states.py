"""The life of a FHIR Task: which state may follow which, and who may bring it about.

The table is that of HL7 Gravity SDOH Clinical Care, with base R4's `received` between `requested`
and `accepted`. What the law re-opens stands beside it: there is no such arrow in either guide, yet
a citizen may come back (R 3.3.7.2) and a refusal may be annulled (R 5.8).
"""

from __future__ import annotations

from enum import StrEnum

from contracts.errors import NotAllowedInState


class TaskStatus(StrEnum):
    """States of a FHIR Task."""

    DRAFT = "draft"
    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


S = TaskStatus
ENDINGS = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED})

NEXT: dict[TaskStatus, frozenset[TaskStatus]] = {
    S.DRAFT: frozenset({S.REQUESTED}),
    S.REQUESTED: frozenset({S.RECEIVED, S.ACCEPTED, S.REJECTED, S.CANCELLED}),
    S.RECEIVED: frozenset({S.ACCEPTED, S.REJECTED, S.CANCELLED}),
    S.ACCEPTED: ENDINGS | {S.IN_PROGRESS, S.ON_HOLD},
    S.IN_PROGRESS: ENDINGS | {S.ON_HOLD},
    S.ON_HOLD: ENDINGS | {S.IN_PROGRESS},
    S.REJECTED: frozenset(),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
    S.ENTERED_IN_ERROR: frozenset(),
}
"""Which state may follow which; whatever the state, it may turn out to be entered in error."""

REQUESTERS = frozenset({S.DRAFT, S.REQUESTED, S.CANCELLED, S.ENTERED_IN_ERROR})
"""States that the requester sets; all others are for whoever fulfils the task, or for either."""


class ForbiddenTransition(NotAllowedInState):
    """The life cycle knows no way from the one state to the other."""


def follows(present: TaskStatus, wanted: TaskStatus) -> bool:
    """Whether the life cycle leads from one state to the other in one step."""
    if present is S.ENTERED_IN_ERROR:
        return False
    return wanted is S.ENTERED_IN_ERROR or wanted in NEXT[present]


def require_transition(present: TaskStatus, wanted: TaskStatus) -> None:
    """Refuse what the requester of a task may not bring about; both states are named."""
    if wanted not in REQUESTERS:
        raise ForbiddenTransition(
            "transition-not-the-requesters",
            f"the requester may not bring a task from {present} to {wanted}; only to"
            f" {S.CANCELLED} or {S.ENTERED_IN_ERROR}",
            field="Task.status",
            clause="L 5.1",
        )
    if not follows(present, wanted):
        raise ForbiddenTransition(
            "transition-forbidden",
            f"a task cannot come from {present} to {wanted}",
            field="Task.status",
            clause="L 5.1",
        )
