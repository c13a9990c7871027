"""What may happen in which state: every state × action, and who may know of a case."""

from collections.abc import Callable

import pytest

from contracts.assessment import OrganizerAssigned
from contracts.careplan import Outcome
from contracts.errors import Refusal
from contracts.roles import Role
from contracts.values import SYSTEM, Actor
from services.careplan.domain import decision, enrolment, package, plan
from services.careplan.domain import programme as programmes
from services.careplan.domain.agreement import answer_plan, sign_plan
from services.careplan.domain.case import ALLOWED, Action, Case, Status, involves
from services.careplan.domain.records import Delivery, Party
from services.careplan.handlers import on_organizer_assigned
from tests.unit.careplan import made
from tests.unit.careplan.made import (
    BODY,
    CONTRACT,
    DRAFT,
    ENROL_DECIDED,
    INSTITUTION,
    MUSEUM,
    NOTICE,
    ORDER,
    PROGRAMME,
    PROVIDER,
    SUBMIT,
    agree,
    at,
    enrolled_against_the_proposal,
    in_status,
    refused,
)

DO: dict[Action, Callable[[Case], object]] = {
    Action.DRAFT_PLAN: DRAFT,
    Action.SIGN_PLAN: lambda case: sign_plan(case, Party.CITIZEN, at()),
    Action.ANSWER_PLAN: lambda case: answer_plan(case, PROVIDER, True, None, at(Role.PROVIDER)),
    Action.ISSUE_PROGRAMME: PROGRAMME,
    Action.SUBMIT_PACKAGE: SUBMIT,
    Action.DECIDE: ENROL_DECIDED,
    Action.CONCLUDE_CONTRACT: CONTRACT,
    Action.ENROL: ORDER,
    Action.SEND_REFUSAL_NOTICE: NOTICE,
}
INCOMPLETE = frozenset({Status.PLANNING, Status.DRAFTED, Status.AGREED})
"""Where the package still lacks documents, which is said by name, to whoever asks for more."""
PLANNED_LATE = {
    Action.DRAFT_PLAN: (),
    Action.SIGN_PLAN: (DRAFT,),
    Action.ANSWER_PLAN: (DRAFT,),
    Action.ISSUE_PROGRAMME: (DRAFT, agree),
}
"""What goes before, where a case was enrolled without a plan."""


def ready(status: Status, action: Action) -> Case:
    """A case in that state; where the action is allowed, with what it needs."""
    if status is not Status.DECIDED_ENROL or action not in PLANNED_LATE:
        return in_status(status)
    case = enrolled_against_the_proposal()
    for step in PLANNED_LATE[action]:
        step(case)
    return case


def expected(status: Status, action: Action) -> str | None:
    """The code that the table, and nothing else, gives."""
    if status in INCOMPLETE and action in {Action.SUBMIT_PACKAGE, Action.DECIDE}:
        return "package-incomplete"
    return None if status in ALLOWED[action] else "not-allowed-in-state"


def code_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except Refusal as met:
        return met.code
    return None


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_every_state_allows_what_the_table_says(status: Status, action: Action) -> None:
    case = ready(status, action)
    before = case.model_copy(deep=True)
    code = code_of(lambda: DO[action](case))
    assert code == expected(status, action)
    assert (case == before) is (code is not None)


def test_every_action_is_tried() -> None:
    assert set(DO) == set(Action) == set(ALLOWED)


def test_enrolled_against_the_proposal_gets_its_plan_before_the_contract() -> None:
    """R 3.6.2 а: a copy of the plan is handed over, so there has to be one."""
    case = enrolled_against_the_proposal()
    for action in (Action.SIGN_PLAN, Action.ANSWER_PLAN):
        # Nobody is an executor of a plan that does not exist.
        assert refused(lambda action=action: DO[action](case)).code == "no-plan"  # type: ignore[misc]
    assert refused(lambda: PROGRAMME(case)).code == "plan-not-agreed"
    assert refused(lambda: CONTRACT(case)).code == "plan-not-agreed"
    DRAFT(case)
    agree(case)
    assert refused(lambda: CONTRACT(case)).code == "programme-missing"
    PROGRAMME(case)
    assert case.status == "decided_enrol"
    CONTRACT(case)
    ORDER(case)
    assert case.status == "enrolled"
    assert case.decision is not None
    assert (case.decision.outcome, case.decision.deviates) == (Outcome.ENROL, True)


@pytest.mark.parametrize("status", [Status.PLANNING, Status.DRAFTED, Status.DECIDED_ENROL])
def test_who_takes_over_goes_on_where_the_organizer_before_stood(status: Status) -> None:
    """R 3.3.12: assessment may say so at any time."""
    case = in_status(status)
    told = OrganizerAssigned(by=SYSTEM, organizer="petrova@example.ru")
    on_organizer_assigned(case, told, at())
    step = CONTRACT if status is Status.DECIDED_ENROL else DRAFT
    assert refused(lambda: step(case)).code == "not-the-organizer"
    by = at(subject="petrova@example.ru")
    if status is Status.DECIDED_ENROL:
        enrolment.conclude_contract(case, "Д-7", True, made.HANDOVER, by)
    else:
        plan.draft_plan(case, made.plan_form(), made.KNOWN, by)


@pytest.mark.parametrize("action", Action)
def test_a_stranger_of_the_right_role_may_not(action: Action) -> None:
    """Each action is for the case's own institution, body or executor only."""
    status = next(status for status in Status if status in ALLOWED[action])
    case = in_status(status)
    before = case.model_copy(deep=True)
    met = refused(lambda: _as_stranger(action, case))
    assert (met.status, met.code) == (403, STRANGERS[action])
    assert case == before


STRANGERS = {
    Action.DRAFT_PLAN: "not-the-organizer",
    Action.SIGN_PLAN: "not-the-organizer",
    Action.ANSWER_PLAN: "not-your-agreement",
    Action.ISSUE_PROGRAMME: "not-the-institution",
    Action.SUBMIT_PACKAGE: "not-the-organizer",
    Action.DECIDE: "not-the-authorised-body",
    Action.CONCLUDE_CONTRACT: "not-the-organizer",
    Action.ENROL: "not-the-institution",
    Action.SEND_REFUSAL_NOTICE: "not-the-institution",
}


def _as_stranger(action: Action, case: Case) -> object:
    colleague = at(subject="U-someone-else")
    acts: dict[Action, Callable[[], object]] = {
        Action.DRAFT_PLAN: lambda: plan.draft_plan(case, made.plan_form(), made.KNOWN, colleague),
        Action.SIGN_PLAN: lambda: sign_plan(case, Party.CITIZEN, colleague),
        Action.ANSWER_PLAN: lambda: answer_plan(
            case, PROVIDER, True, None, at(Role.PROVIDER, organization="l-provider-other")
        ),
        Action.ISSUE_PROGRAMME: lambda: programmes.issue_programme(
            case, made.programme(), made.KNOWN, at(Role.REGISTRAR, organization=BODY)
        ),
        Action.SUBMIT_PACKAGE: lambda: package.submit_package(case, colleague),
        Action.DECIDE: lambda: decision.decide(
            case, made.enrolment(), at(Role.AUTHORISED_BODY_HEAD, organization=INSTITUTION)
        ),
        Action.CONCLUDE_CONTRACT: lambda: enrolment.conclude_contract(
            case, "Д-7", True, made.HANDOVER, colleague
        ),
        Action.ENROL: lambda: enrolment.enrol(
            case, "П-1", PROVIDER, made.KNOWN, at(Role.INSTITUTION_DIRECTOR, organization=BODY)
        ),
        Action.SEND_REFUSAL_NOTICE: lambda: enrolment.send_refusal_notice(
            case, "У-3", Delivery.POST, at(Role.REGISTRAR, organization=BODY)
        ),
    }
    return acts[action]()


@pytest.mark.parametrize(
    ("role", "organization", "known"),
    [
        (Role.REGISTRAR, INSTITUTION, True),
        (Role.CARE_ORGANIZER, INSTITUTION, True),
        (Role.AUTHORISED_BODY_HEAD, BODY, True),
        (Role.AUTHORISED_BODY_HEAD, "r-authorised-body-08", False),
        (Role.REGISTRAR, "r-institution-16", False),
        (Role.REGISTRAR, None, False),
        (Role.PROVIDER, PROVIDER, True),
        (Role.PROVIDER, MUSEUM, False),
        (Role.PROVIDER, INSTITUTION, False),
        (Role.PROVIDER, None, False),
    ],
)
def test_only_those_who_serve_the_case_and_its_executors_know_of_it(
    role: Role, organization: str | None, known: bool
) -> None:
    case = in_status(Status.DRAFTED)
    assert involves(case, Actor(id="U1", role=role, organization=organization)) is known


def test_a_provider_knows_of_a_case_only_while_the_plan_in_hand_names_it() -> None:
    provider = Actor(id="U1", role=Role.PROVIDER, organization=PROVIDER)
    assert not involves(in_status(Status.PLANNING), provider)
    assert not involves(in_status(Status.AWAITED), provider)


def test_nobody_knows_of_a_case_that_was_not_assessed() -> None:
    director = Actor(id="U1", role=Role.INSTITUTION_DIRECTOR, organization=INSTITUTION)
    assert not involves(Case(id="C1"), director)


@pytest.mark.parametrize("read", [lambda case: case.reference, lambda case: case.assessed])
def test_a_case_not_assessed_has_no_reference(read: Callable[[Case], object]) -> None:
    with pytest.raises(Refusal) as met:
        read(Case(id="C1"))
    assert met.value.code == "case-not-assessed"
