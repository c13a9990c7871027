"""A request that its gateway refuses: for good, or because of us (R 3.2.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.documents import CertificateRequested
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.declining import reopen
from services.intake.domain.dispatching import (
    LONGEST_REFUSED_SECONDS,
    dispatch_request,
    record_refused,
    still_to_dispatch,
)
from services.intake.domain.request_lists import RequestList, lists_of
from services.intake.domain.requests import DispatchWay, InteragencyRequest, RequestState
from tests.unit.intake.sample import NOON, REQUEST, decline, requested, sent, when


def the_request(case: Case) -> InteragencyRequest:
    assert case.request is not None
    return case.request


def refused(*, for_good: bool, case: Case | None = None) -> Case:
    case = case or requested()
    assert record_refused(case, when(), REQUEST, 422, for_good=for_good, pause=60.0) == []
    return case


def test_refused_for_good_leaves_no_more_by_itself_and_waits_for_a_person_r_3_2_2() -> None:
    case = refused(for_good=True)
    request = the_request(case)
    assert request.refused is not None
    assert (request.refused.status, request.refused.at) == (422, NOON)
    assert (request.state, case.sendable) == (RequestState.TO_SEND, [])
    assert lists_of(case, request) == {RequestList.TO_SEND, RequestList.ATTENTION}
    assert still_to_dispatch(request) == ("fax", "post_or_courier")


def test_case_that_goes_on_anew_does_not_send_what_was_refused_r_3_3_7_2() -> None:
    case = refused(for_good=True)
    decline(case, when())
    reopen(case, when(NOON + timedelta(days=1)))
    assert case.status is Status.APPLICATION_REGISTERED
    assert case.sendable == []


def test_what_was_refused_goes_on_paper_r_3_2_2() -> None:
    case = refused(for_good=True)
    ways = {DispatchWay.FAX: None, DispatchWay.POST: None}
    (event,) = dispatch_request(case, REQUEST, ways, NOON.date(), None, when())
    assert isinstance(event, CertificateRequested)
    request = the_request(case)
    assert lists_of(case, request) == {RequestList.SENT}
    assert not request.held


def test_what_may_be_our_fault_is_tried_again_each_time_later_r_3_2() -> None:
    case, pauses = requested(), []
    for _ in range(7):
        refused(for_good=False, case=case)
        (waiting,) = case.sendable
        assert waiting.next_attempt_at is not None
        pauses.append(round((waiting.next_attempt_at - NOON).total_seconds()))
    assert pauses == [120, 240, 480, 960, 1920, LONGEST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS]
    assert lists_of(case, the_request(case)) == {RequestList.TO_SEND}


@pytest.mark.parametrize("for_good", [True, False])
def test_refusal_of_what_left_meanwhile_says_nothing(for_good: bool) -> None:
    case = sent()
    assert record_refused(case, when(), REQUEST, 400, for_good=for_good, pause=60.0) == []
    assert the_request(case).refused is None
