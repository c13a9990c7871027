"""The system's log and the figures drawn from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from chassis.http import Creation
from chassis.interventions import Why
from chassis.operations import Operator
from chassis.paging import Cursor, Limit, Page, page
from contracts.values import Identifier
from services.registry.api.callers import DistrictReader
from services.registry.api.schemas import EventView, StreamView, Summary, event_view
from services.registry.queries import listed_by, stream_of
from services.registry.reemission import Extent, ResentLog, send_log_again
from services.registry.registry import WithRegistry

router = APIRouter(tags=["log"])

StreamName = Annotated[str, Query(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,199}$")]


@router.get("/events", summary="Every event, in order of arrival")
async def get_events(
    by: DistrictReader,
    registry: WithRegistry,
    after: Cursor = None,
    limit: Limit = 50,
    stream: StreamName | None = None,
) -> Page[EventView]:
    """The log. One stream's events come in their own order, `after` being of the same list.

    An operator sees events of citizens without their data.
    """
    query, order = listed_by(stream)
    return await page(
        registry.log, query, order, after, limit, lambda document: event_view(document, by)
    )


@router.post("/reemissions", summary="Send the log again")
async def post_reemission(
    body: Why,
    by: Operator,
    request: Creation,
    registry: WithRegistry,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    stream: StreamName | None = None,
    to: Annotated[Identifier | None, Query(description="only to this service")] = None,
) -> ResentLog:
    """A page of the log, or of one stream, to all or to one service; who has it drops it (P14)."""
    return await send_log_again(
        registry, Extent(after, limit, stream, to), request, by, body.reason
    )


@router.get("/streams/{stream}", summary="What the log has of one stream")
async def get_stream(
    stream: Annotated[str, Path(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,199}$")],
    by: DistrictReader,
    registry: WithRegistry,
) -> StreamView:
    """The last sequence seen, and gaps before it: events that never arrived."""
    return await stream_of(registry, stream)


@router.get("/summary", summary="Figures of the district")
async def get_summary(by: DistrictReader, registry: WithRegistry) -> Summary:
    """Cases by stage, events, terms and those late, by institution (L 5.2)."""
    return await registry.figures.summary()
