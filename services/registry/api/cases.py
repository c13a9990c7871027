"""Cases of the register: worklist, record, timeline, terms, positions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from chassis import pages
from chassis.http import etag
from chassis.paging import Cursor, Limit, Page, page
from contracts.values import Identifier
from services.registry.api.callers import Reader
from services.registry.api.pages import timeline_page
from services.registry.api.schemas import (
    CaseView,
    DueCase,
    Positions,
    TimelineLine,
    case_view,
    due_case,
    positions_of,
)
from services.registry.domain.stages import Stage
from services.registry.domain.terms import TermState
from services.registry.queries import due_filter, seen_by, timeline
from services.registry.registry import WithRegistry

router = APIRouter(tags=["cases"])

LINES_PRINTED = 1000


class DueState(StrEnum):
    """How the earliest running term of a case stands."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    LATE = "late"


@router.get("/cases", summary="Cases of the register")
async def get_cases(
    by: Reader,
    registry: WithRegistry,
    institution: Identifier | None = None,
    stage: Stage | None = None,
    citizen_id: Identifier | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CaseView]:
    """Cases the caller may see, the earliest due term first (L 5.1)."""
    query = seen_by(by, {"institution": institution, "stage": stage, "citizen_id": citizen_id})
    now = registry.now()
    return await page(
        registry.cases, query, "due", cursor, limit, lambda document: case_view(document, now)
    )


@router.get("/terms", summary="Terms that run, are due soon, or are late")
async def get_terms(
    by: Reader,
    registry: WithRegistry,
    state: Annotated[DueState, Query(description="of the term that is due first")],
    institution: Identifier | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DueCase]:
    """Cases by their earliest running term, each with every running term (R, all terms)."""
    now = registry.now()
    query = seen_by(by, {"institution": institution}) | due_filter(TermState(state), now)
    return await page(
        registry.cases, query, "due", cursor, limit, lambda document: due_case(document, now)
    )


@router.get("/cases/{case_id}", summary="One case")
async def get_one_case(
    case_id: str, response: Response, by: Reader, registry: WithRegistry
) -> CaseView:
    """Stage, whose turn it is, what is due, and what has come of it."""
    document = await registry.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return case_view(document, registry.now())


@router.get("/cases/{case_id}/timeline", summary="The case's timeline")
async def get_timeline(
    case_id: str,
    by: Reader,
    registry: WithRegistry,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TimelineLine]:
    """Every event of the case, of all services, in order of time, with its clause and terms."""
    document = await registry.get_case(case_id, by)
    return await timeline(registry, document, cursor, limit)


@router.get(
    "/cases/{case_id}/timeline.html",
    summary="The case's timeline as a page to print",
    response_class=HTMLResponse,
)
async def get_timeline_page(case_id: str, by: Reader, registry: WithRegistry) -> HTMLResponse:
    """The same for a person: Russian with English beside."""
    document = await registry.get_case(case_id, by)
    lines: list[TimelineLine] = []
    cursor: str | None = None
    while True:
        part = await timeline(registry, document, cursor, 100)
        lines += part.items
        cursor = part.next
        if cursor is None or len(lines) >= LINES_PRINTED:
            break
    now, zone = registry.now(), registry.service.settings.zone
    institution = await registry.card(document.state.ref.institution if document.state.ref else "")
    html = timeline_page(
        case_view(document, now),
        institution.name if institution else None,
        lines,
        complete=cursor is None,
        printed=now.astimezone(zone),
    )
    return pages.page(html)


@router.get("/cases/{case_id}/positions", summary="How far the record has read each stream")
async def get_positions(case_id: str, by: Reader, registry: WithRegistry) -> Positions:
    """To compare with what the services issued: equal positions, nothing waiting."""
    return positions_of(await registry.get_case(case_id, by))
