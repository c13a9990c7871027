"""Use cases of intake: one function, one save. Registration, which takes several, is in
`registering.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Request
from chassis.document import Answered
from contracts.context import Context
from contracts.event import Event
from contracts.values import SYSTEM, Actor
from services.intake.domain.case import Case, involves
from services.intake.domain.dispatching import enter_queue
from services.intake.domain.journal import JournalEntry, may_see
from services.intake.forwarding import pass_on
from services.intake.intake import Intake
from services.intake.notifying import tell_senders
from services.intake.recording import record
from services.intake.uniting import reunite

Decide = Callable[[Case, Context], Sequence[Event]]


def summary(case: Case) -> dict[str, Any]:
    """What every command answers besides its receipt.

    It is kept with the case for as long as the command may be repeated, so it is short: how the
    codes were weighed is read with the case.
    """
    proposal = case.proposal
    return {
        "status": case.status,
        "proposal": proposal.model_dump(mode="json", exclude={"considered"}) if proposal else None,
        "request_id": case.every_request[-1].id if case.every_request else None,
    }


async def change_case(
    intake: Intake,
    case_id: str,
    request: Request,
    by: Actor,
    decide: Decide,
    visible: Callable[[Case, Actor], bool] = involves,
    what: str = "case",
    *,
    answer: Callable[[Case], dict[str, Any]] = summary,
    moves: bool = True,
) -> Answered:
    """Carry a decision out on a case the caller may know of.

    `moves`: whether it is something that happens in the case (`worklists.settle`).
    """
    at = intake.service.at(by)
    sendable = False

    def decided(case: Case) -> Sequence[Event]:
        nonlocal sendable
        events = decide(case, at)
        sendable = bool(case.sendable)
        return events

    answered = await record(
        intake.service.commands,
        intake.cases,
        case_id,
        at,
        decided,
        request=request,
        visible=lambda case: visible(case, by),
        answer=answer,
        what=what,
        moves=moves,
    )
    if sendable:
        intake.sending.nudge()
    return answered


async def change_line(
    intake: Intake,
    line: str,
    request: Request,
    by: Actor,
    decide: Callable[[JournalEntry, Context], None],
    visible: Callable[[JournalEntry, Actor], bool] = may_see,
    *,
    answer: Callable[[JournalEntry], dict[str, Any]] = lambda entry: {},
) -> Answered:
    """Carry a decision out on a line of the journal the caller may know of; it tells nobody."""
    at = intake.service.at(by)

    def decided(entry: JournalEntry) -> Sequence[Event]:
        decide(entry, at)
        return ()

    return await intake.service.commands.execute(
        intake.journal,
        line,
        None,
        request,
        at,
        decided,
        visible=lambda entry: visible(entry, by),
        answer=answer,
        what="referral",
    )


async def run_errands(intake: Intake, case_id: str) -> None:
    """What this case owes now: its notice to give, lines in other bodies' journals, that it is its
    citizen's one open case.

    Its requests leave by the queue of whom they are addressed to (`sending.py`).
    """
    document = await intake.cases.get(case_id)
    if document is None:
        return
    case = document.state
    await tell_senders(intake, case)
    if case.pass_on_at is not None and case.pass_on_at <= intake.now():
        await pass_on(intake, case_id)
    if case.reunite_at is not None and case.reunite_at <= intake.now():
        await reunite(intake, case_id)
    if any(request.send_by is None for request in case.sendable):
        at = intake.service.at(SYSTEM)
        await record(intake.service.commands, intake.cases, case_id, at, enter_queue)
        intake.sending.nudge()
