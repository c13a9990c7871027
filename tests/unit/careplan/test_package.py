"""The package for the decision (R 3.6.1) and the term that its arrival starts (R 3.6.5)."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from contracts.assessment import Proposal
from contracts.careplan import PackageSubmitted
from contracts.roles import Role
from services.careplan.domain.case import Case, Status
from services.careplan.domain.decision import decide
from services.careplan.domain.package import PackageIncomplete, submit_package
from tests.unit.careplan.made import (
    DRAFT,
    PROGRAMME,
    agree,
    at,
    enrolment,
    in_status,
    opened,
    refused,
    rule_of,
)

WEDNESDAY = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def test_a_complete_package_is_submitted_and_the_decision_is_due_in_three_working_days() -> None:
    """R 3.6.1, 3.6.5: from the day the package arrived; 9 March is a day off."""
    case = in_status(Status.PROGRAMME_ISSUED)
    (event,) = submit_package(case, at(moment=WEDNESDAY))
    assert isinstance(event, PackageSubmitted)
    assert event.documents == (
        "needs_assessment_act",
        "medical_certificate",
        "protocol",
        "care_plan",
        "application",
        "individual_programme",
    )
    (term,) = event.opened
    assert (term.code, term.clause, term.started_at) == ("decision", "R 3.6.5", WEDNESDAY)
    assert term.due_on == date(2026, 3, 10)
    assert event.closed == ()
    assert case.status is Status.SUBMITTED


def test_a_proposal_to_refuse_needs_neither_plan_nor_programme() -> None:
    """R 3.4.8, 3.6.1."""
    case = in_status(Status.REFUSAL_PROPOSED)
    (event,) = submit_package(case, at())
    assert isinstance(event, PackageSubmitted)
    assert event.documents == (
        "needs_assessment_act",
        "medical_certificate",
        "protocol",
        "application",
    )


CERTIFICATE, APPLICATION = "medical_certificate", "application"
PLAN, PROGRAMME_ = "care_plan", "individual_programme"


def _without_programme() -> Case:
    case = opened()
    DRAFT(case)
    agree(case)
    return case


def _without_citizens_documents() -> Case:
    case = opened(documents=False)
    DRAFT(case)
    agree(case)
    PROGRAMME(case)
    return case


def _with_only(document: str) -> Case:
    case = in_status(Status.PROGRAMME_ISSUED)
    case.documents = [document]
    return case


@pytest.mark.parametrize(
    ("made", "missing"),
    [
        (lambda: opened(documents=False), (CERTIFICATE, PLAN, APPLICATION, PROGRAMME_)),
        (opened, (PLAN, PROGRAMME_)),
        (lambda: in_status(Status.DRAFTED), (PLAN, PROGRAMME_)),
        (_without_programme, (PROGRAMME_,)),
        (_without_citizens_documents, (CERTIFICATE, APPLICATION)),
        (lambda: _with_only("application"), (CERTIFICATE,)),
        (lambda: _with_only("medical_certificate"), (APPLICATION,)),
        (
            lambda: opened(Proposal.REFUSAL, documents=False),
            (CERTIFICATE, APPLICATION),
        ),
    ],
)
def test_an_incomplete_package_is_neither_submitted_nor_decided_on(
    made: Callable[[], Case], missing: tuple[str, ...]
) -> None:
    """R 3.6.1: every missing document is named, to the organizer and to the head alike."""
    case = made()
    head = at(Role.AUTHORISED_BODY_HEAD)
    before = case.model_copy(deep=True)
    for act in (
        lambda: submit_package(case, at()),
        lambda: decide(case, enrolment(), head),
    ):
        met = refused(act)
        assert isinstance(met, PackageIncomplete)
        assert met.status == 409
        assert rule_of(met) == ("package-incomplete", "documents", "R 3.6.1")
        assert met.missing == missing
        assert all(code in met.detail for code in missing)
    assert case == before


def test_a_complete_package_that_was_not_submitted_is_not_decided_on() -> None:
    case = in_status(Status.PROGRAMME_ISSUED)
    met = refused(lambda: decide(case, enrolment(), at(Role.AUTHORISED_BODY_HEAD)))
    assert (met.status, met.code) == (409, "not-allowed-in-state")
