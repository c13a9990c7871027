"""The citizen's card: who may look at it, and its correction (R 3.1.2, L 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.races import until_won
from contracts.citizen import CITIZEN
from contracts.errors import NotFound
from contracts.event import Event
from contracts.values import Actor, CitizenCard
from services.intake.domain.case import involves
from services.intake.domain.citizen import Citizen, correct_card
from services.intake.intake import Intake
from services.intake.recognising import Recognised, apply_keys, look_up

CASES_AT_MOST = 1000


async def get_citizen(
    intake: Intake, citizen_id: str, by: Actor
) -> tuple[Document[Citizen], list[str]]:
    """The citizen an id means, and their cases; for those who serve one of them (L 5.1)."""
    document = await intake.find_citizen(citizen_id)
    if document is None:
        raise NotFound("citizen")
    ids = await _cases_of(intake, document.state)
    found = await intake.cases.find({"_id": {"$in": ids}}, limit=CASES_AT_MOST) if ids else []
    if not any(involves(case.state, by) for case in found):
        raise NotFound("citizen")
    return document, ids


async def _cases_of(intake: Intake, citizen: Citizen) -> list[str]:
    """Their cases and those of everybody joined to them."""
    ids = list(citizen.case_ids)
    for joining in citizen.joinings:
        other = await intake.citizens.get(joining.citizen)
        ids += await _cases_of(intake, other.state) if other is not None else []
    return list(dict.fromkeys(ids))


@until_won()
async def correct_citizen(
    intake: Intake, citizen_id: str, request: Request, by: Actor, card: CitizenCard, reason: str
) -> Answered:
    """Correct the card and what its citizen is found by; one write.

    If somebody took the same place among those who are alike, the store says so and we look again.
    """
    document, _ = await get_citizen(intake, citizen_id, by)
    corrected = document.state.model_copy(update={"card": card})
    seen = await look_up(intake, corrected)
    return await _correct(intake, document.id, request, by, card, reason, seen)


async def _correct(
    intake: Intake,
    citizen_id: str,
    request: Request,
    by: Actor,
    card: CitizenCard,
    reason: str,
    seen: Recognised,
) -> Answered:
    at = intake.service.at(by)

    def decide(citizen: Citizen) -> Sequence[Event]:
        events = correct_card(citizen, card, reason, at, at.calendar.local_date(at.now))
        apply_keys(intake, citizen, seen, at)
        return events

    return await intake.service.commands.execute(
        intake.citizens,
        citizen_id,
        CITIZEN,
        request,
        at,
        decide,
        visible=lambda citizen: citizen.joined_to is None,
        what="citizen",
    )
