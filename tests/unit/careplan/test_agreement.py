"""Signatures and agreements (R 3.5.3); they end the planning (R 3.5.5)."""

import pytest

from contracts.careplan import PlanAgreed
from contracts.roles import Role
from services.careplan.domain.agreement import answer_plan, sign_plan
from services.careplan.domain.case import Case, Status
from services.careplan.domain.plan import draft_plan
from services.careplan.domain.records import Party
from tests.unit.careplan.made import (
    HOUR,
    KNOWN,
    MONDAY,
    PROVIDER,
    Step,
    at,
    in_status,
    plan_form,
    refused,
    rule_of,
)

LATER = MONDAY + HOUR

ACTS: dict[str, Step] = {
    "organizer": lambda case: sign_plan(case, Party.ORGANIZER, at(moment=LATER)),
    "citizen": lambda case: sign_plan(case, Party.CITIZEN, at(moment=LATER)),
    "provider": lambda case: answer_plan(case, PROVIDER, True, None, at(Role.PROVIDER, LATER)),
    "daughter": lambda case: answer_plan(case, "relative.1", True, None, at(moment=LATER)),
}


@pytest.mark.parametrize("last", ACTS)
def test_the_last_of_organizer_citizen_and_executors_makes_the_plan_agreed(last: str) -> None:
    """R 3.5.3: all four are needed, in any order; R 3.5.5: the term of planning ends."""
    case = in_status(Status.DRAFTED)
    for name, act in ACTS.items():
        if name != last:
            assert act(case) == []
            assert case.status is Status.DRAFTED
    (event,) = ACTS[last](case)
    assert isinstance(event, PlanAgreed)
    assert event.plan_version == 1
    assert [(term.code, term.closed_at, term.met) for term in event.closed] == [
        ("care-plan", LATER, True)
    ]
    assert case.status is Status.AGREED
    assert case.agreed_plan is not None
    assert case.terms.running == []


@pytest.mark.parametrize("party", [Party.LEGAL_REPRESENTATIVE, Party.AUTHORISED_PERSON])
def test_a_representative_signs_in_the_citizens_place(party: Party) -> None:
    """R 3.5.3 with R 2.6: one signature of the citizen's side."""
    case = in_status(Status.DRAFTED)
    sign_plan(case, party, at())
    met = refused(lambda: sign_plan(case, Party.CITIZEN, at()))
    assert rule_of(met) == ("already-signed", None, "R 3.5.3")
    for name in ("provider", "daughter"):
        assert ACTS[name](case) == []
    assert [event.type for event in ACTS["organizer"](case)] == [PlanAgreed.type]


def test_the_organizer_signs_once() -> None:
    case = in_status(Status.DRAFTED)
    sign_plan(case, Party.ORGANIZER, at())
    met = refused(lambda: sign_plan(case, Party.ORGANIZER, at()))
    assert rule_of(met) == ("already-signed", None, "R 3.5.3")


def _refuse(case: Case) -> None:
    answer_plan(case, PROVIDER, False, "Нет свободных сиделок по выходным", at(Role.PROVIDER))


def test_a_refusing_executor_sends_the_plan_back_to_be_drawn_up_anew() -> None:
    """R 3.5.3: an executor who does not agree cannot be planned with."""
    case = in_status(Status.DRAFTED)
    ACTS["organizer"](case)
    _refuse(case)
    for name in ("citizen", "daughter"):
        met = refused(lambda name=name: ACTS[name](case))  # type: ignore[misc]
        assert rule_of(met) == ("plan-must-be-redrafted", None, "R 3.5.3")
    draft_plan(case, plan_form(), KNOWN, at())
    assert case.plans[0].executors[0].reason == "Нет свободных сиделок по выходным"
    for act in ACTS.values():
        act(case)
    assert case.status is Status.AGREED


@pytest.mark.parametrize(
    ("executor", "agreed", "reason", "rule"),
    [
        ("relative.1", False, None, ("refusal-unexplained", "reason", "R 3.5.3")),
        ("relative.2", True, None, ("unknown-executor", "executor", "R 3.5.3")),
        (PROVIDER, True, None, ("organization-answers-itself", None, "R 3.5.3")),
    ],
)
def test_what_the_organizer_may_not_record(
    executor: str, agreed: bool, reason: str | None, rule: tuple[str, str | None, str]
) -> None:
    """R 3.5.3: the organizer records what persons answered; organizations speak themselves."""
    case = in_status(Status.DRAFTED)
    met = refused(lambda: answer_plan(case, executor, agreed, reason, at()))
    assert rule_of(met) == rule


def test_an_organization_answers_for_itself_only_and_once() -> None:
    case = in_status(Status.DRAFTED)
    met = refused(lambda: answer_plan(case, "relative.1", True, None, at(Role.PROVIDER)))
    assert (met.status, *rule_of(met)) == (403, "not-your-agreement", None, "R 3.5.3")
    answer_plan(case, PROVIDER, True, "без причины", at(Role.PROVIDER))
    assert case.plans[0].executors[0].reason is None
    met = refused(lambda: answer_plan(case, PROVIDER, False, "передумали", at(Role.PROVIDER)))
    assert rule_of(met) == ("already-answered", None, "R 3.5.3")


def test_another_organizer_records_nobodys_answer() -> None:
    """R 3.3.12: one named person guards the citizen's interests."""
    case = in_status(Status.DRAFTED)
    met = refused(lambda: answer_plan(case, "relative.1", True, None, at(subject="U-other")))
    assert (met.status, *rule_of(met)) == (403, "not-the-organizer", None, "R 3.3.12")
