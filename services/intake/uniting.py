"""One open case per citizen: of two, the younger ends and the elder goes on with its referrals, and
both are open again where two citizens are parted (L 5.1).

Several documents, several writes, and a process may die between any two. Whoever begins it stays
due until it is done: the pair of two citizens who are joined (`joining.py`), or a case that was
taken up again while its citizen got another (`reunite`). Every step asks whether it was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contracts.context import Context
from contracts.event import Event
from contracts.values import SYSTEM
from services.intake.domain import joined_cases as joining
from services.intake.domain.case import Case
from services.intake.domain.joining import take_case
from services.intake.intake import Intake
from services.intake.recording import record

MOST_CASES = 100
"""Of one citizen; nobody has had so many."""


async def join_case(intake: Intake, younger: str, elder: str, at: Context) -> None:
    """The younger case ends, then the elder takes its referrals; should the elder end before it has
    them, the younger goes on and is its citizen's open case."""
    into = await intake.cases.get(elder)
    if into is not None and not into.state.over:
        await _on_case(intake, younger, at, lambda case: _close_unless_over(case, elder, at))
    joined = await intake.cases.get(younger)
    if joined is None or joined.state.joined_to not in {None, elder}:
        return
    taken = joined.state.over  # or it came to its end by itself: there is nothing to take
    if joined.state.joined_to == elder:
        taken = await _link(intake, joined.state, elder, at)
    if not taken:
        await _on_case(intake, younger, at, lambda case: joining.go_on_alone(case, elder, at))
        await reunite(intake, younger)


async def _link(intake: Intake, younger: Case, elder: str, at: Context) -> bool:
    """Whether the elder case has the younger one's referrals now."""
    taken = False

    def link(case: Case) -> Sequence[Event]:
        nonlocal taken
        events = joining.link_joined(case, younger, at)
        taken = joining.has_taken(case, younger)
        return events

    await _on_case(intake, elder, at, link)
    return taken


def _close_unless_over(case: Case, elder: str, at: Context) -> Sequence[Event]:
    """One that came to its end by itself just now stays as it is."""
    return [] if case.over else joining.close_joined(case, elder, at)


async def part_case(intake: Intake, younger: str, elder: str, at: Context) -> None:
    """The elder case gives the referrals back, then the younger goes on where it stood."""
    joined = await intake.cases.get(younger)
    if joined is None or joined.state.joined_to != elder:
        return
    frozen, withdrawals = joined.state, dict(joined.state.withdrawals)

    def unlink(case: Case) -> Sequence[Event]:
        withdrawals.update(case.withdrawals)
        return joining.unlink_joined(case, frozen, at)

    await _on_case(intake, elder, at, unlink)
    await _on_case(intake, younger, at, lambda case: joining.reopen_parted(case, at, withdrawals))


async def reunite(intake: Intake, case_id: str) -> None:
    """A case was taken up again: of all its citizen's open cases the eldest goes on (L 5.1).

    That is the case itself where its refusal was annulled: what is decided about it was decided
    before the others began. The citizen points to it first, so that no referral goes astray.
    """
    document = await intake.cases.get(case_id)
    if document is None or document.state.reunite_at is None:
        return
    at = intake.service.at(SYSTEM)
    holder = await intake.find_citizen(document.state.reference.citizen_id)
    if holder is None:
        return
    ids = sorted({*holder.state.case_ids, case_id})
    found = await intake.cases.find({"_id": {"$in": ids}}, limit=MOST_CASES)
    cases = {one.id: one.state for one in found if one.state.ref is not None}
    if holder.state.open_case not in {None, *cases}:
        return  # it is claimed and on its way: the next sweep looks again
    elder = min((case for case in cases.values() if not case.over), key=joining.age, default=None)
    if elder is not None and holder.state.open_case != elder.id:
        take_case(holder.state, elder.id)
        await intake.citizens.save(holder)
    for case in cases.values():
        begun = cases.get(case.joined_to or "")
        if begun is not None and not joining.has_taken(begun, case):
            await join_case(intake, case.id, begun.id, at)
        elif elder is not None and not case.over and case.id != elder.id:
            await join_case(intake, case.id, elder.id, at)

    def reunited(case: Case) -> Sequence[Event]:
        case.reunite_at = None
        return ()

    await _on_case(intake, case_id, at, reunited)


async def _on_case(
    intake: Intake, case_id: str, at: Context, decide: Callable[[Case], Sequence[Event]]
) -> None:
    await record(intake.service.commands, intake.cases, case_id, at, decide)
