"""Answers of the API of complaints."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from chassis.document import Document
from contracts.values import FullName
from services.complaints.domain.case import CaseCopy, LastDecision
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.records import (
    Answer,
    Channel,
    Complainant,
    Decision,
    Official,
    Representative,
)


class ComplaintView(BaseModel):
    """A complaint as staff see it."""

    id: str
    version: int
    number: str
    status: str
    case_id: str
    case_number: str
    citizen_id: str
    regulation: str
    channel: Channel
    ground: str
    body: str
    examiner: str
    official: Official | None
    complainant: Complainant | None
    nameless: bool
    representative: Representative | None
    decision_or_action: str
    arguments: str
    received_at: AwareDatetime
    registered_at: AwareDatetime
    decision: Decision | None
    answer: Answer | None
    terms: list[dict[str, Any]]


class CaseDecision(BaseModel):
    """What was decided in the case, as far as careplan has said (R 3.6.1)."""

    decision: LastDecision | None
    notice_number: str | None
    refusal_grounds: list[str]
    order_number: str | None


class ComplaintDetail(ComplaintView):
    """One complaint with what is complained of, and the citizen it is about."""

    case: CaseDecision
    citizen: FullName | None


def complaint_view(document: Document[Complaint]) -> ComplaintView:
    """A complaint as staff see it."""
    return ComplaintView.model_validate(_shown(document))


def complaint_detail(
    document: Document[Complaint], case: CaseCopy, citizen: FullName | None
) -> ComplaintDetail:
    """A complaint with its case's decision."""
    decided = case.model_dump(include=set(CaseDecision.model_fields))
    return ComplaintDetail.model_validate({**_shown(document), "case": decided, "citizen": citizen})


def _shown(document: Document[Complaint]) -> dict[str, Any]:
    complaint = document.state
    return {
        **{name: getattr(complaint, name, None) for name in ComplaintView.model_fields},
        "version": document.version,
        "number": complaint.register_number,
        "regulation": complaint.pack,
        "terms": [deadline.model_dump(mode="json") for deadline in complaint.terms.deadlines],
    }
