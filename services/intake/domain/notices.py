"""What the medical organization that referred is told: the state of its referral (L 2.2, K 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from contracts.context import Context
from contracts.intake import REFUSED
from services.intake.domain.case import Case, Status

RETRIES = (5, 30, 300, 1800, 7200, 21600, 43200, 86400, 86400)
"""Seconds between attempts, over some days, as the Standard Webhooks rules advise."""


class TaskStatus(StrEnum):
    """FHIR Task states that a referral goes through here."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in-progress"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


Stage = tuple[Callable[[Case], bool], TaskStatus, str | None]

STAGES: tuple[Stage, ...] = (
    (lambda case: case.progress.order_number is not None, TaskStatus.COMPLETED, "enrolled"),
    (lambda case: bool(case.progress.refusal_grounds), TaskStatus.COMPLETED, "refused"),
    (lambda case: case.closed_for == REFUSED, TaskStatus.COMPLETED, "refused"),
    (lambda case: case.status is Status.DECLINED, TaskStatus.CANCELLED, "citizen-declined"),
    (lambda case: case.progress.declined, TaskStatus.CANCELLED, "citizen-declined"),
    (lambda case: case.joined_to is not None, TaskStatus.IN_PROGRESS, "joined"),
    (lambda case: case.status is Status.CLOSED, TaskStatus.COMPLETED, "consultation-given"),
    (lambda case: case.progress.decided is not None, TaskStatus.IN_PROGRESS, "decided"),
    (lambda case: case.progress.planned, TaskStatus.IN_PROGRESS, "care-plan"),
    (lambda case: case.progress.assessed, TaskStatus.IN_PROGRESS, "needs-assessed"),
    (lambda case: case.progress.surveyed, TaskStatus.IN_PROGRESS, "survey"),
    (lambda case: case.code is not None, TaskStatus.ACCEPTED, None),
    (lambda case: True, TaskStatus.RECEIVED, None),
)
"""What a referral has come to: the first row that holds is the furthest it got."""


def task_status(case: Case) -> tuple[TaskStatus, str | None]:
    """The state of the referral and, within it, the stage of the procedure."""
    return next((status, stage) for holds, status, stage in STAGES if holds(case))


def status_text(case: Case) -> str:
    """State and stage as one word, e.g. `in-progress/survey`."""
    status, stage = task_status(case)
    return f"{status}/{stage}" if stage else str(status)


def tell_requester(case: Case, at: Context) -> None:
    """After a change: have the requester told, if they were told something else last."""
    present = status_text(case)
    case.notice.changed_at = max(at.now, case.notice.changed_at or at.now)
    if case.requester is None or case.notice.given_up:
        return
    if present != case.notice.told and case.notice.next_attempt_at is None:
        case.notice.next_attempt_at, case.notice.attempts = at.now, 0


def record_told(case: Case, status: str, at: Context) -> None:
    """The requester took the notice; if more has happened since, another one follows."""
    case.notice.told, case.notice.next_attempt_at, case.notice.attempts = status, None, 0
    case.notice.number += 1
    if status != status_text(case):
        tell_requester(case, at)


def notice_id(case: Case, status: str) -> str:
    """The same for every attempt to tell this, another one when the state comes back later."""
    return f"{case.entry_id}:{case.notice.number}:{status}"


def record_not_told(case: Case, at: Context, *, gone: bool) -> None:
    """Not reached: later again, unless the requester is gone (410) or never listened: they poll."""
    attempts = case.notice.attempts
    if gone or attempts >= len(RETRIES):
        case.notice.given_up, case.notice.next_attempt_at = True, None
        return
    case.notice.attempts = attempts + 1
    case.notice.next_attempt_at = at.now + timedelta(seconds=RETRIES[attempts])
