"""Pairs of citizens who may be one: looked at side by side, decided, undone (L 5.1)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.values import CitizenCard, Text
from services.intake.api.callers import Matcher, own_records
from services.intake.domain.citizen import Citizen
from services.intake.domain.likeness import Likeness, compare
from services.intake.domain.pair import CitizenPair, PairDecision, PairStatus, Verdict
from services.intake.intake import WithIntake
from services.intake.joining import decide_pair, get_pair, undo_pair

router = APIRouter(prefix="/citizen-pairs", tags=["citizens"])


class PairLine(BaseModel):
    """A pair in the list: ids and grade, no personal data."""

    id: str
    version: int
    status: PairStatus
    citizens: tuple[str, str] = Field(description="the one registered earlier first")
    likeness: Likeness = Field(description="as it was found")
    found_at: AwareDatetime
    decisions: list[PairDecision]


class HalfView(BaseModel):
    """One of the two, as their card stands now."""

    id: str
    card: CitizenCard
    registered_at: AwareDatetime | None
    open_case: str | None
    joined_to: str | None


class PairView(PairLine):
    """Both cards side by side, and how alike they are now."""

    cards: list[HalfView]
    likeness_now: Likeness


class DecisionRequest(Body):
    """Whether the two are one person, and what makes one sure of it."""

    decision: Verdict
    reason: Text


class UndoingRequest(Body):
    """Why the decision was wrong."""

    reason: Text


def _line(document: Document[CitizenPair]) -> PairLine:
    pair = document.state
    return PairLine(
        id=document.id,
        version=document.version,
        status=pair.status,
        citizens=pair.citizens,
        likeness=pair.likeness,
        found_at=pair.found_at,
        decisions=pair.decisions,
    )


def _half(citizen: Citizen) -> HalfView:
    return HalfView(
        id=citizen.id,
        card=citizen.card,
        registered_at=citizen.registered_at,
        open_case=citizen.open_case,
        joined_to=citizen.joined_to,
    )


@router.get("", summary="Pairs that wait for a decision")
async def get_pairs(
    by: Matcher,
    intake: WithIntake,
    status: Annotated[PairStatus, Query(description="how the pair stands")] = PairStatus.OPEN,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PairLine]:
    """Pairs whose turn is the caller's institution, or of all of an authorised body; oldest first.

    It is the turn of whoever serves the citizen that came later.
    """
    query = {**own_records(by), "status": status.value}
    return await page(intake.pairs, query, "found", cursor, limit, _line)


@router.get("/{pair_id}", summary="One pair, side by side")
async def get_citizen_pair(
    pair_id: str, response: Response, by: Matcher, intake: WithIntake
) -> PairView:
    """Both cards, and the reasons for which they may be one; for whoever serves one of the two."""
    document = await get_pair(intake, pair_id, by)
    found = await intake.citizens.find({"_id": {"$in": list(document.state.citizens)}}, limit=2)
    halves = {half.id: half.state for half in found}
    one, other = (halves[citizen] for citizen in document.state.citizens)
    response.headers["ETag"] = etag(document.version)
    return PairView(
        **_line(document).model_dump(),
        cards=[_half(one), _half(other)],
        likeness_now=compare(one.card, other.card),
    )


@router.post("/{pair_id}/decision", summary="Decide whether two citizens are one")
async def post_decision(
    pair_id: str,
    body: DecisionRequest,
    response: Response,
    by: Matcher,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """One: the earlier card is completed and goes on, and so does the elder of two open cases.

    Different: the pair is not proposed again. Either can be undone.
    """
    answered = await decide_pair(intake, pair_id, request, by, body.decision, body.reason)
    return receipt(answered, response)


@router.post("/{pair_id}/undoing", summary="Undo the decision about a pair")
async def post_undoing(
    pair_id: str,
    body: UndoingRequest,
    response: Response,
    by: Matcher,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """Two citizens are two again, each with the case they had; the pair waits for a decision."""
    return receipt(await undo_pair(intake, pair_id, request, by, body.reason), response)
