"""Where is my case: one number and a code, no authority to see others' (M, R 2.14, 3.7.3)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, StringConstraints

from chassis.http import Body, public
from chassis.problems import respond
from contracts.errors import NotFound
from contracts.status_code import matches
from services.registry.api.pages import STATUS_PAGE, page_response
from services.registry.domain.case import CaseRecord
from services.registry.domain.stages import Stage
from services.registry.domain.terms import TermState
from services.registry.domain.words import words_of
from services.registry.queries import case_of_number
from services.registry.registry import Registry, WithRegistry

router = APIRouter(tags=["public"], dependencies=[Depends(public)])

NO_HASH = "0" * 64
"""What a number that does not exist is compared with: the answer takes as long."""

Typed = StringConstraints(strip_whitespace=True, min_length=1, max_length=120)


class StatusRequest(Body):
    """The case's number and the code that the applicant was told."""

    number: Annotated[str, Typed] = Field(examples=["r-institution-15/2026/000001"])
    code: Annotated[str, Typed] = Field(examples=["1234567890"])


class Status(BaseModel):
    """Where the case stands, in plain words. No personal data."""

    number: str
    stage: Stage
    stage_ru: str
    stage_en: str
    next_ru: str
    next_en: str
    by: date | None = Field(description="the last day of the term for what happens next")
    late: bool = Field(description="that day has passed")
    institution: str | None
    phones: list[str]


@router.post("/status", summary="Where is my case", response_model=Status)
async def post_status(body: StatusRequest, http: Request, registry: WithRegistry) -> Response:
    """Changes nothing, so no Idempotency-Key; POST keeps the code out of addresses and logs.

    A wrong number and a wrong code are answered alike, after the same work.
    """
    address = http.client.host if http.client else "-"
    wait = registry.limits.refused_for(address, body.number.lower(), registry.now())
    if wait:
        return respond(
            429,
            "too-many-questions",
            "ask again a little later",
            headers={"Retry-After": str(wait), "Cache-Control": "no-store"},
        )
    case = await case_of_number(registry, body.number)
    if not await _holds(case, body.code) or case is None:
        raise NotFound("case with this number and code")
    status = await _status(registry, case)
    return Response(
        status.model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _holds(case: CaseRecord | None, code: str) -> bool:
    """Whether it is the case's code; spaces and hyphens typed in between do not count."""
    number = case.ref.number if case and case.ref else "-"
    expected = case.status_code_hash if case and case.status_code_hash else NO_HASH
    typed = code.replace(" ", "").replace("-", "")
    return await asyncio.to_thread(matches, typed, number, expected)


async def _status(registry: Registry, case: CaseRecord) -> Status:
    stage, owner = case.standing
    words = words_of(stage, case.code, case.result.proposal)
    due = case.next_due(owner) if owner else None
    institution = await registry.card(case.ref.institution) if case.ref else None
    return Status(
        number=case.ref.number if case.ref else "",
        stage=stage,
        stage_ru=words.title.ru,
        stage_en=words.title.en,
        next_ru=words.next.ru,
        next_en=words.next.en,
        by=due.due_on if due else None,
        late=due is not None and due.state(registry.now()) is TermState.LATE,
        institution=institution.name if institution else None,
        phones=list(institution.phones) if institution else [],
    )


@router.get("/", summary="A page to ask where one's case stands", response_class=HTMLResponse)
async def get_page() -> HTMLResponse:
    """The form for POST /status, for anybody; nothing on it comes from elsewhere."""
    return page_response(STATUS_PAGE)
