"""One open case per citizen: of two, one ends and the other goes on with its referrals
(`joined_cases.rank` says which), and both are open again where two citizens are parted (L 5.1).

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


async def join_case(intake: Intake, ending: str, into: str, at: Context) -> None:
    """One case ends, then the other takes its referrals; should that end before it has them, the
    first goes on and is its citizen's open case."""
    hash_of, other = intake.identity.code_hash, await intake.cases.get(into)
    if other is not None and not other.state.over:
        await _on_case(intake, ending, at, lambda case: _close_unless_over(case, into, at))
    joined = await intake.cases.get(ending)
    if joined is None or joined.state.joined_to not in {None, into}:
        return
    taken = joined.state.over  # or it came to its end by itself: there is nothing to take
    if joined.state.joined_to == into:
        taken = await _link(intake, joined.state, into, at)
    if not taken:
        alone = joining.go_on_alone
        await _on_case(intake, ending, at, lambda case: alone(case, into, at, hash_of=hash_of))
        await reunite(intake, ending)


async def _link(intake: Intake, joined: Case, into: str, at: Context) -> bool:
    """Whether the case that goes on has the referrals of the joined one now."""
    taken = False

    def link(case: Case) -> Sequence[Event]:
        nonlocal taken
        events = joining.link_joined(case, joined, at)
        taken = joining.has_taken(case, joined)
        return events

    await _on_case(intake, into, at, link)
    return taken


def _close_unless_over(case: Case, into: str, at: Context) -> Sequence[Event]:
    """One that came to its end by itself just now stays as it is."""
    return [] if case.over else joining.close_joined(case, into, at)


async def part_case(intake: Intake, joined: str, into: str, at: Context) -> None:
    """The case that took the referrals gives them back, then theirs goes on where it stood."""
    document = await intake.cases.get(joined)
    if document is None or document.state.joined_to != into:
        return
    frozen, withdrawals = document.state, dict(document.state.withdrawals)
    hash_of, reopen = intake.identity.code_hash, joining.reopen_parted

    def unlink(case: Case) -> Sequence[Event]:
        withdrawals.update(case.withdrawals)
        return joining.unlink_joined(case, frozen, at, hash_of=hash_of)

    await _on_case(intake, into, at, unlink)
    await _on_case(intake, joined, at, lambda case: reopen(case, at, withdrawals, hash_of=hash_of))


async def reunite(intake: Intake, case_id: str) -> None:
    """A case was taken up again: of all its citizen's open cases one goes on (L 5.1).

    As a rule that is the case itself where its refusal was annulled: it is the eldest, for what is
    decided about it was decided before the others began. The citizen points to the one that goes on
    first, so that no referral goes astray.
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
    first = min((case for case in cases.values() if not case.over), key=joining.rank, default=None)
    if first is not None and holder.state.open_case != first.id:
        take_case(holder.state, first.id)
        await intake.citizens.save(holder)
    for case in cases.values():
        begun = cases.get(case.joined_to or "")
        if begun is not None and not joining.has_taken(begun, case):
            await join_case(intake, case.id, begun.id, at)
        elif first is not None and not case.over and case.id != first.id:
            await join_case(intake, case.id, first.id, at)

    def reunited(case: Case) -> Sequence[Event]:
        case.reunite_at = None
        return ()

    await _on_case(intake, case_id, at, reunited)


async def _on_case(
    intake: Intake, case_id: str, at: Context, decide: Callable[[Case], Sequence[Event]]
) -> None:
    await record(intake.service.commands, intake.cases, case_id, at, decide)
