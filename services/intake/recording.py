"""What happens to a case besides a command of somebody's: it is stored with its place in the
worklists, as a command is (`commands.change_case`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.commands import Commands
from chassis.store import Collection
from contracts.context import Context
from contracts.event import Event
from contracts.intake import CASE
from services.intake.domain.case import Case
from services.intake.domain.worklists import settle


async def record(
    commands: Commands,
    cases: Collection[Case],
    case_id: str,
    at: Context,
    decide: Callable[[Case], Sequence[Event]],
) -> None:
    """One load, one decision, one save; raises NotFound of a case that is not registered."""

    def decided(case: Case) -> Sequence[Event]:
        events = decide(case)
        settle(case, at, moved=bool(events))
        return events

    await commands.execute(
        cases, case_id, CASE, None, at, decided, visible=lambda case: case.ref is not None
    )
