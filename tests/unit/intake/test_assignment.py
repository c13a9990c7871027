"""Whose case it is: assigned and re-assigned with reason (R 3.1.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.intake import CaseAssigned
from contracts.referral import ReturnReason
from services.intake.domain.assignment import assign_case
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.records import ChosenBy, Progress
from services.intake.domain.worklists import place_of
from tests.unit.intake.sample import BODY, NOON, THERE, complete, registered, taken_in, when

FIRST, SECOND = "staff:0117", "staff:0233"


def test_assigned_and_reassigned_with_reasons_that_are_kept_r_3_1_5() -> None:
    case = registered()
    said = [
        *assign_case(case, FIRST, "её участок", when(role="urgent_head")),
        *assign_case(case, SECOND, "в отпуске", when(NOON + timedelta(days=1))),
        *assign_case(case, None, "уволилась", when(NOON + timedelta(days=2))),
    ]
    assert [
        (event.previous, event.assignee) for event in said if isinstance(event, CaseAssigned)
    ] == [
        (None, FIRST),
        (FIRST, SECOND),
        (SECOND, None),
    ]
    assert [(kept.by, kept.assignee, kept.reason) for kept in case.assignments] == [
        ("test:urgent_head", FIRST, "её участок"),
        ("test:registrar", SECOND, "в отпуске"),
        ("test:registrar", None, "уволилась"),
    ]
    assert "отпуске" not in "".join(event.model_dump_json() for event in said)


def test_owner_is_the_person_it_is_assigned_to_else_the_role_that_acts_next() -> None:
    case = registered()
    owners = []
    for assignee in (FIRST, None):
        assign_case(case, assignee, "так удобнее", when())
        place = place_of(case)
        assert place is not None
        owners.append(place.owner)
    assert owners == [f"person:{FIRST}", "role:registrar"]


def test_case_that_is_theirs_already_is_not_assigned_again_r_3_1_5() -> None:
    case = registered()
    with pytest.raises(InvalidInput) as refused:
        assign_case(case, None, "никому", when())
    assert (refused.value.code, refused.value.field) == ("already-assigned", "assignee")
    assert case.assignments == []


def test_case_that_is_over_is_nobodys_r_3_6_3() -> None:
    case = complete()
    case.progress = Progress(order_number="15-з")
    with pytest.raises(NotAllowedInState) as refused:
        assign_case(case, FIRST, "её участок", when())
    assert (refused.value.code, refused.value.clause) == ("case-is-over", "R 3.6.3")


def test_case_that_goes_to_another_organization_is_nobodys_there_yet_r_3_1_2() -> None:
    case = taken_in()
    assign_case(case, FIRST, "принимала обращение", when(org=BODY))
    forward_referral(case, THERE, ChosenBy.PERSON, None, when(org=BODY))
    assert case.assignee is None
    (assigned,) = assign_case(case, SECOND, "её участок", when())
    assert isinstance(assigned, CaseAssigned)
    assert (assigned.previous, case.assignee) == (None, SECOND)
    return_referral(case, ReturnReason.ANOTHER_SERVES, None, when())
    assert case.assignee is None
    place = place_of(case)
    assert place is not None
    assert place.owner == "role:registrar"
