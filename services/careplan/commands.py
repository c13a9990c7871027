"""Use cases of care planning: one function, one save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Request
from chassis.document import Answered
from contracts.careplan import CASE
from contracts.context import Context
from contracts.event import Event
from contracts.values import Actor
from services.careplan.careplan import Careplan
from services.careplan.domain.case import Case, involves

Decide = Callable[[Case, Context], Sequence[Event]]


def summary(case: Case) -> dict[str, Any]:
    """What every command answers besides its receipt."""
    return {"status": case.status, "plan_version": case.plan_version or None}


async def change_case(
    careplan: Careplan, case_id: str, request: Request, by: Actor, decide: Decide
) -> Answered:
    """Carry a decision out on a case the caller may know of."""
    at = careplan.service.at(by)
    return await careplan.service.commands.execute(
        careplan.cases,
        case_id,
        CASE,
        request,
        at,
        lambda case: decide(case, at),
        visible=lambda case: involves(case, by),
        answer=summary,
    )
