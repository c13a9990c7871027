"""Use cases of intake: one function, one save. Registration, which takes several, is in
`registering.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Request
from chassis.document import Answered
from contracts.context import Context
from contracts.event import Event
from contracts.intake import CASE
from contracts.values import SYSTEM, Actor
from services.intake.domain.case import Case, involves
from services.intake.domain.dispatching import enter_queue
from services.intake.domain.notices import tell_requester
from services.intake.intake import Intake
from services.intake.notifying import tell_senders

Decide = Callable[[Case, Context], Sequence[Event]]


def summary(case: Case) -> dict[str, Any]:
    """What every command answers besides its receipt."""
    return {
        "status": case.status,
        "proposal": case.proposal.model_dump(mode="json") if case.proposal else None,
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
) -> Answered:
    """Carry a decision out on a case the caller may know of; tell the requester of the change."""
    at = intake.service.at(by)
    sendable = False

    def decided(case: Case) -> Sequence[Event]:
        nonlocal sendable
        events = decide(case, at)
        tell_requester(case, at)
        sendable = bool(case.sendable)
        return events

    answered = await intake.service.commands.execute(
        intake.cases,
        case_id,
        CASE,
        request,
        at,
        decided,
        visible=lambda case: visible(case, by),
        answer=summary,
        what=what,
    )
    if sendable:
        intake.sending.nudge()
    return answered


async def run_errands(intake: Intake, case_id: str) -> None:
    """What this case owes to outside parties now: its notice to give.

    Its requests leave by the queue of whom they are addressed to (`sending.py`).
    """
    document = await intake.cases.get(case_id)
    if document is None:
        return
    case = document.state
    await tell_senders(intake, case)
    if any(request.send_by is None for request in case.sendable):
        await _record(intake, case_id, lambda case, at: enter_queue(case))
        intake.sending.nudge()


async def _record(intake: Intake, case_id: str, outcome: Decide) -> None:
    """Store what came of an errand."""
    at = intake.service.at(SYSTEM)
    await intake.service.commands.execute(
        intake.cases,
        case_id,
        CASE,
        None,
        at,
        lambda case: outcome(case, at),
        visible=lambda case: True,
    )
