"""What the medical organization that referred is told: the state of its referral (L 2.2, K 3)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from contracts.context import Context
from services.intake.domain.case import Case, Status

RETRIES = (5, 30, 300, 1800, 7200, 21600, 43200, 86400, 86400)
"""Seconds between attempts, over some days, as the Standard Webhooks rules advise."""


class TaskStatus(StrEnum):
    """FHIR Task states that a referral goes through here."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


def task_status(case: Case) -> tuple[TaskStatus, str | None]:
    """The state of the referral and, within it, the stage of the procedure."""
    progress = case.progress
    if progress.order_number is not None:
        return TaskStatus.COMPLETED, "enrolled"
    if progress.refusal_grounds:
        return TaskStatus.COMPLETED, "refused"
    if case.status is Status.DECLINED or progress.declined:
        return TaskStatus.CANCELLED, "citizen-declined"
    if case.status is Status.CLOSED:
        return TaskStatus.COMPLETED, case.closed_for
    if progress.decided is not None:
        return TaskStatus.IN_PROGRESS, "decided"
    if progress.planned:
        return TaskStatus.IN_PROGRESS, "care-plan"
    if progress.assessed:
        return TaskStatus.IN_PROGRESS, "needs-assessed"
    if progress.surveyed:
        return TaskStatus.IN_PROGRESS, "survey"
    if case.code is not None:
        return TaskStatus.ACCEPTED, None
    return TaskStatus.RECEIVED, None


def status_text(case: Case) -> str:
    """State and stage as one word, e.g. `in-progress/survey`."""
    status, stage = task_status(case)
    return f"{status}/{stage}" if stage else str(status)


def tell_requester(case: Case, at: Context) -> None:
    """After a change: have the requester told, if they were told something else last."""
    present = status_text(case)
    if present != case.notice.current:
        case.notice.current, case.notice.since = present, at.now
    if case.requester is None or case.notice.given_up:
        return
    if present != case.notice.told and case.notice.next_attempt_at is None:
        case.notice.next_attempt_at, case.notice.attempts = at.now, 0


def record_told(case: Case, status: str, at: Context) -> None:
    """The requester took the notice; if more has happened since, another one follows."""
    case.notice.told, case.notice.next_attempt_at, case.notice.attempts = status, None, 0
    tell_requester(case, at)


def record_not_told(case: Case, at: Context, *, gone: bool) -> None:
    """The requester could not be reached: later again, unless they said they are gone (410)."""
    attempts = case.notice.attempts
    if gone or attempts >= len(RETRIES):
        case.notice.given_up, case.notice.next_attempt_at = True, None
        return
    case.notice.attempts = attempts + 1
    case.notice.next_attempt_at = at.now + timedelta(seconds=RETRIES[attempts])
