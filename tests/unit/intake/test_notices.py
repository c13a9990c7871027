"""What senders are told of their referrals, and when it is handed over (L 2.2, L 5.1, K 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.closing import WithoutObject
from services.intake.domain.declining import decline
from services.intake.domain.ending import close_without_object
from services.intake.domain.notices import (
    REASONS,
    notice_of,
    record_handed_over,
    task_state,
    task_status,
    tell_requester,
    to_tell,
)
from services.intake.domain.records import Progress
from services.intake.domain.registration import link_referral
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.terms import next_wake
from tests.unit.intake.sample import (
    HOSPITAL,
    NOON,
    entry,
    in_status,
    registered,
    triaged,
    when,
)

REFUSED = ["no_need"]
OTHER = "hospital-04"


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
        (Status.TRIAGED, {"surveyed": True, "convened": True},
         TaskStatus.IN_PROGRESS, "commission"),
        (Status.TRIAGED, {"surveyed": True, "assessed": True},
         TaskStatus.IN_PROGRESS, "commission"),
        (Status.TRIAGED, {"assessed": True, "planned": True}, TaskStatus.IN_PROGRESS, "plan"),
        (Status.TRIAGED, {"planned": True, "decided": "enrol"},
         TaskStatus.IN_PROGRESS, "decision"),
        (Status.TRIAGED, {"decided": "enrol", "order_number": "7-з"},
         TaskStatus.COMPLETED, "enrolled"),
        (Status.CLOSED, {"decided": "refuse", "refusal_grounds": REFUSED},
         TaskStatus.COMPLETED, "refused"),
        (Status.REGISTERED, {"planned": True}, TaskStatus.IN_PROGRESS, "plan"),
    ],
)  # fmt: skip
def test_furthest_stage_is_told(
    status: Status, progress: dict[str, object], task: TaskStatus, stage: str | None
) -> None:
    case = in_status(status)
    case.progress = Progress.model_validate(progress)
    assert task_status(case) == (task, stage)
    assert task_state(case).text == (f"{task}/{stage}" if stage else str(task))


def test_refusal_without_grounds_is_a_refusal() -> None:
    case = in_status(Status.PACKAGE_COMPLETE)
    case.status, case.closed_for = Status.CLOSED, "refused"
    assert task_status(case) == (TaskStatus.COMPLETED, "refused")


@pytest.mark.parametrize(
    ("reason", "begun", "task"),
    [
        (WithoutObject.NOT_OUR_TERRITORY, False, TaskStatus.REJECTED),
        (WithoutObject.WRONG_PERSON, False, TaskStatus.REJECTED),
        (WithoutObject.DIED, False, TaskStatus.CANCELLED),
        (WithoutObject.MOVED, False, TaskStatus.CANCELLED),
        (WithoutObject.DIED, True, TaskStatus.FAILED),
        (WithoutObject.MOVED, True, TaskStatus.FAILED),
    ],
)
def test_case_without_object_is_told_with_its_reason(
    reason: WithoutObject, begun: bool, task: TaskStatus
) -> None:
    case = triaged(requester=HOSPITAL) if begun else registered(requester=HOSPITAL)
    case.progress.surveyed = begun
    close_without_object(case, reason, when())
    state = task_state(case)
    assert (state.status, state.reason) == (task, reason.replace("_", "-"))
    assert state.reason in REASONS


def test_task_is_on_hold_with_a_reason_while_the_person_thinks_it_over() -> None:
    case = triaged(requester=HOSPITAL)
    case.progress.surveyed = True
    at = when()
    decline(case, at, consequences_explained=True, contact_left=True, think_until=at.now.date())
    state = task_state(case)
    assert (state.status, state.reason) == (TaskStatus.ON_HOLD, "thinking-over")


def test_completed_task_says_decision_level_and_provider() -> None:
    case = triaged(requester=HOSPITAL)
    case.progress = Progress(
        decided="enrol", assessed=True, assessed_level=2, order_number="7-з", provider="p-01"
    )
    assert task_state(case).output == {
        "decision": "enrol",
        "level": "2",
        "order": "7-з",
        "provider": "p-01",
    }


def referred() -> Case:
    return registered(requester=HOSPITAL)


def hand_over(case: Case, entry_id: str | None = None) -> None:
    of = entry_id or case.entry_id
    record_handed_over(case, of, task_state(case, of), when())


def test_registration_is_told_at_once() -> None:
    case = referred()
    assert next_wake(case) == when().now
    hand_over(case)
    assert case.notice.told == "received"
    assert case.notice.next_attempt_at is None


def test_nobody_is_told_where_nobody_referred() -> None:
    case = registered(requester=None)
    assert case.notice.next_attempt_at is None
    assert case.notice.changed_at == when().now


def test_unchanged_state_is_not_told_again() -> None:
    case = referred()
    hand_over(case)
    tell_requester(case, when())
    assert case.notice.next_attempt_at is None


def test_changes_meanwhile_become_one_notice_of_the_last() -> None:
    case = referred()
    before = task_state(case)
    case.code = TriageCode.INITIAL_ASSESSMENT
    tell_requester(case, when())
    case.progress.surveyed = True
    tell_requester(case, when())
    assert case.notice.next_attempt_at == when().now
    later = when(NOON + timedelta(seconds=2))
    record_handed_over(case, case.entry_id, before, later)  # read before all that
    assert case.notice.next_attempt_at == later.now
    hand_over(case)
    assert (case.notice.next_attempt_at, case.notice.told) == (None, "in-progress/survey")


def test_what_is_shown_besides_is_handed_over_without_another_number() -> None:
    case = triaged(requester=HOSPITAL)
    case.progress.assessed = True
    tell_requester(case, when())
    hand_over(case)
    number = case.notice.number
    case.progress.assessed_level = 2
    tell_requester(case, when())
    assert to_tell(case, when().now) == [case.entry_id]
    hand_over(case)
    assert case.notice.number == number


def test_state_that_comes_back_has_another_number() -> None:
    case = triaged(requester=HOSPITAL)
    hand_over(case)
    first = case.notice.number
    case.progress.declined = True
    hand_over(case)
    case.progress.declined = False
    hand_over(case)
    assert case.notice.number == first + 2


def test_last_change_is_the_latest_in_whatever_order_it_is_heard() -> None:
    case = triaged(requester=HOSPITAL)
    tell_requester(case, when(NOON + timedelta(hours=3)))
    tell_requester(case, when(NOON + timedelta(hours=1)))
    assert case.notice.changed_at == when(NOON + timedelta(hours=3)).now


def test_everybody_who_referred_is_told_of_their_own_l_5_1() -> None:
    case = registered(requester=None)
    second = entry(2, requester=OTHER)
    link_referral(case, second, when())
    link_referral(case, entry(3, requester=None), when())
    assert to_tell(case, when().now) == [second.id]
    assert notice_of(case, second.id).next_attempt_at == when().now
    hand_over(case, second.id)
    assert next_wake(case) == case.terms.next_alarm()
    assert case.notice.told is None
