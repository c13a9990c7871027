"""Cases in every state of care planning, made by the rules themselves."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chassis.calendar import DistrictCalendar
from contracts.assessment import NeedsAssessed, Proposal
from contracts.careplan import Outcome, ServiceForm
from contracts.case import CaseRef
from contracts.context import Context
from contracts.errors import Refusal
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor
from services.assessment.domain.protocol import record_protocol
from services.careplan.domain import opening
from services.careplan.domain.agreement import answer_plan, sign_plan
from services.careplan.domain.case import Case, Status
from services.careplan.domain.decision import decide
from services.careplan.domain.enrolment import conclude_contract, enrol, send_refusal_notice
from services.careplan.domain.package import submit_package
from services.careplan.domain.plan import draft_plan
from services.careplan.domain.programme import issue_programme
from services.careplan.domain.records import (
    Assessment,
    DecisionForm,
    Delivery,
    Executor,
    ExecutorKind,
    ItemForm,
    Party,
    PlanForm,
    Programme,
)
from services.careplan.handlers import on_needs_assessed
from tests.unit.assessment import stages

CALENDAR = DistrictCalendar(ZoneInfo("Asia/Novokuznetsk"))
MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
"""Noon of Monday, 2 March 2026, in the district; 9 March is a day off."""
HOUR = timedelta(hours=1)

INSTITUTION, BODY = "r-institution-15", "r-authorised-body-07"
PROVIDER, MUSEUM = "l-provider-zabota", "l-culture-museum"
ORGANIZER = "U-sorokina"
KNOWN = {
    INSTITUTION: "institution",
    BODY: "authorised_body",
    PROVIDER: "provider",
    MUSEUM: "coordination_centre",
}
REF = CaseRef(
    case_id="C1",
    citizen_id="P1",
    number="2026-000017",
    institution=INSTITUTION,
    authorised_body=BODY,
    pack="kuzbass-2013",
)
INTAKE_DOCUMENTS = ("application", "identity", "family_composition", "medical_certificate")
HANDOVER = ("care_plan_copy", "services_and_tariffs", "complaint_procedure", "rules_of_conduct")


def at(
    role: str = Role.CARE_ORGANIZER,
    moment: datetime = MONDAY,
    organization: str | None = None,
    subject: str | None = None,
) -> Context:
    """Somebody of the case's own organization acts in a role; the organizer is the one named."""
    own = {Role.AUTHORISED_BODY_HEAD: BODY, Role.PROVIDER: PROVIDER}.get(Role(role), INSTITUTION)
    person = subject or (ORGANIZER if role == Role.CARE_ORGANIZER else f"U-{role}")
    return Context(
        now=moment,
        by=Actor(id=person, role=role, organization=organization or own),
        calendar=CALENDAR,
    )


def assessment(
    proposal: Proposal = Proposal.SERVICE,
    level: int | None = 2,
    minutes: int = 21 * 60,
    days: int = 7,
    moment: datetime = MONDAY,
) -> Assessment:
    group = None if level is None else level + 2
    return Assessment(
        proposal=proposal,
        assessed_at=moment,
        group=group,
        level=level,
        weekly_minutes=minutes,
        days_per_week=days,
    )


def executor(
    kind: str = "provider", organization: str | None = None, name: str | None = None
) -> Any:
    return Executor(kind=ExecutorKind(kind), organization=organization, name=name)


BY_PROVIDER = executor("provider", PROVIDER)
BY_DAUGHTER = executor("relative", name="Козлова Ирина Петровна")


def item(service: str = "cooking", minutes: int = 45, **changed: Any) -> ItemForm:
    fields = {"visits_per_week": 5, "executor": BY_PROVIDER, **changed}
    return ItemForm(service=service, minutes_per_visit=minutes, **fields)


def plan_form(*items: ItemForm, **changed: Any) -> PlanForm:
    chosen = items or (
        item("cooking", 45, visits_per_week=None, weekdays=("MO", "WE", "FR")),
        item("medication", 10, visits_per_week=14),
        item("cleaning", 40, visits_per_week=1, executor=BY_DAUGHTER),
    )
    fields = {
        "medical_recommendations": ("Измерять давление дважды в день",),
        "negotiated_with": ("заявитель", "дочь"),
        **changed,
    }
    return PlanForm(items=chosen, **fields)


def programme(**changed: Any) -> Programme:
    fields = {
        "number": "ИП-14/2026",
        "issued_on": date(2026, 3, 2),
        "valid_until": date(2029, 3, 1),
        "form": ServiceForm.HOME,
        "recommended_providers": (PROVIDER,),
        "accompaniment": ("содействие в получении медицинской помощи",),
        **changed,
    }
    return Programme.model_validate(fields)


def enrolment(form: ServiceForm | None = ServiceForm.HOME, **changed: Any) -> DecisionForm:
    return DecisionForm.model_validate({"outcome": Outcome.ENROL, "form": form, **changed})


def refusal(**changed: Any) -> DecisionForm:
    fields = {
        "outcome": Outcome.REFUSE,
        "grounds": ("not_in_need",),
        "reasons": "Нуждаемость не подтверждена",
        **changed,
    }
    return DecisionForm.model_validate(fields)


def opened(proposal: Proposal = Proposal.SERVICE, documents: bool = True, **found: Any) -> Case:
    """A case whose planning has just opened."""
    case = Case(id="C1")
    if documents:
        opening.complete_package(case, INTAKE_DOCUMENTS)
    opening.open_planning(case, REF, ORGANIZER, assessment(proposal, **found), at())
    return case


def agree(case: Case, moment: datetime = MONDAY) -> list[Event]:
    """Everybody signs and agrees; the events of the last of them."""
    events: list[Event] = []
    sign_plan(case, Party.ORGANIZER, at(moment=moment))
    sign_plan(case, Party.CITIZEN, at(moment=moment))
    for known in list(case.plan.executors if case.plan else []):
        own = known.kind in {ExecutorKind.PROVIDER, ExecutorKind.ORGANIZATION}
        by = at(Role.PROVIDER, moment, known.id) if own else at(moment=moment)
        events = answer_plan(case, known.id, True, None, by)
    return events


Step = Callable[[Case], Sequence[Event]]

DRAFT: Step = lambda case: draft_plan(case, plan_form(), KNOWN, at())  # noqa: E731
PROGRAMME: Step = lambda case: issue_programme(case, programme(), KNOWN, at())  # noqa: E731
SUBMIT: Step = lambda case: submit_package(case, at())  # noqa: E731
ENROL_DECIDED: Step = lambda case: decide(case, enrolment(), at(Role.AUTHORISED_BODY_HEAD))  # noqa: E731
REFUSE_DECIDED: Step = lambda case: decide(  # noqa: E731
    case, refusal(), at(Role.AUTHORISED_BODY_HEAD)
)
CONTRACT: Step = lambda case: conclude_contract(case, "Д-7", True, HANDOVER, at())  # noqa: E731
ORDER: Step = lambda case: enrol(  # noqa: E731
    case, "П-21", PROVIDER, KNOWN, at(Role.INSTITUTION_DIRECTOR)
)
NOTICE: Step = lambda case: send_refusal_notice(  # noqa: E731
    case, "У-3", Delivery.POST, at(Role.REGISTRAR)
)


def _declined(case: Case) -> Sequence[Event]:
    opening.decline(case, at())
    return []


def _closed(case: Case) -> Sequence[Event]:
    opening.close(case, "citizen_died", at())
    return []


_STRAIGHT: list[tuple[Status, Step]] = [
    (Status.DRAFTED, DRAFT),
    (Status.AGREED, agree),
    (Status.PROGRAMME_ISSUED, PROGRAMME),
    (Status.SUBMITTED, SUBMIT),
    (Status.DECIDED_ENROL, ENROL_DECIDED),
    (Status.CONTRACTED, CONTRACT),
    (Status.ENROLLED, ORDER),
]
_REFUSAL: list[tuple[Status, Step]] = [
    (Status.DECIDED_REFUSE, lambda case: [*SUBMIT(case), *REFUSE_DECIDED(case)]),
    (Status.REFUSED, NOTICE),
]
_ASIDE: dict[Status, Step] = {Status.DECLINED: _declined, Status.CLOSED: _closed}


def in_status(status: Status) -> Case:
    """A case in that state: the straight path, or the commission's proposal to refuse."""
    if status is Status.AWAITED:
        return Case(id="C1")
    refused = status in {Status.REFUSAL_PROPOSED, Status.DECIDED_REFUSE, Status.REFUSED}
    case = opened(Proposal.REFUSAL if refused else Proposal.SERVICE)
    if status in _ASIDE:
        _ASIDE[status](case)
    for reached, step in [] if status in _ASIDE else _REFUSAL if refused else _STRAIGHT:
        if case.status is status:
            break
        step(case)
        assert case.status is reached
    assert case.status is status
    return case


def refusal_submitted(half_points: int | None = 60) -> Case:
    """The commission proposed to refuse; with it came what assessment itself says of that score.
    The package lies before the head."""
    assessed = stages.signed(half_points)
    _, told = record_protocol(
        assessed, stages.proposal_of(Proposal.REFUSAL), stages.at(stages.CHAIR)
    )
    assert isinstance(told, NeedsAssessed)
    case = Case(id="C1")
    opening.complete_package(case, INTAKE_DOCUMENTS)
    on_needs_assessed(case, told, at())
    opening.assign_organizer(case, ORGANIZER)
    submit_package(case, at())
    return case


OTHERWISE = "Представлены новые медицинские сведения"


def enrolled_against_the_proposal(half_points: int | None = 60, **named: Any) -> Case:
    """The commission proposed to refuse, the head enrols: there is no plan yet."""
    case = refusal_submitted(half_points)
    decide(case, enrolment(reasons=OTHERWISE, **named), at(Role.AUTHORISED_BODY_HEAD))
    return case


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal that an act meets."""
    with pytest.raises(Refusal) as met:
        act()
    return met.value


def rule_of(met: Refusal) -> tuple[str, str | None, str | None]:
    """Which rule spoke: its code, the field, the clause."""
    return met.code, met.field, met.clause
