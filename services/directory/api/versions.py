"""Versions of organizations: what they were, and what is announced to become of them (R 1.3)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.http import Body, Change, CommandReceipt, receipt
from chassis.paging import Cursor, Limit, Page
from contracts.directory import OrganizationCard
from contracts.errors import InvalidInput
from contracts.values import Actor, Identifier, IsoDate, IsoDateTime, Line
from services.directory.api.callers import Editor, QualityReader
from services.directory.api.views import OrganizationView
from services.directory.commands import change_organization
from services.directory.directory import WithDirectory
from services.directory.domain.announcing import withdraw_announcement
from services.directory.domain.organization import Status
from services.directory.domain.versions import Version
from services.directory.history import versions_of

router = APIRouter(tags=["versions"])

YEARS = range(2000, 2101)
"""Years that can be asked for."""

Moment = Annotated[
    IsoDateTime | IsoDate | None,
    Query(description="a day, e.g. 2026-03-01, or a moment with its time zone"),
]


class VersionView(BaseModel):
    """A card that held once, with who made it so and why."""

    edition: int
    status: Status
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = Field(description="None: it is the present one")
    author: Actor | None = Field(description="None: not known, it is older than the versions")
    reason: str | None
    fields: list[str] = Field(description="what differs from the version before")
    card: OrganizationCard


class WithdrawalRequest(Body):
    """Why an announced change is taken back."""

    reason: Line


@router.get("/organizations/{organization_id}/versions", summary="Versions of an organization")
async def get_versions(
    organization_id: Identifier,
    by: QualityReader,
    directory: WithDirectory,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VersionView]:
    """All versions, the oldest first; the last page brings the newest, be it over the limit."""
    found = await versions_of(directory, organization_id, cursor, limit)
    return Page(items=[_view(version) for version in found.items], next=found.next)


@router.post(
    "/organizations/{organization_id}/announcements/{announcement_id}/withdrawal",
    summary="Take back an announced change",
)
async def post_withdrawal(
    organization_id: Identifier,
    announcement_id: Identifier,
    body: WithdrawalRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """It does not take effect; nobody else has heard of it (R 1.3)."""
    answered = await change_organization(
        directory,
        organization_id,
        request,
        by,
        lambda found, at: withdraw_announcement(found, announcement_id, body.reason, at),
    )
    return receipt(answered, response)


def check_moment(at: date) -> None:
    """Refuse a moment for which no calendar can be asked."""
    if at.year not in YEARS:
        raise InvalidInput("moment-out-of-range", "between 2000 and 2100", field="query.at")


def past_view(version: Version) -> OrganizationView:
    """An organization as it was; what its source printed is told of the present one only."""
    return OrganizationView(
        id=version.organization,
        version=version.edition,
        status=Status(version.status),
        card=version.card,
        printed=None,
        note=None,
        changed_at=version.valid_from,
        reason=version.reason,
        faults=[],
        edition=version.edition,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
    )


def _view(version: Version) -> VersionView:
    return VersionView(
        edition=version.edition,
        status=Status(version.status),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        author=version.author,
        reason=version.reason,
        fields=list(version.fields),
        card=version.card,
    )
