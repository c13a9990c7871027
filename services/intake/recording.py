"""The one door by which a case is stored: with its place in the worklists, and with those told who
referred the citizen. Whoever changes a case says what happens in it; the rest is done here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Commands, Request
from chassis.document import Answered, Document
from chassis.store import Collection
from contracts.context import Context
from contracts.event import Event
from contracts.intake import CASE
from services.intake.domain.case import Case
from services.intake.domain.notices import tell_requester
from services.intake.domain.worklists import settle


def registered(case: Case) -> bool:
    """Whether it is a case yet: others may have spoken of it before it was registered."""
    return case.ref is not None


async def record(
    commands: Commands,
    cases: Collection[Case],
    case_id: str,
    at: Context,
    decide: Callable[[Case], Sequence[Event]],
    *,
    request: Request | None = None,
    visible: Callable[[Case], bool] = registered,
    answer: Callable[[Case], dict[str, Any]] = lambda case: {},
    what: str = "case",
    moves: bool | None = None,
) -> Answered:
    """One load, one decision, one save; raises NotFound of a case that is not `visible`.

    `moves`: whether it is something that happens in the case (`worklists.settle`); unless said, it
    is where there is an event to tell.
    """

    def decided(case: Case) -> Sequence[Event]:
        events = decide(case)
        moved = bool(events) if moves is None else moves
        if events or moved:
            tell_requester(case, at)
        settle(case, at, moved=moved)
        return events

    return await commands.execute(
        cases, case_id, CASE, request, at, decided, visible=visible, answer=answer, what=what
    )


async def record_new(
    commands: Commands,
    cases: Collection[Case],
    document: Document[Case],
    at: Context,
    events: Sequence[Event],
) -> None:
    """A case that was just opened (`registration.register_case`): one save."""
    await commands.store(cases, document, CASE, None, at, events)
