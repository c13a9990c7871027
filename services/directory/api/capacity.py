"""What is free at an organization: told by itself or by the directory's editor (M, L)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.http import Body, Change, CommandReceipt, allow, etag, public, receipt
from contracts.offer import CapacityKey, ServiceCapacity, Units
from contracts.roles import Role
from contracts.values import Actor, Identifier, Line
from services.directory.directory import WithDirectory
from services.directory.domain.capacity import CapacityChange, Counted
from services.directory.offering import count_capacity, require_taking_part, uncounted_yet

router = APIRouter(tags=["capacity"])

Counter = Annotated[Actor, allow(Role.PROVIDER, Role.INSTITUTION_DIRECTOR, Role.DIRECTORY_EDITOR)]
"""Who says what is free: an organization of itself, the directory's editor of any."""


class CountedForm(Body):
    """How much of one unit of one service is free now."""

    service: Identifier
    unit: Identifier = Field(description="one of the units in /vocabularies, e.g. place")
    available: Units
    maximum: Units | None = Field(default=None, description="how much there is at most")
    description: Line | None = None


class UncountedForm(Body):
    """What is counted no longer."""

    service: Identifier
    unit: Identifier


class CapacityRequest(Body):
    """New numbers; what is not named stays as it was."""

    capacities: list[CountedForm] = Field(default_factory=list, max_length=100)
    uncounted: list[UncountedForm] = Field(default_factory=list, max_length=100)
    reason: Line


class CapacityView(BaseModel):
    """What is free at an organization, and the latest changes of it."""

    organization: str
    version: int
    capacities: list[ServiceCapacity]
    changed_at: AwareDatetime | None = Field(description="None while nothing was ever counted")
    changes: list[CapacityChange]


@router.get(
    "/organizations/{organization_id}/capacity",
    summary="What is free",
    dependencies=[Depends(public)],
)
async def get_capacity(
    organization_id: str, response: Response, directory: WithDirectory
) -> CapacityView:
    """By service and unit, with the moment of the last count; ETag `"0"` before the first."""
    await require_taking_part(directory, organization_id)
    document = await directory.capacities.get(organization_id) or uncounted_yet(
        directory, organization_id
    )
    response.headers["ETag"] = etag(document.version)
    return CapacityView(
        organization=organization_id,
        version=document.version,
        capacities=document.state.capacities,
        changed_at=document.state.changed_at if document.version else None,
        changes=document.state.changes,
    )


@router.post("/organizations/{organization_id}/capacity", summary="Say what is free")
async def post_capacity(
    organization_id: Identifier,
    body: CapacityRequest,
    response: Response,
    by: Counter,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """New numbers for some units; they are found at once, and told to who places people."""
    answered = await count_capacity(
        directory,
        organization_id,
        [Counted(**dict(entry)) for entry in body.capacities],
        [CapacityKey(**dict(entry)) for entry in body.uncounted],
        body.reason,
        request,
        by,
    )
    return receipt(answered, response)
