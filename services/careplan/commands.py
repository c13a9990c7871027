"""Use cases of care planning: one function, one save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Request
from chassis.document import Answered, Document
from contracts.careplan import CASE
from contracts.context import Context
from contracts.errors import NotFound
from contracts.event import Event
from contracts.values import Actor
from services.careplan.careplan import Careplan
from services.careplan.domain.case import Case, involves

Decide = Callable[[Case, Context], Sequence[Event]]


def _summary(case: Case) -> dict[str, Any]:
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
        answer=_summary,
    )


async def get_case(careplan: Careplan, case_id: str, by: Actor) -> Document[Case]:
    """A case the caller may know of; any other does not exist for them."""
    document = await careplan.cases.get(case_id)
    if document is None or not involves(document.state, by):
        raise NotFound("case")
    return document
