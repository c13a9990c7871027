"""Answers of the directory's API."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.directory import OrganizationCard
from services.directory.domain.appendix import Appendix
from services.directory.domain.correction import is_corrected
from services.directory.domain.hours import Opening
from services.directory.domain.organization import Organization, Status
from services.directory.domain.quality import Fault, Severity
from services.directory.domain.rows import Printed


class FaultView(BaseModel):
    """One fault of one printed field; the proposal is advice and is never applied by itself."""

    rule: str
    severity: Severity
    source: str
    organization: str
    document: str
    place: str
    field: str
    printed: str | None
    reason_en: str
    reason_ru: str
    proposal: str | None
    corrected: bool = Field(description="a person has changed the field since it was loaded")


class AnnouncementView(BaseModel):
    """A change that takes effect on a later day."""

    id: str
    valid_from: AwareDatetime
    reason: str
    fields: list[str]


class OrganizationView(BaseModel):
    """An organization: its card, what the source prints, and the faults of that row."""

    id: str
    version: int
    status: Status
    card: OrganizationCard
    printed: Printed | None
    note: str | None
    changed_at: AwareDatetime
    reason: str | None
    faults: list[FaultView]
    edition: int = Field(description="which of its versions this is, from 1")
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = Field(description="None: it is the present one")
    announced: list[AnnouncementView] = Field(default=[], description="changes of a later day")


class OpeningView(Opening):
    """Whether an organization is open at a moment."""

    organization: str
    at: AwareDatetime
    time_zone: str
    transfers_known: bool = Field(
        description="whether the days off that the Government moves are known for that year; if"
        " not, it may be closed on a day, or open on a Saturday, that is told otherwise here"
    )


class ServingOrganizationView(BaseModel):
    """An organization that serves the address, why we say so, and how to reach it."""

    organization: str
    name: str
    parent: str | None
    phones: list[str]
    printed_phone: str | None
    address: str | None
    level: str
    reason_en: str
    reason_ru: str


class KindView(BaseModel):
    """The answer for one kind of organization; "possible" and "several" ask a person to decide."""

    outcome: str
    candidates: list[ServingOrganizationView]
    wider: list[ServingOrganizationView] = Field(description="serve a larger area around it")
    statement_en: str
    statement_ru: str


class Named(BaseModel):
    """A place by code and name."""

    code: str
    name: str


class ServingView(BaseModel):
    """How the address was understood, and who serves it by kind (R 1.3, 3.1.2)."""

    region: str | None
    municipalities: list[Named]
    settlement: str | None
    city_district: str | None
    unknown_city_district: str | None
    unknown_settlement: str | None
    street: str | None
    house: str | None
    elsewhere: str | None
    kinds: dict[str, KindView]


class RuleCount(BaseModel):
    """How many faults a rule found; a rule that found none is listed with 0."""

    rule: str
    severity: Severity
    source: str
    count: int


class QualityView(BaseModel):
    """The faults of what is printed, by rule."""

    rows_checked: int
    faults_found: int
    corrected: int
    rules: list[RuleCount]
    faults: list[FaultView]


def fault_view(fault: Fault, appendix: Appendix, organization: Organization | None) -> FaultView:
    """A fault with its place in the source."""
    row = organization.printed_row if organization is not None else None
    place = fault.place or (row or appendix.rows[fault.row_key]).source
    return FaultView(
        rule=fault.code,
        severity=fault.severity,
        source=fault.source,
        organization=fault.row_key,
        document=place.document,
        place=place.place,
        field=fault.field,
        printed=fault.printed,
        reason_en=fault.reason_en,
        reason_ru=fault.reason_ru,
        proposal=fault.proposal,
        corrected=organization is not None and is_corrected(organization, fault),
    )


def organization_view(document: Document[Organization], appendix: Appendix) -> OrganizationView:
    """An organization as anybody sees it."""
    found = document.state
    row, present = found.printed_row, found.present
    return OrganizationView(
        id=document.id,
        version=document.version,
        status=found.status,
        card=found.card,
        printed=row.printed if row else None,
        note=row.note if row else None,
        changed_at=found.changed_at,
        reason=found.reason,
        faults=[fault_view(fault, appendix, found) for fault in appendix.faults_in(found)],
        edition=present.edition,
        valid_from=present.valid_from,
        valid_until=None,
        announced=[
            AnnouncementView(
                id=item.id,
                valid_from=item.valid_from,
                reason=item.reason,
                fields=list(item.fields),
            )
            for item in found.announced
        ],
    )
