"""Citizens: the one card of a person, its history and its correction (L 5.1, R 3.1.2)."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, etag, receipt
from contracts.terms import Deadline
from contracts.values import CitizenCard, Telephone, Text
from services.intake.api.callers import Frontline, Reader
from services.intake.api.spoken import SpokenCard
from services.intake.citizens import correct_citizen, get_citizen
from services.intake.domain.citizen import CardVersion, Citizen
from services.intake.domain.consent import ConsentRecord
from services.intake.domain.consenting import standing_consent
from services.intake.domain.spelling import Home, home_of
from services.intake.intake import WithIntake

router = APIRouter(prefix="/citizens", tags=["citizens"])


class CitizenView(BaseModel):
    """A citizen as staff see them; `id` is the survivor's, where two were joined."""

    id: str
    version: int
    card: CitizenCard = Field(description="as it was said")
    home: Home | None = Field(description="the address in one spelling, as it is compared")
    telephones: list[Telephone] = Field(description="every number, as said and as dialled")
    history: list[CardVersion]
    registered_at: AwareDatetime | None
    consent: ConsentRecord | None = Field(description="the consent in force")
    consents: list[ConsentRecord]
    erasure: list[Deadline] = Field(description="the term to erase, while it runs (152-FZ 21.5)")
    open_case: str | None
    cases: list[str]
    served: bool
    joined: list[str] = Field(description="citizens who were joined to this one")


class CardRequest(Body):
    """The whole card as it should be, and why."""

    card: SpokenCard
    reason: Text


def _view(document: Document[Citizen], cases: list[str]) -> CitizenView:
    citizen = document.state
    card = citizen.card
    said = [Telephone(said=card.phone, number=card.phone)] if card.phone else []
    return CitizenView(
        id=document.id,
        version=document.version,
        card=card,
        home=home_of(card.address) if card.address else None,
        telephones=list(card.phones) or said,
        history=citizen.history,
        registered_at=citizen.registered_at,
        consent=standing_consent(citizen),
        consents=citizen.consents,
        erasure=citizen.terms.deadlines,
        open_case=citizen.open_case,
        cases=cases,
        served=citizen.served,
        joined=[joining.citizen for joining in citizen.joinings],
    )


@router.get("/{citizen_id}", summary="One citizen")
async def get_one_citizen(
    citizen_id: str, response: Response, by: Reader, intake: WithIntake
) -> CitizenView:
    """The card with its history, consent and cases, for staff who have a case of theirs.

    Of a citizen who was joined to another one, that one's record is answered.
    """
    document, cases = await get_citizen(intake, citizen_id, by)
    response.headers["ETag"] = etag(document.version)
    return _view(document, cases)


@router.post("/{citizen_id}/card", summary="Correct the card")
async def post_card(
    citizen_id: str,
    body: CardRequest,
    response: Response,
    by: Frontline,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """Replace the card, with a reason; what it held stays in its history (R 3.1.2)."""
    answered = await correct_citizen(intake, citizen_id, request, by, body.card.card(), body.reason)
    return receipt(answered, response)
