"""Organizations: to read for everybody, to change for the directory's editors (R 1.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from chassis.http import Change, CommandReceipt, Creation, etag, public, receipt
from chassis.paging import Cursor, Limit, Page
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput, NotFound
from contracts.hours import Exceptions
from contracts.values import Identifier, IsoDateTime
from services.directory.api.callers import Editor
from services.directory.api.lists import listed
from services.directory.api.schemas import ChangeRequest, PublicationRequest, RetirementRequest
from services.directory.api.versions import Moment, check_moment, past_view
from services.directory.api.views import OpeningView, OrganizationView, organization_view
from services.directory.commands import (
    accept_corrections,
    announce_card,
    publish_organization,
    reinstate_organization,
    replace_card,
    retire_organization,
)
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.hours import opening
from services.directory.domain.organization import Status
from services.directory.history import published, version_at

router = APIRouter(tags=["organizations"])


@router.get("/organizations", summary="Organizations", dependencies=[Depends(public)])
async def get_organizations(
    directory: WithDirectory,
    kind: OrganizationKind | None = None,
    municipality: Annotated[Identifier | None, Query(description="code, e.g. kemerovo")] = None,
    status: Status = Status.PUBLISHED,
    announced: Annotated[bool, Query(description="those that a change is announced of")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrganizationView]:
    """Organizations by kind and by a municipality that they serve, in order of their id."""
    if status not in {Status.PUBLISHED, Status.RETIRED}:
        raise InvalidInput(
            "status-of-a-register", "published or retired; see the registers", field="query.status"
        )
    query = {"status": status.value}
    if kind is not None:
        query["kind"] = kind.value
    return await listed(
        directory,
        query,
        municipality,
        cursor,
        limit,
        lambda document: organization_view(document, directory.appendix),
        announced=announced,
    )


@router.get(
    "/organizations/{organization_id}",
    summary="One organization",
    dependencies=[Depends(public)],
)
async def get_organization(
    organization_id: str, response: Response, directory: WithDirectory, at: Moment = None
) -> OrganizationView:
    """The card, what the source prints, and the faults of that row; a retired one too.

    With `at` the card as it was then: the contact of an old case. A day means its end.
    """
    if at is not None:
        check_moment(at)
        return past_view(await version_at(directory, organization_id, at))
    document = await published(directory, organization_id)
    response.headers["ETag"] = etag(document.version)
    return organization_view(document, directory.appendix)


@router.get(
    "/organizations/{organization_id}/open",
    summary="Open now?",
    dependencies=[Depends(public)],
)
async def get_open(
    organization_id: str, directory: WithDirectory, at: IsoDateTime | None = None
) -> OpeningView:
    """Whether it is open at a moment, and when it opens next (K, M, S; R 1.3 prints no hours).

    With `at` by the card that held then, or is announced to hold; before it was known: 404.
    """
    card = await _card_in_force(directory, organization_id, at)
    moment = at or directory.service.now()
    calendar = directory.service.calendars.of(card.region)
    exceptions = Exceptions(card.closures, card.preholiday_minutes)
    answer = opening(card.hours, card.reception_days, moment, calendar.zone, calendar, exceptions)
    return OpeningView(
        organization=organization_id,
        at=moment.astimezone(calendar.zone),
        time_zone=calendar.zone.key,
        transfers_known=calendar.knows_transfers(moment.astimezone(calendar.zone).year),
        **dict(answer),
    )


@router.post("/organizations", status_code=201, summary="Publish an organization")
async def post_organization(
    body: PublicationRequest,
    response: Response,
    by: Editor,
    request: Creation,
    directory: WithDirectory,
) -> CommandReceipt:
    """Enter an organization that the data files do not hold, with the reason (R 1.3).

    Providers and organizations of volunteers are proposed to their registers instead (L 1.2.2.2).
    """
    card = body.card.card(f"organization-{request.key}")
    answered = await publish_organization(directory, card, body.reason, request, by)
    response.headers["Location"] = f"/organizations/{card.id}"
    return receipt(answered, response)


@router.post("/organizations/{organization_id}", summary="Change an organization")
async def post_change(
    organization_id: Identifier,
    body: ChangeRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """A new card, or accepted corrections of the quality report, with the reason (R 1.3).

    With `valid_from` the card is announced: it takes effect then, and no event tells of it before.
    With `reinstate` one that was retired takes part again, beside another that was published with
    its INN or OGRN meanwhile only if it is said why.
    """
    _require_one(body)
    card = body.card.card(organization_id) if body.card is not None else None
    if body.reinstate:
        answered = await reinstate_organization(
            directory, organization_id, card, body.reason, body.despite_same_number, request, by
        )
    elif card is None:
        answered = await accept_corrections(
            directory, organization_id, body.corrections, body.reason, request, by
        )
    elif body.valid_from is not None:
        answered = await announce_card(directory, card, body.reason, body.valid_from, request, by)
    else:
        answered = await replace_card(directory, card, body.reason, request, by)
    return receipt(answered, response)


@router.post("/organizations/{organization_id}/retirement", summary="Retire an organization")
async def post_retirement(
    organization_id: Identifier,
    body: RetirementRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """It takes part no longer: no address is answered with it (R 1.3).

    It is refused while others answer to it; they are named.
    """
    answered = await retire_organization(directory, organization_id, body.reason, request, by)
    return receipt(answered, response)


def _require_one(body: ChangeRequest) -> None:
    """Refuse a request that asks for two things, or for none."""
    if body.reinstate and (body.corrections or body.valid_from is not None):
        raise InvalidInput("one-of-two", "it is reinstated at once, or changed", field="reinstate")
    if body.despite_same_number is not None and not body.reinstate:
        raise InvalidInput(
            "not-reinstated", "it is said where one is reinstated", field="despite_same_number"
        )
    if not body.reinstate and (body.card is None) == (not body.corrections):
        raise InvalidInput(
            "one-of-two", "send either a new card or accepted corrections", field="card"
        )
    if body.valid_from is not None and body.card is None:
        raise InvalidInput("card-missing", "only a new card is announced", field="card")


async def _card_in_force(
    directory: Directory, organization_id: str, at: datetime | None
) -> OrganizationCard:
    """The present card, or that of a moment, of an organization that takes part."""
    if at is None:
        found = (await published(directory, organization_id)).state.present
    else:
        check_moment(at)
        found = await version_at(directory, organization_id, at)
    if found.status == Status.RETIRED:
        raise NotFound("organization")
    return found.card
