"""Decision and remedy of a complaint, clause by clause."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from contracts.careplan import Outcome
from contracts.complaints import (
    ComplaintDecided,
    ComplaintOutcome,
    Remedy,
    RemedyOrdered,
)
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import (
    ALLOWED,
    Action,
    Complaint,
    Status,
    require_examiner,
)
from services.complaints.domain.examination import (
    Verdict,
    answer_complaint,
    decide_complaint,
)
from services.complaints.domain.records import AnswerWay
from tests.unit.complaints.conftest import (
    ANNULLED,
    BODY,
    DEPARTMENT,
    INSTITUTION,
    PACK,
    PARTS,
    REFUSED,
    SATISFIED,
    answered,
    at,
    case,
    decided,
    officer,
    refused_with,
    registered,
    verdict,
)

IN_STATE: dict[Status, Callable[[], Complaint]] = {
    Status.REGISTERED: registered,
    Status.DECIDED: decided,
    Status.ANSWERED: answered,
}
DOING: dict[Action, Callable[[Complaint], Any]] = {
    Action.DECIDE: lambda complaint: decide_complaint(complaint, SATISFIED, case(), at()),
    Action.ANSWER: lambda complaint: answer_complaint(complaint, PARTS, AnswerWay.POST, None, at()),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Action)
def test_every_action_in_every_state_is_as_the_table_says(status: Status, action: Action) -> None:
    complaint = IN_STATE[status]()
    assert complaint.status is status
    if status in ALLOWED[action]:
        assert DOING[action](complaint)
        assert complaint.status is not status
        return
    before = complaint.model_copy(deep=True)
    with pytest.raises(NotAllowedInState) as failure:
        DOING[action](complaint)
    assert refused_with(failure) == ("not-allowed-in-state", None, None)
    assert complaint == before


@pytest.mark.parametrize(
    ("organization", "of_department", "may"),
    [
        (BODY, False, True),
        (DEPARTMENT, True, True),
        (INSTITUTION, False, False),
        (DEPARTMENT, False, False),
        (None, False, False),
    ],
)
def test_r_5_5_only_the_examining_body_and_the_department_examine(
    organization: str | None, of_department: bool, may: bool
) -> None:
    actor = officer(organization=organization)
    if may:
        require_examiner(registered(), actor, of_department=of_department)
        return
    with pytest.raises(NotPermitted) as failure:
        require_examiner(registered(), actor, of_department=of_department)
    assert refused_with(failure) == ("not-the-examining-body", None, "R 5.5")


@pytest.mark.parametrize(
    ("ground", "account", "by", "may"),
    [
        ("late_service", "petrova", "petrova", False),
        ("late_service", "petrova", "officer", True),
        ("late_service", None, "officer", True),
        ("late_service", None, "head", True),  # the decision itself is not complained of
        ("unlawful_refusal", None, "head", False),
        ("unlawful_refusal", "petrova", "officer", True),
    ],
)
def test_r_5_4_1_who_is_complained_of_does_not_decide(
    ground: str, account: str | None, by: str, may: bool
) -> None:
    complaint = registered(ground=ground, official={"account": account, "post": "Специалист"})
    known, context = case(Outcome.REFUSE, decided_by="head"), at(by=officer(by))
    if may:
        assert decide_complaint(complaint, SATISFIED, known, context)
        return
    with pytest.raises(NotPermitted) as failure:
        decide_complaint(complaint, SATISFIED, known, context)
    assert refused_with(failure) == ("official-complained-of", None, "R 5.4.1")
    assert complaint.status is Status.REGISTERED


def test_r_5_6_nothing_suspends_the_term() -> None:
    assert set(Action) == {Action.DECIDE, Action.ANSWER}  # and neither of them pauses
    for code in ("complaint", "complaint-short", "complaint-answer", "complaint-registration"):
        assert PACK.term(code).may_pause is False
    complaint = registered()
    [before] = complaint.terms.running
    with pytest.raises(NotAllowedInState):
        DOING[Action.ANSWER](complaint)
    assert complaint.terms.running == [before]


@pytest.mark.parametrize("remedy", Remedy)
def test_r_5_7_and_5_8_satisfied_complaint_orders_its_remedy(remedy: Remedy) -> None:
    complaint = registered()
    events = decide_complaint(complaint, verdict(remedy=remedy), case(Outcome.REFUSE), at())
    first, second = events
    assert isinstance(first, ComplaintDecided)
    assert isinstance(second, RemedyOrdered)
    assert first.outcome is ComplaintOutcome.SATISFIED
    assert (second.remedy, second.case_id) == (remedy, "Ccase1")
    assert complaint.decision is not None
    assert complaint.decision.remedy is remedy


def test_r_5_7_refused_complaint_orders_nothing() -> None:
    [event] = decide_complaint(registered(), REFUSED, case(), at())
    assert isinstance(event, ComplaintDecided)
    assert event.outcome is ComplaintOutcome.REFUSED


REFUSE = {"outcome": "refused", "remedy": None}


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (verdict(remedy=None), ("remedy-missing", "remedy", "R 5.7")),
        (verdict(outcome="refused"), ("remedy-not-due", "remedy", "R 5.7")),
        (
            verdict(refusal_ground="court_decision"),
            ("refusal-ground-not-due", "refusal_ground", "R 5.11"),
        ),
        (
            verdict(**REFUSE, refusal_ground="no_time"),
            ("unknown-refusal-ground", "refusal_ground", "R 5.11"),
        ),
    ],
)
def test_r_5_7_contradictory_decision_is_refused(
    given: Verdict, rule: tuple[str, str, str]
) -> None:
    complaint = registered()
    with pytest.raises(InvalidInput) as failure:
        decide_complaint(complaint, given, case(), at())
    assert refused_with(failure) == rule
    assert complaint.status is Status.REGISTERED


@pytest.mark.parametrize(
    "ground", [None, "court_decision", "authority_not_proved", "already_decided"]
)
def test_r_5_11_refusal_may_name_one_of_three_grounds(ground: str | None) -> None:
    assert len(PACK.complaint_refusal_grounds) == 3
    complaint = registered()
    decide_complaint(complaint, verdict(**REFUSE, refusal_ground=ground), case(), at())
    assert complaint.decision is not None
    assert complaint.decision.refusal_ground == ground


@pytest.mark.parametrize(
    ("known", "may"),
    [(None, False), (case(), False), (case(Outcome.ENROL), False), (case(Outcome.REFUSE), True)],
)
def test_r_5_7_only_a_refusal_that_stands_can_be_annulled(
    known: CaseCopy | None, may: bool
) -> None:
    complaint = registered(ground="unlawful_refusal")
    if may:
        assert decide_complaint(complaint, ANNULLED, known, at())
        return
    with pytest.raises(InvalidInput) as failure:
        decide_complaint(complaint, ANNULLED, known, at())
    assert refused_with(failure) == ("no-refusal-to-annul", "remedy", "R 5.7")


@pytest.mark.parametrize(
    ("moment", "met"),
    [("2026-03-24T23:59:59+07:00", True), ("2026-03-25T00:00:01+07:00", False)],
)
def test_r_5_5_decision_closes_the_term_of_examination(moment: str, met: bool) -> None:
    [event] = decide_complaint(registered(), REFUSED, case(), at(moment))
    assert isinstance(event, ComplaintDecided)
    [closed] = event.closed
    assert (closed.code, closed.met) == ("complaint", met)


def test_r_5_5_decision_closes_the_short_term_too() -> None:
    complaint = registered(ground="errors_not_corrected")
    [event] = decide_complaint(complaint, REFUSED, case(), at())
    assert isinstance(event, ComplaintDecided)
    assert [closed.code for closed in event.closed] == ["complaint-short"]


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-03-02T12:00+07:00", date(2026, 3, 3)),
        ("2026-03-06T18:00+07:00", date(2026, 3, 7)),  # a Saturday all the same
        ("2026-03-02T23:59+07:00", date(2026, 3, 3)),
        ("2026-03-02T17:00+00:00", date(2026, 3, 4)),  # local midnight of the 3rd
    ],
)
def test_r_5_9_answer_is_due_the_day_after_the_decision(moment: str, due: date) -> None:
    [event] = decide_complaint(registered(), REFUSED, case(), at(moment))
    assert isinstance(event, ComplaintDecided)
    assert [(term.code, term.due_on) for term in event.opened] == [("complaint-answer", due)]
