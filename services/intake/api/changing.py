"""How a route changes a case: which one, on which version, under which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response

from chassis.commands import Request
from chassis.http import Change, CommandReceipt, receipt
from contracts.values import Actor
from services.intake.commands import Decide, change_case
from services.intake.domain.case import Case, involves
from services.intake.intake import Intake, WithIntake


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A change that is asked of one case; the route says by whom it may be, and what is decided."""

    intake: Intake
    case_id: str
    request: Request
    response: Response

    async def __call__(
        self, by: Actor, decide: Decide, visible: Callable[[Case, Actor], bool] = involves
    ) -> CommandReceipt:
        """Carry the decision out; the receipt, with the new ETag."""
        answered = await change_case(self.intake, self.case_id, self.request, by, decide, visible)
        return receipt(answered, self.response)


async def _change(
    intake: WithIntake, case_id: str, request: Change, response: Response
) -> CaseChange:
    return CaseChange(intake, case_id, request, response)


ChangeOfCase = Annotated[CaseChange, Depends(_change)]
