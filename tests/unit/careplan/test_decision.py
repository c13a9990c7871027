"""The decision (R 3.6.1, 3.6.4, 3.6.5) and its annulment (R 5.8)."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.careplan import CaseReopened, Decided, Enrolled, Outcome, Refused, ServiceForm
from contracts.roles import Role
from services.careplan.domain.case import Case, Status
from services.careplan.domain.decision import annul_refusal, decide
from services.careplan.domain.enrolment import send_refusal_notice
from services.careplan.domain.package import submit_package
from services.careplan.domain.plan import draft_plan
from services.careplan.domain.records import DecisionForm, Delivery
from tests.unit.careplan.made import (
    CONTRACT,
    DRAFT,
    HOUR,
    KNOWN,
    MONDAY,
    ORDER,
    PROGRAMME,
    agree,
    at,
    enrolment,
    in_status,
    item,
    plan_form,
    refusal,
    refusal_submitted,
    refused,
    rule_of,
)

DAY = timedelta(days=1)
HEAD = Role.AUTHORISED_BODY_HEAD


@pytest.mark.parametrize("form", ServiceForm)
def test_enrolment_names_the_form_of_service_and_ends_the_term(form: ServiceForm) -> None:
    """R 3.6.1, 3.6.5."""
    case = in_status(Status.SUBMITTED)
    (event,) = decide(case, enrolment(form), at(HEAD, MONDAY + DAY))
    assert isinstance(event, Decided)
    assert (event.outcome, event.form, event.opened) == (Outcome.ENROL, form, ())
    assert [(term.code, term.met) for term in event.closed] == [("decision", True)]
    assert case.status is Status.DECIDED_ENROL
    assert case.terms.running == []


def test_a_refusal_starts_the_term_of_its_notice_with_the_package() -> None:
    """R 3.6.4: the same term as the decision, so it has been running since the package came."""
    case = in_status(Status.REFUSAL_PROPOSED)
    submit_package(case, at())
    (event,) = decide(case, refusal(), at(HEAD, MONDAY + 2 * DAY))
    assert isinstance(event, Decided)
    (notice,) = event.opened
    assert (notice.code, notice.clause, notice.started_at) == ("refusal-notice", "R 3.6.4", MONDAY)
    assert [term.code for term in event.closed] == ["decision"]
    assert case.status is Status.DECIDED_REFUSE
    (event_,) = send_refusal_notice(case, "У-9", Delivery.POST, at("registrar", MONDAY + 2 * DAY))
    assert isinstance(event_, Refused)
    assert event_.grounds == ("not_in_need",)
    assert [(term.code, term.met) for term in event_.closed] == [("refusal-notice", True)]


REASONS = "Обоснование решения"
OF_NO_PACK = enrolment(reasons=REASONS).model_copy(update={"level": 4})


@pytest.mark.parametrize(
    ("proposed", "form", "rule"),
    [
        ("service", enrolment(), None),
        ("service", enrolment(None), ("form-missing", "form", "R 3.6.1")),
        (
            "service",
            enrolment(grounds=("not_in_need",)),
            ("grounds-out-of-place", "grounds", "R 3.6.1"),
        ),
        ("service", refusal(), None),
        ("service", refusal(reasons=None), ("reasons-missing", "reasons", "R 3.6.4")),
        ("refusal", refusal(), None),
        ("refusal", refusal(grounds=("medical_contraindications", "not_in_need")), None),
        ("refusal", refusal(grounds=()), ("grounds-missing", "grounds", "R 3.6.4")),
        ("refusal", refusal(reasons=None), ("reasons-missing", "reasons", "R 3.6.4")),
        (
            "refusal",
            refusal(form=ServiceForm.HOME),
            ("form-out-of-place", "form", "R 3.6.1"),
        ),
        (
            "refusal",
            refusal(grounds=("not_in_need", "no_money")),
            ("unknown-ground", "grounds.1", "R 3.6.4"),
        ),
        (
            "refusal",
            refusal(grounds=("not_in_need", "not_in_need")),
            ("ground-twice", "grounds.1", "R 3.6.4"),
        ),
        ("refusal", enrolment(), ("deviation-unexplained", "reasons", "R 3.6.1")),
        ("refusal", enrolment(reasons=REASONS), None),
    ],
)
def test_what_a_decision_must_say(
    proposed: str, form: DecisionForm, rule: tuple[str, str, str] | None
) -> None:
    """R 3.6.1, 3.6.4: a refusal has grounds and reasons; otherwise than proposed needs reasons."""
    case = in_status(Status.SUBMITTED if proposed == "service" else Status.REFUSAL_PROPOSED)
    if proposed == "refusal":
        submit_package(case, at())
    before = case.model_copy(deep=True)
    if rule is not None:
        assert rule_of(refused(lambda: decide(case, form, at(HEAD)))) == rule
        assert case == before
        return
    decide(case, form, at(HEAD))
    decision = case.decision
    assert decision is not None
    assert decision.deviates is ((proposed == "service") != (form.outcome is Outcome.ENROL))


@pytest.mark.parametrize(
    ("half_points", "form", "rule"),
    [
        (None, enrolment(reasons=REASONS), ("level-missing", "level", "L 3.1")),
        (30, enrolment(reasons=REASONS), ("level-missing", "level", "L 3.1")),
        (None, OF_NO_PACK, ("unknown-level", "level", "L 3.1")),
        (60, enrolment(reasons=REASONS, level=3), ("level-out-of-place", "level", "L 3.1")),
        (None, refusal(level=1), ("level-out-of-place", "level", "L 3.1")),
    ],
)
def test_an_enrolment_names_a_level_where_none_was_assessed_and_only_there(
    half_points: int | None, form: DecisionForm, rule: tuple[str, str, str]
) -> None:
    """L 3.1: without a level no guaranteed service can be planned."""
    case = refusal_submitted(half_points)
    before = case.model_copy(deep=True)
    assert rule_of(refused(lambda: decide(case, form, at(HEAD)))) == rule
    assert case == before


@pytest.mark.parametrize(
    ("half_points", "named", "level"), [(60, {}, 2), (30, {"level": 1}, 1), (None, {"level": 3}, 3)]
)
@pytest.mark.parametrize("after_a_complaint", [False, True])
def test_a_case_enrolled_against_the_proposal_gets_guaranteed_services(
    half_points: int | None, named: dict[str, int], level: int, after_a_complaint: bool
) -> None:
    """R 3.6.1, 5.8: within what the level allows, up to the enrolment order (L 3.1)."""
    case = refusal_submitted(half_points)
    if after_a_complaint:
        decide(case, refusal(), at(HEAD))
        annulled(case, "K-1", 1)
    decide(case, enrolment(reasons=REASONS, **named), at(HEAD, MONDAY + 2 * DAY))
    (allowed,) = [known for known in case.pack.levels if known.level == level]
    assert (case.allowance.level, case.allowance.group) == (level, allowed.group)
    assert case.allowance.weekly_minutes == allowed.weekly_hours_max * 60
    over = plan_form(item(minutes=allowed.weekly_hours_max * 60 // 6 + 1, visits_per_week=6))
    met = refused(lambda: draft_plan(case, over, KNOWN, at()))
    assert rule_of(met) == ("plan-over-hours", "items", "L 3.1")
    for step in (DRAFT, agree, PROGRAMME, CONTRACT):
        step(case)
    (ordered,) = ORDER(case)
    assert isinstance(ordered, Enrolled)
    assert ordered.level == level


def annulled(case: Case, complaint: str, days: float) -> list[Any]:
    return list(annul_refusal(case, complaint, at("registrar", MONDAY + days * DAY)))


@pytest.mark.parametrize("status", [Status.DECIDED_REFUSE, Status.REFUSED])
def test_an_annulled_refusal_stands_before_the_decision_again(status: Status) -> None:
    """R 5.8: with a new term of the decision, counted from the remedy (R 3.6.5)."""
    case = in_status(status)
    (event,) = annulled(case, "K7", 10)
    assert isinstance(event, CaseReopened)
    assert event.complaint_id == "K7"
    (term,) = event.opened
    assert (term.code, term.started_at) == ("decision", MONDAY + 10 * DAY)
    noticed = status is Status.REFUSED
    assert [t.code for t in event.closed] == ([] if noticed else ["refusal-notice"])
    assert case.status is Status.SUBMITTED
    assert case.decision is None
    assert (case.decisions[0].annulled_by, case.decisions[0].notice is not None) == (
        ["K7"],
        noticed,
    )
    decide(case, refusal(), at(HEAD, MONDAY + 11 * DAY))
    assert [t.deadline.started_at for t in case.terms.running] == [MONDAY + 10 * DAY]


@pytest.mark.parametrize(
    "status",
    [status for status in Status if status not in {Status.DECIDED_REFUSE, Status.REFUSED}],
)
def test_only_a_refusal_is_annulled(status: Status) -> None:
    """R 5.8: there is nothing to annul in a case that was not refused."""
    case = in_status(status)
    before = case.model_copy(deep=True)
    assert annulled(case, "K7", 10) == []
    assert case == before


def test_a_remedy_older_than_the_decision_is_not_about_it() -> None:
    """A late message about the first refusal leaves the second one in force."""
    case = in_status(Status.REFUSED)
    annulled(case, "K1", 10)
    decide(case, refusal(), at(HEAD, MONDAY + 11 * DAY))
    assert annulled(case, "K2", 10.5) == []
    assert case.status == "decided_refuse"
    assert len(annulled(case, "K3", 11)) == 1
    assert case.status == "submitted"


def test_of_two_remedies_of_one_refusal_the_earlier_one_counts() -> None:
    in_order, reversed_ = in_status(Status.REFUSED), in_status(Status.REFUSED)
    assert len(annulled(in_order, "K1", 10)) == 1
    assert annulled(in_order, "K2", 12) == []
    assert len(annulled(reversed_, "K2", 12)) == 1
    (moved,) = annulled(reversed_, "K1", 10)
    assert [t.started_at for t in moved.opened] == [MONDAY + 10 * DAY]
    assert [t.code for t in moved.closed] == ["decision"]
    assert in_order == reversed_
    assert in_order.decisions[0].annulled_by == ["K1", "K2"]


def test_the_hour_is_kept_with_the_decision() -> None:
    case = in_status(Status.SUBMITTED)
    decide(case, enrolment(), at(HEAD, MONDAY + HOUR))
    assert case.decision is not None
    assert case.decision.decided_at == MONDAY + HOUR
