"""How a route changes a case: which one, on which version, under which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response

from chassis.commands import Request, StaleVersion
from chassis.document import Document
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
        self,
        by: Actor,
        decide: Decide,
        visible: Callable[[Case, Actor], bool] = involves,
        *,
        moves: bool = True,
    ) -> CommandReceipt:
        """Carry the decision out; the receipt, with the new ETag."""
        answered = await change_case(
            self.intake, self.case_id, self.request, by, decide, visible, moves=moves
        )
        return receipt(answered, self.response)


async def _change(
    intake: WithIntake, case_id: str, request: Change, response: Response
) -> CaseChange:
    return CaseChange(intake, case_id, request, response)


ChangeOfCase = Annotated[CaseChange, Depends(_change)]


@dataclass(frozen=True, slots=True)
class RequestChange:
    """A change of an interagency request; If-Match names the version of its case."""

    intake: Intake
    request: Request
    response: Response

    def is_new(self, document: Document[Case]) -> bool:
        """Whether this change was not carried out before; refuses a stale version, before
        anything else is written for it."""
        if document.answered(self.request.key) is not None:
            return False
        if self.request.version != document.version:
            raise StaleVersion(
                "stale-version",
                f"If-Match names another version than {document.version}; read it again",
                field="If-Match",
            )
        return True

    async def __call__(self, by: Actor, case_id: str, decide: Decide) -> CommandReceipt:
        """Carry the decision out; the receipt, with the new ETag."""
        answered = await change_case(self.intake, case_id, self.request, by, decide)
        return receipt(answered, self.response)


async def _change_request(intake: WithIntake, request: Change, response: Response) -> RequestChange:
    return RequestChange(intake, request, response)


ChangeOfRequest = Annotated[RequestChange, Depends(_change_request)]
