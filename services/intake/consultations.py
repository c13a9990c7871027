"""Recording a consultation: one document, one write (S, R 3.1.4)."""

from __future__ import annotations

from chassis.commands import Request
from chassis.document import Answered, Document
from contracts.errors import InvalidInput
from contracts.roles import Role
from contracts.status_code import plain_number
from contracts.values import Actor
from services.intake.domain.consultations import Question, Referral, consult
from services.intake.domain.journal import line_of, may_see
from services.intake.intake import Intake


async def record_consultation(
    intake: Intake, given: Question, case_id: str | None, request: Request, by: Actor
) -> Answered:
    """Record it under the id its key makes, so that a repetition finds it there."""
    at = intake.service.at(by)
    consultation = consult(f"Q{request.key}", given, case_id, at)
    return await intake.service.commands.create(
        intake.consultations,
        Document(id=consultation.id, state=consultation),
        None,
        request,
        at,
        (),
    )


async def find_referral(
    intake: Intake, by: Actor, entry_id: str | None, number: str | None
) -> Referral:
    """A referral that staff name by its id or its number: one they may know of, or for the call
    centre any, as the citizen tells it (S)."""
    wanted = entry_id or line_of(plain_number(number or ""))
    found = await intake.journal.get(wanted)
    if found is None or not (by.role == Role.CALL_CENTRE or may_see(found.state, by)):
        raise InvalidInput(
            "unknown-referral", "the journal has no such entry", field="referral_id", clause="S"
        )
    placed = found.state.placed
    return Referral(found.id, placed.case_id if placed is not None else None)
