"""Where is my case: one number and a code, no authority to see others' (M, R 2.14, 3.7.3)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis import pages
from chassis.http import Body, public
from chassis.limits import Evenly
from contracts.directory import OrganizationCard
from contracts.errors import NotFound
from contracts.status_code import matches, plain_code, plain_number
from services.registry.api.pages import STATUS_PAGE
from services.registry.domain.appointments import next_appointment
from services.registry.domain.case import CaseRecord
from services.registry.domain.stages import Stage
from services.registry.domain.terms import TermState
from services.registry.domain.words import moment_words, words_of
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


class NextAppointment(BaseModel):
    """The appointment that comes next: when, and where."""

    starts_at: AwareDatetime = Field(description="in the time zone of the place")
    when_ru: str
    when_en: str
    place: str | None
    address: str | None
    phones: list[str]


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
    appointment: NextAppointment | None = Field(description="the next one with a specialist (S)")
    institution: str | None
    phones: list[str]
    printed_phone: str | None = Field(
        description="where none can be told for certain: the phone as a source prints it"
    )
    call: str | None = Field(
        description="whom to call: the institution, or else whom it answers to"
    )


@router.post("/status", summary="Where is my case", response_model=Status)
async def post_status(body: StatusRequest, http: Request, registry: WithRegistry) -> Response:
    """Changes nothing, so no Idempotency-Key; POST keeps the code out of addresses and logs.

    A wrong number and a wrong code are answered alike, after the same work and the same time.
    Guessing from many addresses shuts out nobody who has the right code (R 3.7.3).
    """
    address = http.client.host if http.client else "-"
    number, now = plain_number(body.number), registry.now()
    registry.limits.check(address, number, now)
    evenly = Evenly()
    case = await case_of_number(registry, number)
    if not await _holds(case, body.code) or case is None:
        await evenly.wait()
        raise NotFound("case with this number and code")
    registry.limits.trust(address, number, now)
    status = await _status(registry, case)
    return Response(
        status.model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _holds(case: CaseRecord | None, code: str) -> bool:
    """Whether it is one of the case's codes, however it was typed."""
    number = case.ref.number if case and case.ref else "-"
    expected = [case.status_code_hash or NO_HASH, *case.further_hashes] if case else [NO_HASH]
    return await asyncio.to_thread(matches, plain_code(code), number, *expected)


async def _status(registry: Registry, case: CaseRecord) -> Status:
    stage, owner = case.standing
    words = words_of(stage, case.code, case.result.proposal)
    due = case.next_due(owner) if owner else None
    institution = await registry.card(case.ref.institution) if case.ref else None
    call = institution
    if case.ref and (institution is None or not institution.phones):
        call = await registry.card(case.ref.authorised_body) or institution
    return Status(
        number=case.ref.number if case.ref else "",
        stage=stage,
        stage_ru=words.title.ru,
        stage_en=words.title.en,
        next_ru=words.next.ru,
        next_en=words.next.en,
        by=due.due_on if due else None,
        late=due is not None and due.state(registry.now()) is TermState.LATE,
        appointment=await _next_appointment(registry, case, institution),
        institution=institution.name if institution else None,
        phones=list(call.phones) if call else [],
        printed_phone=call.printed_phone if call and not call.phones else None,
        call=call.name if call else None,
    )


async def _next_appointment(
    registry: Registry, case: CaseRecord, institution: OrganizationCard | None
) -> NextAppointment | None:
    coming = next_appointment(case.appointments.values(), registry.now())
    if coming is None:
        return None
    place = institution
    if place is None or place.id != coming.organization:
        place = await registry.card(coming.organization)
    calendar = registry.service.calendars.of(place.region if place else None)
    local = coming.starts_at.astimezone(calendar.zone)
    when = moment_words(local)
    return NextAppointment(
        starts_at=local,
        when_ru=when.ru,
        when_en=when.en,
        place=place.name if place else None,
        address=place.address.text if place and place.address else None,
        phones=list(place.phones) if place else [],
    )


@router.get("/", summary="A page to ask where one's case stands", response_class=HTMLResponse)
async def get_page() -> HTMLResponse:
    """The form for POST /status, for anybody; nothing on it comes from elsewhere."""
    return pages.page(STATUS_PAGE)
