"""A case ends without object, by a consultation, or with its referral (R 3.1.2, 3.1.6; L 5.1)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.errors import InvalidInput, NotAllowedInState, NotFound, Refusal
from contracts.intake import CaseClosed
from contracts.referral import ReferralWithdrawn, ReviewOutcome
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.closing import WITHDRAWN, WithoutObject
from services.intake.domain.ending import (
    Advice,
    close_consultation,
    close_without_object,
    withdraw_referral,
)
from services.intake.domain.further import review_referrals
from services.intake.domain.linked import coded_entries
from services.intake.domain.notices import task_state
from services.intake.domain.records import Entered
from services.intake.domain.registration import link_referral
from services.intake.domain.status_code import issue_status_code
from services.intake.domain.task_states import TaskStatus
from tests.unit.intake.sample import (
    ADVICE,
    HOSPITAL,
    analysed,
    dead_code,
    entry,
    registered,
    triaged,
    when,
)

OTHER = "hospital-04"
WHY = "Направлено дважды"


def withdraw(
    case: Case, entry_id: str | None = None, wanted: TaskStatus = TaskStatus.CANCELLED
) -> list[object]:
    entry_id = entry_id or case.entry_id
    return list(withdraw_referral(case, entry_id, wanted, WHY, when(), hash_of=dead_code))


@pytest.mark.parametrize("case", [registered(requester=HOSPITAL), analysed(requester=HOSPITAL)])
def test_case_that_rests_on_it_alone_closes_before_triage_l_5_1(case: Case) -> None:
    withdrawn, closed = withdraw(case)
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert not withdrawn.case_goes_on
    assert isinstance(closed, CaseClosed)
    assert (closed.reason, case.status) == (WITHDRAWN, Status.CLOSED)
    assert [term.code for term in closed.closed] == ["referral-analysis"]
    assert task_state(case).said == WHY


def test_triaged_case_goes_on_l_5_1() -> None:
    case = triaged(requester=HOSPITAL)
    (withdrawn,) = withdraw(case)
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert withdrawn.case_goes_on
    assert case.status is Status.TRIAGED
    assert task_state(case).status is TaskStatus.CANCELLED


@pytest.mark.parametrize("requester", [OTHER, None])
def test_another_referral_stands_on_its_own_until_it_is_withdrawn_too_l_5_1(
    requester: str | None,
) -> None:
    case, second = registered(requester=HOSPITAL), entry(2, requester=requester)
    link_referral(case, second, when())
    assert len(withdraw(case)) == 1
    assert case.status is Status.REGISTERED
    assert task_state(case, second.id).status is TaskStatus.RECEIVED
    if requester is None:
        with pytest.raises(NotFound):
            withdraw(case, second.id)
        return
    assert len(withdraw(case, second.id)) == 2
    assert case.closed_for == WITHDRAWN


def test_withdrawn_twice_is_withdrawn_once_and_may_turn_out_an_error() -> None:
    case = triaged(requester=HOSPITAL)
    withdraw(case)
    assert withdraw(case) == []
    (again,) = withdraw(case, wanted=TaskStatus.ENTERED_IN_ERROR)
    assert isinstance(again, ReferralWithdrawn)
    assert again.in_error
    assert task_state(case).status is TaskStatus.ENTERED_IN_ERROR
    with pytest.raises(NotAllowedInState) as refused:
        withdraw(case)
    assert "from entered-in-error to cancelled" in refused.value.detail


def test_enrolled_referral_is_not_cancelled_any_more() -> None:
    case = triaged(requester=HOSPITAL)
    case.progress.order_number = "7-з"
    with pytest.raises(NotAllowedInState) as refused:
        withdraw(case)
    assert refused.value.code == "transition-forbidden"
    assert case.withdrawals == {}


def test_withdrawal_says_why() -> None:
    case = registered(requester=HOSPITAL)
    with pytest.raises(InvalidInput) as refused:
        withdraw_referral(case, case.entry_id, TaskStatus.CANCELLED, " ", when(), hash_of=dead_code)
    assert (refused.value.code, refused.value.clause) == ("reason-missing", "L 5.1")


@pytest.mark.parametrize("reason", [WithoutObject.NOT_OUR_TERRITORY, WithoutObject.WRONG_PERSON])
def test_referral_is_rejected_before_triage_only_r_3_1_6(reason: WithoutObject) -> None:
    with pytest.raises(NotAllowedInState) as refused:
        close_without_object(triaged(), reason, when())
    assert (refused.value.code, refused.value.clause) == ("taken-already", "R 3.1.6")


def analysed_anew() -> Case:
    """It was triaged and surveyed; then a further referral had it analysed anew."""
    case = triaged(requester=HOSPITAL)
    case.progress.surveyed = True
    link_referral(case, entry(2), when())
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "всё изменилось", when())
    assert case.status is Status.REGISTERED
    return case


@pytest.mark.parametrize("reason", [WithoutObject.NOT_OUR_TERRITORY, WithoutObject.WRONG_PERSON])
def test_what_was_taken_once_is_not_rejected_while_it_is_analysed_anew_r_3_1_6(
    reason: WithoutObject,
) -> None:
    case = analysed_anew()
    with pytest.raises(NotAllowedInState) as refused:
        close_without_object(case, reason, when())
    assert (refused.value.code, refused.value.clause) == ("taken-already", "R 3.1.6")
    assert task_state(case).text == "in-progress/survey"


def test_case_analysed_anew_goes_on_when_its_referrals_are_withdrawn_l_5_1() -> None:
    case = analysed_anew()
    case.linked[0].requester = HOSPITAL
    withdraw(case)
    (withdrawn,) = withdraw(case, entry(2).id)
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert (withdrawn.case_goes_on, case.status) == (True, Status.REGISTERED)


@pytest.mark.parametrize("reason", list(WithoutObject))
def test_enrolled_case_is_ended_in_the_care_plan_r_3_6_3(reason: WithoutObject) -> None:
    case = registered()
    case.progress.order_number = "7-з"
    with pytest.raises(Refusal) as refused:
        close_without_object(case, reason, when())
    assert refused.value.clause == "R 3.6.3"


def test_closing_ends_every_term_and_the_pause() -> None:
    case = triaged()
    case.think_until = when().now
    (closed,) = close_without_object(case, WithoutObject.DIED, when())
    assert isinstance(closed, CaseClosed)
    assert (closed.reason, case.think_until) == ("died", None)
    assert case.terms.next_alarm() is None


DIRECTED = ADVICE.model_copy(update={"directed_to": ("l-medical-organization-01", "hospital-03")})
KNOWN = {"l-medical-organization-01", "hospital-03"}


def test_consultation_keeps_what_was_asked_and_answered_and_where_one_was_directed_r_3_1_6_b() -> (
    None
):
    """R 3.1.6 б."""
    case = triaged(TriageCode.CONSULTATION)
    (event,) = close_consultation(case, DIRECTED, when(role="specialist"), KNOWN)
    assert isinstance(event, CaseClosed)
    assert (case.status, event.reason) == (Status.CLOSED, "consultation_given")
    kept = case.consultation
    assert kept is not None
    assert (kept.asked, kept.answered) == (ADVICE.asked, ADVICE.answered)
    assert kept.directed_to == DIRECTED.directed_to
    assert kept.given == Entered(at=when().now, by="test:specialist")
    assert ADVICE.asked not in event.model_dump_json()


def test_only_a_consultation_is_closed_so_r_3_1_6_b() -> None:
    """R 3.1.6 б."""
    case = triaged()
    with pytest.raises(NotAllowedInState) as refused:
        close_consultation(case, ADVICE, when())
    assert (refused.value.code, refused.value.clause) == ("not-a-consultation", "R 3.1.6 б")
    assert case.consultation is None


@pytest.mark.parametrize("known", [set[str](), {"hospital-03"}])
def test_nobody_is_directed_to_who_takes_no_part_r_3_1_6_b(known: set[str]) -> None:
    """R 3.1.6 б."""
    case = triaged(TriageCode.CONSULTATION)
    with pytest.raises(InvalidInput) as refused:
        close_consultation(case, DIRECTED, when(), known)
    assert (refused.value.code, refused.value.field) == (
        "organization-takes-no-part",
        "directed_to.0",
    )
    assert (case.status, case.consultation) == (Status.TRIAGED, None)


@pytest.mark.parametrize("field", ["asked", "answered"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_empty_consultation_is_none_r_3_1_6_b(field: str, text: str | None) -> None:
    """R 3.1.6 б."""
    with pytest.raises(ValidationError):
        Advice.model_validate({**ADVICE.model_dump(), field: text})


def test_code_of_the_referral_that_opened_a_case_dies_with_it_once_r_3_7_3() -> None:
    case = triaged(requester=HOSPITAL)
    link_referral(case, entry(2), when(), lambda number: "further")
    (withdrawn,) = withdraw(case, wanted=TaskStatus.ENTERED_IN_ERROR)
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert withdrawn.dead_code_hash == dead_code(case.entry_id, 0, "")
    assert case.status_code_issue == 1
    assert coded_entries(case.linked) == [entry(2).id]


@pytest.mark.parametrize("issued", ["before", "after"])
def test_code_issued_later_dies_with_a_referral_whose_applicant_may_have_it_r_3_7_3(
    issued: str,
) -> None:
    case = triaged()
    if issued == "before":
        issue_status_code(case, str, when())
    link_referral(case, entry(2, requester=HOSPITAL), when(), lambda number: "further")
    if issued == "after":
        issue_status_code(case, str, when())
    (withdrawn,) = withdraw(case, entry(2).id, wanted=TaskStatus.ENTERED_IN_ERROR)
    assert isinstance(withdrawn, ReferralWithdrawn)
    own = issued == "after"
    of = case.entry_id if own else entry(2).id
    assert withdrawn.dead_code_hash == dead_code(of, int(own), "")
    assert case.status_code_issue == 1 + own
    assert coded_entries(case.linked) == []


def test_code_of_a_case_stored_before_it_was_noted_who_was_told_dies_r_3_7_3() -> None:
    case = triaged(requester=HOSPITAL)
    case.status_code_issue = 1
    (withdrawn,) = withdraw(case, wanted=TaskStatus.ENTERED_IN_ERROR)
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert (withdrawn.dead_code_hash, case.status_code_issue) == (
        dead_code(case.entry_id, 1, ""),
        2,
    )
