"""Correcting: the old line says what is wrong, the new one is entered, the card follows (R 3.1.2).

Each is one write of its own, and a process may die between any two. The old line is the first: once
it carries the correction it stays due until the new one stands, whose source is the old one's id,
so that it is entered once, and until its case goes where the corrected address says.

If the new line is about somebody else, no card follows it: it is placed as a new referral would be,
and the old case is left (`placing_anew.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.clock import new_id
from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.races import until_won
from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.event import Event
from contracts.values import Actor
from services.intake.commands import change_line
from services.intake.domain.case import Case
from services.intake.domain.correcting import (
    GRACE,
    Corrected,
    Placed,
    carry_over,
    correct,
)
from services.intake.domain.journal import WAITING, Correction, JournalEntry
from services.intake.domain.received import correct_receipt, said_later
from services.intake.domain.referral_form import missing_fields
from services.intake.entering import enter_line
from services.intake.finding import found_by
from services.intake.forwarding import decided_by, follow, pass_on
from services.intake.intake import Intake
from services.intake.placing import place
from services.intake.placing_anew import place_anew, take_from_card
from services.intake.recognising import take_keys
from services.intake.recording import record


async def finish(intake: Intake, line: str) -> None:
    """What a line of the journal still has to come to: its place, or the line in its place."""
    document = await intake.journal.get(line)
    if document is not None and document.state.correction is not None:
        await enter_corrected(intake, line)
    elif document is not None:
        await place(intake, line)


class SaysOtherwise(Exception):
    """The new line says otherwise who the citizen is: what the old one has come to is asked."""

    def __init__(self, entry: JournalEntry) -> None:
        super().__init__(entry.id)
        self.entry = entry


async def correct_line(
    intake: Intake, line: str, request: Request, by: Actor, corrected: Corrected
) -> Answered:
    """Have a line of the caller's own journal entered anew; `enter_corrected` does it."""

    async def attempt(placed: Placed | None) -> Answered:
        def decide(entry: JournalEntry, at: Context) -> None:
            if placed is None and entry.placed is not None and corrected.says_otherwise_who(entry):
                raise SaysOtherwise(entry)
            waits, known = entry.state in WAITING, entry.form.citizen.address
            form = correct(entry, corrected, at, placed)
            if waits:  # refused here, if nobody could pass it on to that address
                entry.onward = decided_by(intake, form, known=known)

        return await change_line(intake, line, request, by, decide, visible=_own)

    await intake.ready()
    try:
        return await attempt(None)
    except SaysOtherwise as asked:
        return await attempt(await _placed(intake, asked.entry))


def _own(entry: JournalEntry, by: Actor) -> bool:
    return entry.institution == by.organization


async def _placed(intake: Intake, entry: JournalEntry) -> Placed:
    citizen = await intake.find_citizen(entry.placed.citizen_id) if entry.placed else None
    if citizen is None or entry.placed is None:
        raise LookupError(entry.id)
    lines = [entry, *await _before(intake, entry)]
    ids = dict.fromkeys([*citizen.state.case_ids, entry.placed.case_id])
    cases = [await intake.cases.get(known) for known in ids]
    return Placed(
        referral=lines[-1].referral,
        lines=tuple(one.id for one in lines),
        citizen=citizen.state,
        cases=tuple(case.state for case in cases if case is not None),
    )


async def _before(intake: Intake, entry: JournalEntry) -> list[JournalEntry]:
    """The lines that told of a referral before this one, back to the first."""
    found: list[JournalEntry] = []
    while before := (found[-1] if found else entry):
        source = before.corrects or before.forwarded_from
        document = await intake.journal.get(source) if source is not None else None
        if document is None:
            break
        found.append(document.state)
    return found


@until_won()
async def enter_corrected(intake: Intake, line: str) -> Document[JournalEntry]:
    """Enter the new line and correct the citizen's card; does nothing twice, whoever calls it.

    Should others be faster anywhere on the way, all of it is looked at anew.
    """
    document = await intake.journal.get(line)
    made = document.state.correction if document else None
    if document is None or made is None:
        raise LookupError(line)
    old, at = document.state, intake.service.at(made.by)
    done = old.corrected_by is not None and old.place_at is None
    before = await _before(intake, old) if old.of_another and not done else []
    if old.of_another and not done:
        await take_from_card(intake, old, before, at)
    entered = await _enter(intake, old, made, before, at)
    if done:
        return entered
    followed = None
    if old.of_another:
        await place_anew(intake, old, before, entered.id, at)
    else:
        await _correct_card(intake, old, entered, at)
        await _correct_receipt(intake, old, entered.state, at)
        followed = await follow(intake, entered.state, at)
    old.corrected_by, old.place_at = entered.id, None
    await intake.journal.save(document)
    if followed is not None:
        await pass_on(intake, followed)
    return entered


async def _enter(
    intake: Intake,
    old: JournalEntry,
    made: Correction,
    before: Sequence[JournalEntry],
    at: Context,
) -> Document[JournalEntry]:
    """The new line, under the next number of the same journal (R 3.1.2)."""
    if old.corrected_by is not None:
        known = await intake.journal.get(old.corrected_by)
        if known is not None:
            return known
    line = old.model_copy(
        update={
            "year": at.calendar.local_date(made.at).year,
            "source_key": f"correction:{old.id}",
            "form": made.form,
            "found_by": found_by(intake.identity, made.form.citizen),
            "original": None,
            "received_at": _received(old, made),
            "recorded_by": made.by,
            "missing": missing_fields(made.form),
            "place_at": None,
            "corrects": old.id,
            "correction": None,
            "corrected_by": None,
            **(_unplaced([old, *before][-1].referral, at) if old.of_another else {}),
        }
    )
    entered, _ = await enter_line(intake, line)
    return entered


def _received(old: JournalEntry, made: Correction) -> datetime:
    """What the correction says of it; else it stays: an institution's line has its own receipt."""
    said = made.form.received_at
    return old.received_at if said is None or said == old.form.received_at else said


def _unplaced(referral: str, at: Context) -> dict[str, object]:
    """What a line says that is still to be placed, under the name its referral has already."""
    return {
        "first": referral,
        "of_another": False,
        "placed": None,
        "place_at": at.now + GRACE,
        "case_candidate": new_id("C"),
        "citizen_candidate": new_id("P"),
        "same_as": None,
    }


async def _correct_card(
    intake: Intake, old: JournalEntry, entered: Document[JournalEntry], at: Context
) -> None:
    """The citizen's card says from now on what the new line says otherwise than the old."""
    new = entered.state
    if old.placed is None or old.form.citizen == new.form.citizen:
        return
    document = await intake.find_citizen(old.placed.citizen_id)
    if document is None:
        return
    citizen = document.state
    events = carry_over(citizen, old.form.citizen, new.form.citizen, new.id, at)
    if not events:
        return
    before = new.same_as
    new.same_as = await take_keys(intake, citizen, at) or before
    if new.same_as != before:
        await intake.journal.save(entered)
    await intake.service.commands.store(intake.citizens, document, CITIZEN, None, at, events)


async def _correct_receipt(
    intake: Intake, old: JournalEntry, new: JournalEntry, at: Context
) -> None:
    """Every case that has the referral counts from the receipt that the new line states."""
    if old.placed is None or old.received_at == new.received_at:
        return
    referral = [old, *await _before(intake, old)][-1].referral
    known: str | None = old.placed.case_id
    following: str | None = None

    def decide(case: Case) -> Sequence[Event]:
        nonlocal following
        following = None if said_later(case, referral, new) else case.joined_to
        return correct_receipt(case, referral, new, at)

    while known is not None:
        await record(intake.service.commands, intake.cases, known, at, decide, moves=False)
        known = following
