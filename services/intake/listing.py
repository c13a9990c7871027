"""Cases that a version without worklists stored are given their place in them, once.

They lack what a case is listed by, so no list would show them until something happens in them.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.event import Event
from contracts.intake import CASE
from contracts.values import SYSTEM
from services.intake.domain.case import Case
from services.intake.domain.worklists import settle
from services.intake.intake import Intake

AT_ONCE = 200


async def list_unlisted(intake: Intake) -> None:
    """Go through all cases, and write anew those that no list can show. Safe to repeat."""
    after = ""
    while found := await intake.cases.look(
        {"_id": {"$gt": after}}, "worklist", sort=(("_id", 1),), limit=AT_ONCE
    ):
        for stored in found:
            if "worklist" not in stored:
                await _list(intake, stored["_id"])
        after = found[-1]["_id"]


async def _list(intake: Intake, case_id: str) -> None:
    """Its version stays: nothing has happened in it."""
    at = intake.service.at(SYSTEM)

    def placed(case: Case) -> Sequence[Event]:
        settle(case, at, moved=False)
        return ()

    await intake.service.commands.execute(
        intake.cases, case_id, CASE, None, at, placed, visible=lambda case: True
    )
