"""Answers of care planning's API: what each kind of caller sees."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.careplan import ServiceForm
from contracts.directory import OrganizationCard
from contracts.errors import NotFound
from contracts.roles import Role
from contracts.values import Actor, Address, CitizenCard, Email, Phone
from services.careplan.domain.case import BEFORE_SUBMISSION, Case
from services.careplan.domain.package import missing_documents
from services.careplan.domain.programme import ServiceTable, service_tables
from services.careplan.domain.records import (
    Assessment,
    Contract,
    Decision,
    IssuedProgramme,
    Order,
    Plan,
    PlanExecutor,
    PlanItem,
    ProgrammeKind,
)


class CaseView(BaseModel):
    """A case as staff see it in care planning."""

    id: str
    version: int
    status: str
    number: str
    citizen_id: str
    institution: str
    authorised_body: str
    regulation: str
    organizer: str
    assessment: Assessment | None
    documents: list[str]
    missing_documents: list[str] = Field(description="what the package for the decision lacks")
    plan_version: int | None
    plans: list[Plan]
    programme: IssuedProgramme | None
    submitted_at: AwareDatetime | None
    decisions: list[Decision] = Field(description="the last is in force unless it is annulled")
    contract: Contract | None
    order: Order | None
    terms: list[dict[str, Any]]


def case_view(document: Document[Case]) -> CaseView:
    """A case as staff see it."""
    case = document.state
    ref = case.reference
    return CaseView(
        id=document.id,
        version=document.version,
        status=case.status,
        number=ref.number,
        citizen_id=ref.citizen_id,
        institution=ref.institution,
        authorised_body=ref.authorised_body,
        regulation=ref.pack,
        organizer=case.organizer,
        assessment=case.assessment,
        documents=case.documents,
        missing_documents=list(missing_documents(case)) if case.stage in BEFORE_SUBMISSION else [],
        plan_version=case.plan_version or None,
        plans=case.plans,
        programme=case.programme,
        submitted_at=case.submitted_at,
        decisions=case.decisions,
        contract=case.contract,
        order=case.order,
        terms=[deadline.model_dump(mode="json") for deadline in case.terms.deadlines],
    )


class CaseLine(BaseModel):
    """A case in the worklist."""

    id: str
    version: int
    status: str
    number: str
    organizer: str
    level: int | None
    due_at: AwareDatetime | None
    terms: list[str]


def case_line(document: Document[Case]) -> CaseLine:
    """A case in the worklist."""
    case = document.state
    return CaseLine(
        id=document.id,
        version=document.version,
        status=case.status,
        number=case.reference.number,
        organizer=case.organizer,
        level=case.allowance.level if case.assessment else None,
        due_at=case.terms.next_due(),
        terms=[deadline.code for deadline in case.terms.deadlines],
    )


class PlanView(BaseModel):
    """The plan in hand. Organizations that carry it out see no names of persons in it."""

    case_id: str
    case_number: str
    citizen_id: str
    version: int
    agreed_at: AwareDatetime | None
    weekly_minutes: int
    items: list[PlanItem]
    medical_recommendations: list[str]
    executors: list[PlanExecutor]


def plan_view(case: Case, reader: Actor) -> PlanView:
    """The plan in hand as this caller sees it; NotFound where there is none."""
    plan = case.plan
    if plan is None:
        raise NotFound("plan")
    executors = plan.executors
    if reader.role == Role.PROVIDER:
        executors = [
            executor
            if executor.id == reader.organization
            else PlanExecutor(id=executor.id, kind=executor.kind)
            for executor in plan.executors
        ]
    return PlanView(
        case_id=case.id,
        case_number=case.reference.number,
        citizen_id=case.reference.citizen_id,
        version=plan.version,
        agreed_at=plan.agreed_at,
        weekly_minutes=plan.weekly_minutes,
        items=plan.items,
        medical_recommendations=plan.medical_recommendations,
        executors=executors,
    )


class BodyView(BaseModel):
    """An organization as a form names it; only its id where the directory has lost it."""

    id: str
    name: str | None = None
    address: Address | None = None
    phones: list[Phone] = Field(default_factory=list)
    emails: list[Email] = Field(default_factory=list)


class ProgrammeView(BaseModel):
    """The form of order 874n."""

    body: BodyView
    number: str
    issued_on: date
    citizen: CitizenCard | None = Field(description="None once the citizen's data were erased")
    kind: ProgrammeKind
    valid_until: date
    form: ServiceForm
    level: int | None
    services: list[ServiceTable]
    recommended_providers: list[BodyView]
    accompaniment: list[str]


def programme_view(
    case: Case,
    programme: IssuedProgramme,
    card: CitizenCard | None,
    organizations: dict[str, OrganizationCard],
) -> ProgrammeView:
    """The form's content, with the names that others keep."""
    return ProgrammeView(
        body=_body(case.reference.authorised_body, organizations),
        number=programme.number,
        issued_on=programme.issued_on,
        citizen=card,
        kind=programme.kind,
        valid_until=programme.valid_until,
        form=programme.form,
        level=case.allowance.level,
        services=service_tables(case, programme),
        recommended_providers=[
            _body(provider, organizations) for provider in programme.recommended_providers
        ],
        accompaniment=list(programme.accompaniment),
    )


def _body(organization_id: str, organizations: dict[str, OrganizationCard]) -> BodyView:
    card = organizations.get(organization_id)
    if card is None:
        return BodyView(id=organization_id)
    return BodyView(
        id=card.id,
        name=card.name,
        address=card.address,
        phones=list(card.phones),
        emails=list(card.emails),
    )
