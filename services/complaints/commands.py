"""Use cases of complaints: one function, one save. Registration is in `registering.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.commands import Request
from chassis.document import Answered
from contracts.complaints import COMPLAINT
from contracts.context import Context
from contracts.errors import NotFound
from contracts.event import Event
from contracts.values import Actor
from services.complaints.complaints import Complaints
from services.complaints.domain.complaint import Complaint, involves, require_examiner
from services.complaints.domain.examination import Verdict, answer_complaint, decide_complaint
from services.complaints.domain.records import AnswerWay, ElectronicCopy
from services.complaints.registering import summary

Decide = Callable[[Complaint, Context], Sequence[Event]]


async def decide(
    complaints: Complaints, complaint_id: str, request: Request, by: Actor, verdict: Verdict
) -> Answered:
    """Decide on a complaint, in the sight of what was decided in its case (R 5.7)."""
    stored = await complaints.complaints.get(complaint_id)
    if stored is None:
        raise NotFound("complaint")
    case = await complaints.cases.get(stored.state.case_id)
    known = case.state if case is not None else None
    return await _examine(
        complaints,
        complaint_id,
        request,
        by,
        lambda complaint, at: decide_complaint(complaint, verdict, known, at),
    )


async def answer(
    complaints: Complaints,
    complaint_id: str,
    request: Request,
    by: Actor,
    parts: dict[str, str],
    way: AnswerWay,
    electronic_copy: ElectronicCopy | None,
) -> Answered:
    """Record that the answer was sent (R 5.9)."""
    return await _examine(
        complaints,
        complaint_id,
        request,
        by,
        lambda complaint, at: answer_complaint(complaint, parts, way, electronic_copy, at),
    )


async def _examine(
    complaints: Complaints, complaint_id: str, request: Request, by: Actor, decide: Decide
) -> Answered:
    """Carry out what only the examining body or the department may (R 5.5)."""
    at = complaints.service.at(by)
    of_department = await complaints.of_department(by)

    def decided(complaint: Complaint) -> Sequence[Event]:
        require_examiner(complaint, by, of_department=of_department)
        return decide(complaint, at)

    return await complaints.service.commands.execute(
        complaints.complaints,
        complaint_id,
        COMPLAINT,
        request,
        at,
        decided,
        visible=lambda complaint: involves(complaint, by, of_department=of_department),
        answer=summary,
        what="complaint",
    )
