"""Correcting: the old line says what is wrong, the new one is entered, the card follows (R 3.1.2).

Each is one write of its own, and a process may die between any two. The old line is the first: once
it carries the correction it stays due until the new one stands, whose source is the old one's id,
so that it is entered once, and until its case goes where the corrected address says.
"""

from __future__ import annotations

from chassis.document import Document
from chassis.races import pause, too_busy
from chassis.store import AlreadyExists, LostRace
from contracts.citizen import CITIZEN
from contracts.context import Context
from services.intake.domain.correcting import carry_over
from services.intake.domain.journal import Correction, JournalEntry, entry_id, missing_fields
from services.intake.finding import found_by
from services.intake.forwarding import follow, pass_on
from services.intake.intake import Intake
from services.intake.placing import place
from services.intake.recognising import take_keys

TRIES = 25


async def finish(intake: Intake, line: str) -> None:
    """What a line of the journal still has to come to: its place, or the line in its place."""
    document = await intake.journal.get(line)
    if document is not None and document.state.correction is not None:
        await enter_corrected(intake, line)
    elif document is not None:
        await place(intake, line)


async def enter_corrected(intake: Intake, line: str) -> Document[JournalEntry]:
    """Enter the new line and correct the citizen's card; does nothing twice, whoever calls it."""
    for attempt in range(TRIES):
        document = await intake.journal.get(line)
        made = document.state.correction if document else None
        if document is None or made is None:
            raise LookupError(line)
        at = intake.service.at(made.by)
        entered = await _enter(intake, document.state, made, at)
        if document.state.corrected_by is not None and document.state.place_at is None:
            return entered
        await _correct_card(intake, document.state, entered, at)
        followed = await follow(intake, entered.state, at)
        document.state.corrected_by, document.state.place_at = entered.id, None
        try:
            await intake.journal.save(document)
        except LostRace:
            await pause(attempt)
            continue
        if followed is not None:
            await pass_on(intake, followed)
        return entered
    raise too_busy()


async def _enter(
    intake: Intake, old: JournalEntry, made: Correction, at: Context
) -> Document[JournalEntry]:
    """The new line, under the next number of the same journal (R 3.1.2)."""
    if old.corrected_by is not None:
        known = await intake.journal.get(old.corrected_by)
        if known is not None:
            return known
    year, source_key = at.calendar.local_date(made.at).year, f"correction:{old.id}"

    async def write(number: int) -> Document[JournalEntry]:
        line = old.model_copy(
            update={
                "id": entry_id(old.institution, year, number),
                "year": year,
                "number": number,
                "source_key": source_key,
                "form": made.form,
                "found_by": found_by(intake.identity, made.form.citizen),
                "original": None,
                "received_at": made.form.received_at or old.received_at,
                "recorded_by": made.by,
                "missing": missing_fields(made.form),
                "place_at": None,
                "corrects": old.id,
                "correction": None,
                "corrected_by": None,
            }
        )
        document = Document(id=line.id, state=line, version=1)
        await intake.journal.save(document)
        return document

    entered, _ = await intake.register.enter(
        f"{old.institution}-{year}", write, lambda: intake.journal.find_one(source_key=source_key)
    )
    return entered


async def _correct_card(
    intake: Intake, old: JournalEntry, entered: Document[JournalEntry], at: Context
) -> None:
    """The citizen's card says from now on what the new line says otherwise than the old."""
    new = entered.state
    if old.placed is None or old.form.citizen == new.form.citizen:
        return
    for attempt in range(TRIES):
        document = await intake.find_citizen(old.placed.citizen_id)
        if document is None:
            return
        citizen = document.state
        events = carry_over(citizen, old.form.citizen, new.form.citizen, new.id, at)
        if not events:
            return
        before = new.same_as
        new.same_as = await take_keys(intake, citizen, at) or before
        try:
            if new.same_as != before:
                await intake.journal.save(entered)
            await intake.service.commands.store(
                intake.citizens, document, CITIZEN, None, at, events
            )
            return
        except (LostRace, AlreadyExists):
            await pause(attempt)
    raise too_busy()
