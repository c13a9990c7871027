"""A line that is about somebody else now: its referral is placed anew, and its case left (L 5.1).

The old line is written last, by `correcting.py`: until then it knows which case that was, and every
step here may be done twice. What the card has from it is taken back before the new line is placed,
for who that is about would else be recognised by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.event import Event
from services.intake.domain.case import Case
from services.intake.domain.citizen import take_out
from services.intake.domain.correcting import leave_case
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.intake import Intake
from services.intake.notifying import keep_shown
from services.intake.placing import place
from services.intake.recognising import take_keys
from services.intake.recording import record


async def take_from_card(
    intake: Intake, old: JournalEntry, before: Sequence[JournalEntry], at: Context
) -> None:
    """The card loses what the old line, and those `before` it, filled in."""
    lines = [old.id, *(one.id for one in before)]
    citizen = await intake.find_citizen(old.placed.citizen_id) if old.placed else None
    events = take_out(citizen.state, lines, at) if citizen is not None else []
    if citizen is None or not events:
        return
    await take_keys(intake, citizen.state, at)
    await intake.service.commands.store(intake.citizens, citizen, CITIZEN, None, at, events)


async def place_anew(
    intake: Intake, old: JournalEntry, before: Sequence[JournalEntry], new: str, at: Context
) -> None:
    """The new line finds its own citizen and case; the lines before it follow, the old case is
    left. It is left where two citizens were joined, too, and the case with the other one's."""
    placed, referral = await place(intake, new), [old, *before][-1].referral

    def leave(case: Case) -> Sequence[Event]:
        hash_of = intake.identity.code_hash
        return leave_case(case, referral, placed.case_id, at, hash_of=hash_of)

    left = old.placed.case_id if old.placed else None
    while left is not None and left != placed.case_id:
        await record(intake.service.commands, intake.cases, left, at, leave)
        document = await intake.cases.get(left)
        left = document.state.joined_to if document is not None else None
    await _show_anew(intake, old, referral, placed)

    def follow(entry: JournalEntry) -> tuple[()]:
        entry.placed = placed
        return ()

    for line in before:
        await intake.service.commands.execute(
            intake.journal, line.id, None, None, at, follow, visible=lambda entry: True
        )
    old.placed = placed


async def _show_anew(intake: Intake, old: JournalEntry, referral: str, placed: Placement) -> None:
    """Whoever sent it follows it in the case it is in now."""
    case = await intake.cases.get(placed.case_id) if old.requester is not None else None
    if case is not None:
        await keep_shown(intake, referral, case.state, placed.citizen_id)
