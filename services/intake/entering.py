"""Entering a line in a journal, under its next number (R 3.1.2)."""

from __future__ import annotations

from chassis.document import Document
from services.intake.domain.journal import JournalEntry, entry_id
from services.intake.intake import Intake

NO_ID, NO_NUMBER = "", 0
"""What a line has before it is entered."""


async def enter_line(intake: Intake, line: JournalEntry) -> tuple[Document[JournalEntry], bool]:
    """Enter a line in the journal of its institution and year, which gives it number and id.

    What stands there from the same source, and whether it did before: a source is entered once.
    """

    async def write(number: int) -> Document[JournalEntry]:
        known = entry_id(line.institution, line.year, number)
        numbered = line.model_copy(update={"id": known, "number": number})
        document = Document(id=known, state=numbered, version=1)
        await intake.journal.save(document)
        return document

    return await intake.register.enter(
        line.register_key, write, lambda: intake.journal.find_one(source_key=line.source_key)
    )
