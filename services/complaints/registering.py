"""Registering a complaint: one document, one write.

The complaint is its own line in the register: its id is its number (`chassis.register`). A repeated
request is recognised by `source_key`, unique as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.commands import Request, repeated
from chassis.document import Answered, Document
from contracts.case import CaseRef
from contracts.complaints import COMPLAINT
from contracts.context import Context
from contracts.errors import InvalidInput, NotFound
from contracts.regulation import load_pack
from contracts.values import Actor
from services.complaints.complaints import Complaints
from services.complaints.domain.case import serves
from services.complaints.domain.complaint import Complaint, register_key
from services.complaints.domain.registration import (
    ComplaintForm,
    check_form,
    examiner_of,
    register_complaint,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A complaint in the register; `repeated` if it was there before."""

    answered: Answered
    repeated: bool


async def register(
    complaints: Complaints, form: ComplaintForm, request: Request, by: Actor
) -> Registered:
    """Take a complaint in under the next number of its register (R 5.3)."""
    known = await _known(complaints, request)
    if known is not None:
        return Registered(known, repeated=True)
    at = complaints.service.at(by)
    ref = await _case(complaints, form.case_id, by)
    check_form(form, load_pack(ref.pack), at.now)
    examiner = await _examiner(complaints, form, ref)
    return await _enter(complaints, form, ref, examiner, request, at)


def summary(complaint: Complaint) -> dict[str, Any]:
    """What a command's answer tells of the complaint."""
    return {
        "number": complaint.register_number,
        "status": complaint.status,
        "nameless": complaint.nameless,
        "due": {deadline.code: str(deadline.due_on) for deadline in complaint.terms.deadlines},
    }


async def _case(complaints: Complaints, case_id: str, by: Actor) -> CaseRef:
    """A case of the district that the caller may know of; others do not exist."""
    case = await complaints.cases.get(case_id)
    of_department = await complaints.of_department(by)
    ref = case.state.ref if case is not None else None
    if case is None or ref is None or not serves(case.state, by, of_department=of_department):
        raise NotFound("case")
    return ref


async def _examiner(complaints: Complaints, form: ComplaintForm, ref: CaseRef) -> str:
    body = form.body or ""
    kind = await complaints.kind_of(body)
    if kind is None:
        raise InvalidInput(
            "unknown-body", "the directory has no such body", field="body", clause="R 5.4.2"
        )
    return examiner_of(body, kind, ref)


async def _enter(
    complaints: Complaints,
    form: ComplaintForm,
    ref: CaseRef,
    examiner: str,
    request: Request,
    at: Context,
) -> Registered:
    """Write the complaint under the next number of the examiner's register of this year."""

    async def write(number: int) -> Answered:
        source = _source_key(request)
        complaint, events = register_complaint(form, ref, examiner, number, source, at)
        document = Document(id=complaint.id, state=complaint)
        return await complaints.service.commands.store(
            complaints.complaints, document, COMPLAINT, request, at, events, summary
        )

    key = register_key(examiner, at.calendar.local_date(at.now).year)
    answered, was_there = await complaints.register.enter(
        key, write, lambda: _known(complaints, request)
    )
    return Registered(answered, was_there)


async def _known(complaints: Complaints, request: Request) -> Answered | None:
    """The first answer, if this request has registered its complaint already."""
    stored = await complaints.complaints.find_one(source_key=_source_key(request))
    return repeated(stored, request) if stored is not None else None


def _source_key(request: Request) -> str:
    return f"key:{request.key}"
