"""Use cases of consent: the citizen's document first, then the case that goes by it (152-FZ 9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chassis.commands import Request
from chassis.document import Answered
from chassis.store import LostRace
from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from contracts.values import SYSTEM, Actor
from services.intake.domain.actions import Action
from services.intake.domain.case import require
from services.intake.domain.citizen import Citizen
from services.intake.domain.consent import Coverage, GivenConsent
from services.intake.domain.consenting import (
    ConsentState,
    give_consent,
    learn_consent,
    needs_telling,
    state_of,
    told,
    withdraw_consent,
)
from services.intake.intake import Intake
from services.intake.recording import record

T = TypeVar("T")


class JoinedMeanwhile(Exception):
    """The citizen was joined to another one, who is meant from then on."""

    def __init__(self, survivor: str) -> None:
        super().__init__(survivor)
        self.survivor = survivor


async def change_citizen(
    intake: Intake,
    citizen_id: str,
    request: Request,
    at: Context,
    decide: Callable[[Citizen], Sequence[Event]],
) -> Answered:
    """Change the citizen an id means by now: the survivor, where two were joined (L 5.1)."""

    def decided(citizen: Citizen) -> Sequence[Event]:
        if citizen.joined_to is not None:
            raise JoinedMeanwhile(citizen.joined_to)
        return decide(citizen)

    while True:
        try:
            return await intake.service.commands.execute(
                intake.citizens,
                citizen_id,
                CITIZEN,
                request,
                at,
                decided,
                visible=lambda citizen: True,
                what="citizen",
            )
        except JoinedMeanwhile as joined:
            citizen_id = joined.survivor


async def record_consent(
    intake: Intake, case_id: str, request: Request, by: Actor, consent: GivenConsent
) -> Answered:
    """Consent belongs to the citizen; it is given in the course of a case (R 3.3.7)."""
    case = (await intake.get_case(case_id, by)).state
    at = intake.service.at(by)
    tell = case_id if needs_telling(case) else None

    def decide(citizen: Citizen) -> Sequence[Event]:
        require(case, Action.RECORD_CONSENT)
        return give_consent(citizen, consent, case.pack, at, card=citizen_id, case_to_tell=tell)

    citizen_id = case.reference.citizen_id
    answered = await change_citizen(intake, citizen_id, request, at, decide)
    if tell is not None:
        await tell_cases(intake, answered.answer["id"])
    return answered


async def record_withdrawal(
    intake: Intake,
    case_id: str,
    request: Request,
    by: Actor,
    other_basis: str | None,
    other_reason: str | None,
) -> Answered:
    """The citizen takes the consent back; the case is set aside at once (152-FZ 9.2)."""
    case = (await intake.get_case(case_id, by)).state
    at = intake.service.at(by)

    def decide(citizen: Citizen) -> Sequence[Event]:
        require(case, Action.WITHDRAW_CONSENT)
        return withdraw_consent(
            citizen,
            case.pack,
            at,
            case_id=case_id,
            other_basis=other_basis,
            other_reason=other_reason,
        )

    citizen_id = case.reference.citizen_id
    answered = await change_citizen(intake, citizen_id, request, at, decide)
    await tell_cases(intake, answered.answer["id"])
    return answered


async def tell_cases(intake: Intake, citizen_id: str) -> None:
    """Have the cases go by the consent as it stands; the citizen stays due until they do."""
    for _ in range(2):  # a consent that came meanwhile is told by whoever recorded it, or by us
        document = await intake.citizens.get(citizen_id)
        if document is None or not document.state.cases_to_tell:
            return
        at, known = intake.service.at(SYSTEM), state_of(document.state)
        cases = [*document.state.cases_to_tell, *await _cases_of_joined(intake, document.state)]
        for case_id in dict.fromkeys(cases):
            await _on_case(intake, case_id, known, at)
        told(document.state)
        try:
            await intake.citizens.save(document)
            return
        except LostRace:
            continue


async def _cases_of_joined(intake: Intake, citizen: Citizen) -> list[str]:
    """The cases of whoever was joined to a citizen: the person's consent is theirs too (L 5.1)."""
    found: list[str] = []
    for known in citizen.joinings:
        joined = await intake.citizens.get(known.citizen)
        if joined is not None and joined.state.joined_to == citizen.id:
            found += [*joined.state.case_ids, *await _cases_of_joined(intake, joined.state)]
    return found


async def _on_case(intake: Intake, case_id: str, known: ConsentState, at: Context) -> None:
    try:
        await record(
            intake.service.commands,
            intake.cases,
            case_id,
            at,
            lambda case: learn_consent(case, known, at),
        )
    except NotFound:
        return  # claimed and not written yet: it begins without a consent


async def with_consent(
    intake: Intake, case_id: str, by: Actor, attempt: Callable[[], Awaitable[T]]
) -> T:
    """Try what needs a consent on what the case knows of it; if that does not do, look at the
    citizen's own, tell the case, and try once more."""
    try:
        return await attempt()
    except NotAllowedInState as refused:
        if refused.code not in set(Coverage):
            raise
        document = await intake.cases.get(case_id)
        if document is None or document.state.consent_withdrawn:
            raise
        scope = await intake.consent_of(document.state)
        if scope is None or scope == document.state.consent:
            raise
        await _on_case(intake, case_id, ConsentState(scope, None), intake.service.at(by))
        return await attempt()
