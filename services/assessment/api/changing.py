"""How a route changes a case: which one, on which version, under which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Response

from chassis.commands import Request
from chassis.http import Change, CommandReceipt, receipt
from contracts.values import Actor
from services.assessment.assessment import Assessment, WithAssessment
from services.assessment.commands import Decide, change_case, summary
from services.assessment.domain.case import Case


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A change that is asked of one case; the route says by whom it may be, and what is decided."""

    assessment: Assessment
    case_id: str
    request: Request
    response: Response

    async def __call__(
        self, by: Actor, decide: Decide, answer: Callable[[Case], dict[str, Any]] = summary
    ) -> CommandReceipt:
        """Carry the decision out; the receipt, with the new ETag."""
        answered = await change_case(
            self.assessment, self.case_id, self.request, by, decide, answer
        )
        return receipt(answered, self.response)


async def _change(
    assessment: WithAssessment, case_id: str, request: Change, response: Response
) -> CaseChange:
    return CaseChange(assessment, case_id, request, response)


ChangeOfCase = Annotated[CaseChange, Depends(_change)]
