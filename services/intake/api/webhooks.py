"""Notices to partners: how each stands, sending one again, enabling an endpoint (L 2.2, K 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, Creation, allow, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor, Text
from services.intake.domain import task as tasks
from services.intake.domain.task import (
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointChange,
    FollowedTask,
    Replay,
)
from services.intake.intake import Intake, WithIntake
from services.intake.notifying import listens

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Watching = Annotated[Actor, allow(Role.OPERATOR, Role.MEDICAL_ORGANIZATION)]
"""The operator, of every partner; a medical organization, of its own notices."""
Operating = Annotated[Actor, allow(Role.OPERATOR)]


class WhyRequest(Body):
    """Why somebody steps in."""

    reason: Text


class DeliveryView(BaseModel):
    """The last notice about one referral."""

    id: str = Field(description="the notice's `webhook-id`")
    task: str
    partner: str
    status: str = Field(description="what is told")
    state: DeliveryState
    changed_at: AwareDatetime = Field(description="when the referral came to that status")
    made_at: AwareDatetime
    attempts: int
    last_attempt_at: AwareDatetime | None
    last_answer: str | None = Field(description="an HTTP status, or the name of a failure")
    next_attempt_at: AwareDatetime | None


class DeliveryDetails(DeliveryView):
    """A notice with every attempt, who had it sent again, and the notices before it."""

    version: int
    calls: list[Attempt]
    replays: list[Replay]
    earlier: list[DeliveryView]


class EndpointView(BaseModel):
    """A partner that listens, and whether it is called."""

    partner: str
    version: int
    enabled: bool
    changes: list[EndpointChange]


def _view(task: FollowedTask, delivery: Delivery) -> dict[str, Any]:
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        **delivery.model_dump(exclude={"attempts", "replays", "failed"}),
        "task": f"Task/{task.id}",
        "partner": task.requester,
        "attempts": len(delivery.attempts),
        "last_attempt_at": last.at if last else None,
        "last_answer": last.answer if last else None,
    }


def _last(document: Document[FollowedTask]) -> DeliveryView:
    delivery = document.state.delivery
    if delivery is None:
        raise LookupError(document.id)
    return DeliveryView(**_view(document.state, delivery))


def _own(by: Actor) -> dict[str, str]:
    """The query of what a caller may see: the operator everything."""
    return {} if by.role == Role.OPERATOR else {"requester": by.organization or "-"}


@router.get("/deliveries", summary="How notices stand")
async def get_deliveries(
    by: Watching,
    intake: WithIntake,
    state: Annotated[DeliveryState | None, Query(description="only those in this state")] = None,
    partner: Annotated[str | None, Query(max_length=100, description="of one partner")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """The last notice of every referral that is followed by webhook; those of old first.

    A notice overtaken by a later one is found with that one: `GET /webhooks/deliveries/{id}`.
    """
    query: dict[str, Any] = {"requester": partner} if partner is not None else {}
    query |= _own(by)
    query |= {"delivery": state.value} if state is not None else {"told": 1}
    return await page(intake.tasks, query, "updated", cursor, limit, _last)


async def _find(intake: Intake, delivery_id: str, by: Actor) -> Document[FollowedTask]:
    found = await intake.tasks.find_one(delivery_id=delivery_id, **_own(by))
    if found is None:
        raise NotFound("delivery")
    return found


@router.get("/deliveries/{delivery_id}", summary="One notice")
async def get_delivery(
    delivery_id: str, response: Response, by: Watching, intake: WithIntake
) -> DeliveryDetails:
    """A notice that no later one has overtaken, with its attempts and those before it."""
    document = await _find(intake, delivery_id, by)
    task = document.state
    *earlier, last = task.deliveries
    response.headers["ETag"] = etag(document.version)
    return DeliveryDetails(
        **_view(task, last),
        version=document.version,
        calls=last.attempts,
        replays=last.replays,
        earlier=[DeliveryView(**_view(task, one)) for one in earlier],
    )


@router.post("/deliveries/{delivery_id}/replay", summary="Send a notice again")
async def post_replay(
    delivery_id: str,
    body: WhyRequest,
    response: Response,
    by: Watching,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """It leaves at once under its own `webhook-id`: who took it already takes it for once."""
    document = await _find(intake, delivery_id, by)
    at = intake.service.at(by)
    held = document.state.delivery
    listening = held is not None and held.state is DeliveryState.HELD
    if listening:  # a partner that listens again, or always did
        listening = await listens(intake, document.state.requester)

    def decide(task: FollowedTask) -> list[Event]:
        tasks.replay(task, delivery_id, by.id, body.reason, at.now, listens=listening)
        return []

    answered = await intake.service.commands.execute(
        intake.tasks,
        document.id,
        None,
        request,
        at,
        decide,
        visible=lambda task: by.role == Role.OPERATOR or task.requester == by.organization,
        what="delivery",
    )
    return receipt(answered, response)


@router.get("/endpoints", summary="Who listens, and who is not called any more")
async def get_endpoints(by: Watching, intake: WithIntake) -> list[EndpointView]:
    """Partners with a webhook: the operator's view of all, a partner's of its own."""
    found = []
    for partner in intake.partners.listeners():
        if by.role == Role.OPERATOR or partner.organization == by.organization:
            found.append(await _endpoint(intake, partner.organization))
    return found


async def _endpoint(intake: Intake, partner: str) -> EndpointView:
    document = await intake.endpoints.get(partner)
    state = document.state if document else Endpoint(id=partner)
    version = document.version if document else 0
    return EndpointView(
        partner=partner, version=version, enabled=state.enabled, changes=state.changes
    )


@router.post("/endpoints/{partner}/enabling", summary="Call an endpoint again")
async def post_enabling(
    partner: str,
    body: WhyRequest,
    response: Response,
    by: Operating,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """After a partner answered 410 and listens again; what was held back leaves then."""
    if intake.partners.of(partner).webhook is None:
        raise NotFound("endpoint")
    if await intake.endpoints.get(partner) is None:
        raise NotAllowedInState("endpoint-enabled", "the endpoint is enabled", clause="L 2.2")
    at = intake.service.at(by)
    now: datetime = at.now

    def decide(endpoint: Endpoint) -> list[Event]:
        tasks.enable(endpoint, by.id, body.reason, now)
        return []

    answered = await intake.service.commands.execute(
        intake.endpoints,
        partner,
        None,
        request,
        at,
        decide,
        visible=lambda endpoint: True,
        what="endpoint",
    )
    return receipt(answered, response)
