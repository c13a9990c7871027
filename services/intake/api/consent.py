"""Consent, its texts, its withdrawal; refusal, and the citizen's return (R 3.3.7, 152-FZ 9)."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StrictBool

from chassis.http import Body, CommandReceipt, Creation, receipt
from contracts.regulation import pack_in_force
from contracts.regulation.entries import ConsentText
from contracts.values import Identifier, IsoDate, Text
from services.intake.api.callers import Frontline, Reader
from services.intake.api.changing import ChangeOfCase
from services.intake.consenting import record_consent, record_withdrawal
from services.intake.domain import declining
from services.intake.domain.consent import GivenConsent
from services.intake.domain.records import ContactsLeft
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


class WithdrawalRequest(Body):
    """The citizen takes the consent back; no reason is asked for (152-FZ 9.2)."""

    other_basis: Identifier | None = Field(
        default=None, description="ground in law to keep the data, if there is one: a pack's code"
    )
    other_reason: Text | None = Field(default=None, description="why that ground holds here")


class DeclineRequest(Body):
    """What was done before the citizen's refusal was taken (R 3.3.7.2); both are duties."""

    consequences_explained: StrictBool
    contact_left: StrictBool = Field(description="address, phone and name to turn to were left")
    contacts: ContactsLeft | None = Field(default=None, description="what was left, in words")
    think_until: IsoDate | None = Field(
        default=None, description="the day until which the citizen thinks about it"
    )


class ConsentTexts(BaseModel):
    """The texts that citizens consent to."""

    current: str = Field(description="code of the text in force today")
    texts: list[ConsentText]


@router.get("/consent-texts", summary="The texts of consent", tags=["consent"])
async def get_consent_texts(_: Reader, intake: WithIntake) -> ConsentTexts:
    """Every version with its hash and what it consents to, and which is in force (152-FZ 9.4)."""
    today = intake.service.calendar.local_date(intake.now())
    pack = pack_in_force(today)
    return ConsentTexts(current=pack.consent_text(today).code, texts=list(pack.consent_texts))


@router.post("/cases/{case_id}/consent", summary="Record consent")
async def post_consent(
    case_id: str,
    body: GivenConsent,
    response: Response,
    by: Frontline,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """Consent to survey and transfer of data, or why it cannot be given (R 3.3.7).

    No If-Match: it changes the citizen, not the case, and the case's ETag says nothing of them.
    """
    return receipt(await record_consent(intake, case_id, request, by, body), response)


@router.post("/cases/{case_id}/consent/withdrawal", summary="Withdraw consent")
async def post_withdrawal(
    case_id: str,
    body: WithdrawalRequest,
    response: Response,
    by: Frontline,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """Processing stops: the case is set aside, nothing leaves, and the term to erase begins.

    Thirty days, unless another ground in law is named (152-FZ 9.2, 21.5). A new consent ends it.
    """
    answered = await record_withdrawal(
        intake, case_id, request, by, body.other_basis, body.other_reason
    )
    return receipt(answered, response)


@router.post("/cases/{case_id}/decline", summary="The citizen declines")
async def post_decline(body: DeclineRequest, by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Consequences were explained and a contact left; the case can be re-opened (R 3.3.7.2)."""
    return await change(
        by,
        lambda case, at: declining.decline(
            case,
            at,
            consequences_explained=body.consequences_explained,
            contact_left=body.contact_left,
            contacts=body.contacts,
            think_until=body.think_until,
        ),
    )


@router.post("/cases/{case_id}/reopening", summary="A declined case goes on")
async def post_reopening(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """The citizen thought better of it (R 3.3.7.2); after a withdrawal, with a new consent."""
    return await change(by, declining.reopen)
