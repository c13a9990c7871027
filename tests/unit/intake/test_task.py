"""Tasks kept beside the case: versions, notices, the schedule, endpoints (L 2.2, K 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contracts.errors import NotAllowedInState
from services.intake.domain.case import Case
from services.intake.domain.notices import task_state
from services.intake.domain.task import (
    JITTER,
    KEPT,
    SCHEDULE_SECONDS,
    Delivery,
    DeliveryState,
    Endpoint,
    FollowedTask,
    announce,
    delivery_id,
    disable,
    due_delivery,
    enable,
    present_version,
    record_delivered,
    record_failed,
    record_held,
    release,
    replay,
    show,
)
from tests.unit.intake.sample import HOSPITAL, NOON, registered, triaged, when

NOW = when().now


def followed(case: Case, at: datetime = NOW) -> FollowedTask:
    task = FollowedTask(id=case.entry_id)
    version = show(task, case, at)
    assert announce(task, version, version.state.text, at)
    return task


def waiting() -> tuple[FollowedTask, Delivery]:
    task = followed(registered(requester=HOSPITAL))
    delivery = task.delivery
    assert delivery is not None
    return task, delivery


def test_version_is_one_per_state_that_was_shown() -> None:
    case = registered(requester=HOSPITAL)
    task = followed(case)
    assert [v.number for v in task.history] == [1]
    show(task, case, NOW)
    assert [v.number for v in task.history] == [1]
    later = triaged(requester=HOSPITAL)
    assert present_version(task, later, task.id).number == 2
    show(task, later, NOW + timedelta(hours=1))
    assert [v.state.status.value for v in task.history] == ["received", "accepted"]
    assert present_version(task, later, task.id).number == 2
    assert task.updated_at == NOW + timedelta(hours=1)


def test_time_of_a_version_never_goes_back() -> None:
    case = triaged(requester=HOSPITAL)
    task = followed(case, NOW)
    case.notice.changed_at = NOW - timedelta(days=1)
    case.progress.surveyed = True
    assert show(task, case, NOW).changed_at == task.history[0].changed_at


def test_same_state_under_the_same_number_is_one_notice() -> None:
    task, delivery = waiting()
    version = task.present
    assert version is not None
    assert not announce(task, version, "received", NOW)
    assert delivery.id == delivery_id(task.id, 1, "received")
    later = version.model_copy(update={"number": 2})
    assert announce(task, later, "accepted", NOW)
    assert announce(task, version.model_copy(update={"number": 3}), "received", NOW)
    assert len({one.id for one in task.deliveries}) == 3  # what came back is told anew


def test_later_notice_overtakes_one_that_waits_and_leaves_one_that_was_taken() -> None:
    for taken in (False, True):
        task, first = waiting()
        version = task.present
        assert version is not None
        if taken:
            record_delivered(first, "204", NOW)
        announce(task, version, "accepted", NOW)
        kept = task.deliveries[0]
        assert kept.state is (DeliveryState.DELIVERED if taken else DeliveryState.SUPERSEDED)
        assert kept.next_attempt_at is None


def test_failed_notice_is_tried_over_days_with_growing_pauses_then_failed() -> None:
    task, delivery = waiting()
    assert due_delivery(task, NOW) is delivery
    for stretch, pause in zip((0.0, 1.0) * 9, SCHEDULE_SECONDS, strict=False):
        record_failed(delivery, "503", NOW, stretch)
        expected = NOW + timedelta(seconds=pause * (1 + JITTER * stretch))
        assert delivery.next_attempt_at == expected
        assert due_delivery(task, expected - timedelta(seconds=1)) is None
        assert due_delivery(task, expected) is delivery
    record_failed(delivery, "ReadTimeout", NOW, 0.0)
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.FAILED, None)
    assert [a.answer for a in delivery.attempts] == ["503"] * 9 + ["ReadTimeout"]
    assert list(SCHEDULE_SECONDS) == sorted(SCHEDULE_SECONDS)
    assert sum(SCHEDULE_SECONDS) > 3 * 86400


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.FAILED])
def test_replay_begins_the_schedule_anew_under_the_same_id(state: DeliveryState) -> None:
    task, delivery = waiting()
    delivery.state, delivery.failed, known = state, 9, delivery.id
    replay(task, known, "оператор", "Больница потеряла базу", NOW)
    assert (delivery.id, delivery.state, delivery.failed) == (known, DeliveryState.WAITING, 0)
    assert delivery.replays[0].reason == "Больница потеряла базу"
    assert due_delivery(task, NOW) is delivery


def test_what_was_overtaken_or_is_held_back_is_not_replayed() -> None:
    task, delivery = waiting()
    with pytest.raises(NotAllowedInState) as refused:
        replay(task, "W0", "оператор", "так", NOW)
    assert refused.value.code == "delivery-superseded"
    record_held(delivery, NOW, "410")
    with pytest.raises(NotAllowedInState) as refused:
        replay(task, delivery.id, "оператор", "так", NOW)
    assert refused.value.code == "endpoint-disabled"
    release(task, NOW)
    assert due_delivery(task, NOW) is delivery


def test_endpoint_that_is_gone_is_disabled_once_and_enabled_with_a_reason() -> None:
    endpoint = Endpoint(id=HOSPITAL)
    with pytest.raises(NotAllowedInState):
        enable(endpoint, "оператор", "так", NOW)
    disable(endpoint, "opora", "HTTP 410", NOW)
    disable(endpoint, "opora", "HTTP 410", NOW)
    enable(endpoint, "оператор", "Больница переехала", NOW)
    assert [(c.enabled, c.reason) for c in endpoint.changes] == [
        (False, "HTTP 410"),
        (True, "Больница переехала"),
    ]
    assert (endpoint.enabled, endpoint.release_at) == (True, NOW)


def test_what_is_kept_is_bounded() -> None:
    task, delivery = waiting()
    version = task.present
    assert version is not None
    for number in range(3 * KEPT):
        delivery.failed = 0
        record_failed(delivery, "503", NOW, 0)
        announce(task, version, f"state-{number}", NOW)
    assert len(task.deliveries) == KEPT
    assert len(delivery.attempts) == KEPT


def test_linked_referral_has_its_own_moment_of_receipt() -> None:
    case = registered(requester=HOSPITAL)
    assert followed(case).received_at == NOON
    assert task_state(case).text == "received"
