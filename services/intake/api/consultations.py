"""Consultations of the call centre and of specialists: recorded, listed, linked (S, R 3.1.4)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, Creation, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import InvalidInput
from contracts.values import Identifier, Line, Text
from services.intake.api.appointment_views import Day
from services.intake.api.callers import Consulting
from services.intake.consultations import find_referral, record_consultation
from services.intake.domain.consultations import (
    Asker,
    Consultation,
    Question,
    link_to_referral,
    may_know,
)
from services.intake.intake import WithIntake
from services.intake.own_case import case_for

router = APIRouter(prefix="/consultations", tags=["consultations"])


class ConsultationRequest(Body):
    """What was asked, what was answered; with a case or without one."""

    asker: Asker | None = Field(default=None, description="who asked, as far as they said")
    topic: Identifier | None = Field(default=None, description="of the directory's navigator")
    topic_text: Line | None = Field(default=None, description="in words, where no topic fits")
    question: Text | None = None
    answer: Text
    case_id: Identifier | None = None
    case_number: Line | None = Field(default=None, description="as the citizen tells it")


class ReferralLink(Body):
    """The referral that a consultation turned out to be."""

    referral_id: Identifier | None = None
    journal_number: Line | None = None


class ConsultationView(BaseModel):
    """A consultation as it was given."""

    id: str
    version: int
    organization: str
    given_at: AwareDatetime
    given_by: str = Field(description="the token subject of who answered")
    role: str
    topic: str | None
    topic_text: str | None
    asker: Asker | None = Field(description="forgotten a year afterwards")
    question: str | None
    answer: str
    case_id: str | None
    referral_id: str | None


def _view(document: Document[Consultation]) -> ConsultationView:
    given = document.state
    return ConsultationView(
        id=document.id,
        version=document.version,
        organization=given.organization,
        given_at=given.given_at,
        given_by=given.given_by.id,
        role=given.given_by.role,
        topic=given.topic,
        topic_text=given.topic_text,
        asker=given.asker,
        question=given.question,
        answer=given.answer,
        case_id=given.case_id,
        referral_id=given.referral_id,
    )


@router.post("", status_code=201, summary="Record a consultation")
async def post_consultation(
    body: ConsultationRequest,
    response: Response,
    by: Consulting,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """Who asked (if they said so), what about, what was answered, by whom and when (S)."""
    case = await case_for(intake, by, body.case_id, body.case_number)
    given = Question.model_validate({name: getattr(body, name) for name in Question.model_fields})
    answered = await record_consultation(
        intake, given, case.case_id if case is not None else None, request, by
    )
    response.headers["Location"] = f"/consultations/{answered.answer['id']}"
    return receipt(answered, response)


@router.get("", summary="Consultations")
async def get_consultations(
    by: Consulting,
    intake: WithIntake,
    day: Annotated[Day | None, Query(description="of one day of the district")] = None,
    topic: Annotated[Identifier | None, Query(description="of one topic of the navigator")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ConsultationView]:
    """Those of the caller's organization, the oldest first."""
    query: dict[str, Any] = {"organization": by.organization or "-"}
    if day is not None:
        query["day"] = int(f"{day:%Y%m%d}")
    if topic is not None:
        query["topic"] = topic
    return await page(intake.consultations, query, "given", cursor, limit, _view)


@router.get("/{consultation_id}", summary="One consultation")
async def get_consultation(
    consultation_id: str, response: Response, by: Consulting, intake: WithIntake
) -> ConsultationView:
    """As it was recorded."""
    document = await get_visible(
        intake.consultations, consultation_id, lambda one: may_know(one, by), "consultation"
    )
    response.headers["ETag"] = etag(document.version)
    return _view(document)


@router.post("/{consultation_id}/referral", summary="Link a consultation to a referral")
async def post_referral_link(
    consultation_id: str,
    body: ReferralLink,
    response: Response,
    by: Consulting,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """It turned out to be a referral, which stands in the journal by now (R 3.1.2)."""
    if (body.referral_id is None) == (body.journal_number is None):
        raise InvalidInput(
            "one-way-to-name-a-referral",
            "name the referral by its id or by its journal number",
            field="referral_id",
        )
    await get_visible(
        intake.consultations, consultation_id, lambda one: may_know(one, by), "consultation"
    )
    referral = await find_referral(intake, by, body.referral_id, body.journal_number)
    at = intake.service.at(by)
    answered = await intake.service.commands.execute(
        intake.consultations,
        consultation_id,
        None,
        request,
        at,
        lambda one: link_to_referral(one, referral, at),
        visible=lambda one: may_know(one, by),
        what="consultation",
    )
    return receipt(answered, response)
