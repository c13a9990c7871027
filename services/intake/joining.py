"""Carrying out what a person decided about two citizens: join them, or part them again (L 5.1).

Several documents, several writes, and a process may die between any two. The pair's document is the
first and stays due until all is done; every step asks whether it was done. The order keeps one case
open: the survivor has the case before the joined one points to them, and at a parting the one
that ended is open again before the joined one stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chassis.commands import Request, get_visible
from chassis.document import Answered, Document
from chassis.races import until_won
from chassis.store import LostRace
from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.errors import NotFound
from contracts.event import Event
from contracts.values import Actor
from services.intake.consenting import tell_cases
from services.intake.domain import joining, pair
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen
from services.intake.domain.pair import CitizenPair, PairStatus, Verdict
from services.intake.intake import Intake
from services.intake.uniting import join_case, part_case


class CaseOnItsWay(Exception):
    """A case that one of the two claimed is not written yet."""


async def get_pair(intake: Intake, known: str, by: Actor) -> Document[CitizenPair]:
    """A pair the caller may know of."""
    return await get_visible(
        intake.pairs, known, lambda one: pair.may_see_pair(one, by), "citizen pair"
    )


async def decide_pair(
    intake: Intake, known: str, request: Request, by: Actor, verdict: Verdict, reason: str
) -> Answered:
    """A person says whether two citizens are one, and what follows from it is done."""
    at = intake.service.at(by)
    roots = await _roots(intake, known, by) if verdict is Verdict.SAME else None
    return await _change(
        intake,
        known,
        request,
        at,
        lambda state: pair.decide(state, verdict, reason, at, roots),
    )


async def _roots(intake: Intake, known: str, by: Actor) -> tuple[Citizen, Citizen]:
    """The two of a pair, or those whom they were joined to before."""
    one, other = (await get_pair(intake, known, by)).state.citizens
    first, second = await intake.find_citizen(one), await intake.find_citizen(other)
    if first is None or second is None:
        raise NotFound("citizen")
    return first.state, second.state


async def undo_pair(
    intake: Intake, known: str, request: Request, by: Actor, reason: str
) -> Answered:
    """A decision was wrong: two citizens are two again, and the pair waits for a person."""
    at = intake.service.at(by)
    return await _change(intake, known, request, at, lambda state: pair.undo(state, reason, at))


async def _change(
    intake: Intake, known: str, request: Request, at: Context, change: Callable[[CitizenPair], None]
) -> Answered:
    def decide(state: CitizenPair) -> Sequence[Event]:
        change(state)
        return ()

    answered = await intake.service.commands.execute(
        intake.pairs,
        known,
        None,
        request,
        at,
        decide,
        visible=lambda state: pair.may_see_pair(state, at.by),
        answer=lambda state: {"status": state.status},
        what="citizen pair",
    )
    if answered.answer["status"] in {PairStatus.JOINING, PairStatus.PARTING}:
        answered.answer["status"] = await settle(intake, known)
    return answered


@until_won(lost=(LostRace, CaseOnItsWay))
async def settle(intake: Intake, known: str) -> PairStatus | None:
    """Carry out what was decided about a pair, whoever calls it and however often; its status."""
    document = await intake.pairs.get(known)
    if document is not None and document.state.settle_at is not None:
        await _settle(intake, document)
    return document.state.status if document is not None else None


async def _settle(intake: Intake, document: Document[CitizenPair]) -> None:
    """What a person decided happens at that moment, whenever it is carried out."""
    state, done = document.state, True
    decision = state.decisions[-1]
    if state.status is PairStatus.JOINING:
        at = replace(intake.service.at(decision.by), now=decision.at)
        done = await _join(intake, state, at)
    else:
        by, when = decision.undone_by or decision.by, decision.undone_at or decision.at
        at = replace(intake.service.at(by), now=when)
        await _part(intake, state, at)
    if done:
        pair.settled(state)
    else:
        pair.overtaken(state, at.by, at.now)
    await intake.pairs.save(document)


async def _citizen(intake: Intake, citizen_id: str | None) -> Document[Citizen]:
    found = await intake.citizens.get(citizen_id or "")
    if found is None:
        raise NotFound("citizen")
    return found


async def _join(intake: Intake, state: CitizenPair, at: Context) -> bool:
    """Whether the two were joined; not if the one was joined elsewhere meanwhile."""
    other = await _citizen(intake, state.joined)
    if other.state.joined_to is None:
        holder = await _holder(intake, state)
        if holder.id == other.id:
            return False
        cases = joining.OpenCases(
            await _open_case(intake, holder.state), await _open_case(intake, other.state)
        )
        events = joining.take_over(holder.state, other.state, state.id, cases, at)
        if events or holder.state.joinings:
            await intake.service.commands.store(intake.citizens, holder, CITIZEN, None, at, events)
        events = joining.join(other.state, holder.id, state.id, at)
        # refused, if a referral was placed with the other one since their case was read
        await intake.service.commands.store(intake.citizens, other, CITIZEN, None, at, events)
    elif other.state.joined_by != state.id:
        return False
    holder = await _holder(intake, state)
    note = joining.joining_of(holder.state, state.id)
    if note is not None and note.joined_case is not None:
        await join_case(intake, note.joined_case, note.into_case or "", at)
    await _tell(intake, holder)
    return True


async def _holder(intake: Intake, state: CitizenPair) -> Document[Citizen]:
    """Whoever holds the note of this pair: the survivor, or whom they were joined to since."""
    document = await _citizen(intake, state.survivor)
    while joining.joining_of(document.state, state.id) is None and document.state.joined_to:
        document = await _citizen(intake, document.state.joined_to)
    return document


async def _open_case(intake: Intake, citizen: Citizen) -> Case | None:
    if citizen.open_case is None:
        return None
    document = await intake.cases.get(citizen.open_case)
    if document is None or document.state.ref is None:
        raise CaseOnItsWay(citizen.open_case)
    return None if document.state.over else document.state


async def _part(intake: Intake, state: CitizenPair, at: Context) -> None:
    other = await _citizen(intake, state.joined)
    holder = await _holder(intake, state)
    note = joining.joining_of(holder.state, state.id)
    if note is not None and note.joined_case is not None:
        await part_case(intake, note.joined_case, note.into_case or "", at)
    events = joining.part(other.state, holder.state, state.id, at)
    if events:
        await intake.service.commands.store(intake.citizens, other, CITIZEN, None, at, events)
    events = joining.release(holder.state, other.state, state.id, at)
    if events:
        await intake.service.commands.store(intake.citizens, holder, CITIZEN, None, at, events)
    await _tell(intake, holder)
    await _tell(intake, other)


async def _tell(intake: Intake, citizen: Document[Citizen]) -> None:
    """Their cases go by another consent from here on, if they do (152-FZ 9)."""
    if citizen.state.cases_to_tell:
        await tell_cases(intake, citizen.id)
