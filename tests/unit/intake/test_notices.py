"""What a medical organization is told of its referral, and how often it is tried (L 2.2, K 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.intake import TriageCode
from services.intake.domain.case import Case, Status, next_wake
from services.intake.domain.notices import (
    RETRIES,
    TaskStatus,
    notice_id,
    record_not_told,
    record_told,
    status_text,
    task_status,
    tell_requester,
)
from services.intake.domain.records import Progress
from tests.unit.intake.sample import HOSPITAL, NOON, in_status, registered, triaged, when

REFUSED = ["no_need"]


@pytest.mark.parametrize(
    ("status", "progress", "task", "stage"),
    [
        (Status.AWAITED, {}, TaskStatus.RECEIVED, None),
        (Status.REGISTERED, {}, TaskStatus.RECEIVED, None),
        (Status.ANALYSED, {}, TaskStatus.RECEIVED, None),
        (Status.TRIAGED, {}, TaskStatus.ACCEPTED, None),
        (Status.APPLICATION_REGISTERED, {}, TaskStatus.ACCEPTED, None),
        (Status.PACKAGE_COMPLETE, {}, TaskStatus.ACCEPTED, None),
        (Status.DECLINED, {}, TaskStatus.CANCELLED, "citizen-declined"),
        (Status.CLOSED, {}, TaskStatus.COMPLETED, "consultation-given"),
        (Status.TRIAGED, {"surveyed": True}, TaskStatus.IN_PROGRESS, "survey"),
        (Status.TRIAGED, {"surveyed": True, "declined": True},
         TaskStatus.CANCELLED, "citizen-declined"),
        (Status.TRIAGED, {"surveyed": True, "assessed": True},
         TaskStatus.IN_PROGRESS, "needs-assessed"),
        (Status.TRIAGED, {"assessed": True, "planned": True}, TaskStatus.IN_PROGRESS, "care-plan"),
        (Status.TRIAGED, {"planned": True, "decided": "enrol"},
         TaskStatus.IN_PROGRESS, "decided"),
        (Status.TRIAGED, {"decided": "enrol", "order_number": "7-з"},
         TaskStatus.COMPLETED, "enrolled"),
        (Status.CLOSED, {"decided": "refuse", "refusal_grounds": REFUSED},
         TaskStatus.COMPLETED, "refused"),
        (Status.REGISTERED, {"planned": True}, TaskStatus.IN_PROGRESS, "care-plan"),
    ],
)  # fmt: skip
def test_furthest_stage_is_told(
    status: Status, progress: dict[str, object], task: TaskStatus, stage: str | None
) -> None:
    case = in_status(status)
    case.progress = Progress.model_validate(progress)
    assert task_status(case) == (task, stage)
    assert status_text(case) == (f"{task}/{stage}" if stage else str(task))


def test_refusal_without_grounds_is_a_refusal() -> None:
    case = in_status(Status.PACKAGE_COMPLETE)
    case.status, case.closed_for = Status.CLOSED, "refused"
    assert task_status(case) == (TaskStatus.COMPLETED, "refused")


def referred() -> Case:
    return registered(requester=HOSPITAL)


def test_registration_is_told_at_once() -> None:
    case = referred()
    assert next_wake(case) == when().now
    record_told(case, status_text(case), when())
    assert case.notice.told == "received"
    assert case.notice.next_attempt_at is None


def test_nobody_is_told_where_nobody_referred() -> None:
    case = registered(requester=None)
    assert case.notice.next_attempt_at is None
    assert case.notice.changed_at == when().now


def test_unchanged_state_is_not_told_again() -> None:
    case = referred()
    record_told(case, "received", when())
    tell_requester(case, when())
    assert case.notice.next_attempt_at is None


def test_changes_meanwhile_become_one_notice_of_the_last() -> None:
    case = referred()
    case.code = TriageCode.INITIAL_ASSESSMENT
    tell_requester(case, when())
    case.progress.surveyed = True
    tell_requester(case, when())
    assert case.notice.next_attempt_at == when().now
    record_told(case, "received", when(NOON + timedelta(seconds=2)))  # sent before all that
    assert case.notice.next_attempt_at == when(NOON + timedelta(seconds=2)).now
    record_told(case, "in-progress/survey", when())
    assert case.notice.next_attempt_at is None


def test_failed_notice_is_tried_over_days_then_given_up() -> None:
    case = referred()
    for pause in RETRIES:
        record_not_told(case, when(), gone=False)
        assert case.notice.next_attempt_at == when().now + timedelta(seconds=pause)
        assert not case.notice.given_up
    record_not_told(case, when(), gone=False)
    assert case.notice.given_up
    assert case.notice.next_attempt_at is None
    case.code = TriageCode.INITIAL_ASSESSMENT
    tell_requester(case, when())
    assert case.notice.next_attempt_at is None


def test_who_is_gone_is_not_called_again_410() -> None:
    case = referred()
    record_not_told(case, when(), gone=True)
    case.code = TriageCode.INITIAL_ASSESSMENT
    tell_requester(case, when())
    assert (case.notice.given_up, case.notice.next_attempt_at) == (True, None)


def test_success_begins_the_pauses_anew() -> None:
    case = referred()
    record_not_told(case, when(), gone=False)
    record_not_told(case, when(), gone=False)
    record_told(case, "received", when())
    case.code = TriageCode.INITIAL_ASSESSMENT
    tell_requester(case, when())
    record_not_told(case, when(), gone=False)
    assert case.notice.next_attempt_at == when().now + timedelta(seconds=RETRIES[0])


def test_notice_has_one_id_for_all_attempts_and_another_when_the_state_returns() -> None:
    case = referred()
    first = notice_id(case, "received")
    record_not_told(case, when(), gone=False)
    assert notice_id(case, "received") == first
    record_told(case, "received", when())
    record_told(case, "accepted", when())
    assert notice_id(case, "received") != first
    assert notice_id(case, "accepted") != notice_id(case, "received")


def test_last_change_is_the_latest_in_whatever_order_it_is_heard() -> None:
    case = triaged(requester=HOSPITAL)
    tell_requester(case, when(NOON + timedelta(hours=3)))
    tell_requester(case, when(NOON + timedelta(hours=1)))
    assert case.notice.changed_at == when(NOON + timedelta(hours=3)).now
