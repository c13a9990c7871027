"""Answers of intake's API."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.intake import TriageCode
from services.intake.domain.case import Case
from services.intake.domain.documents import missing_documents
from services.intake.domain.records import Decline, Forwarding, UrgentMeasure


class CaseView(BaseModel):
    """A case as staff see it in intake."""

    id: str
    version: int
    status: str
    number: str
    citizen_id: str
    institution: str
    authorised_body: str
    regulation: str
    received_at: AwareDatetime | None
    in_hospital: bool
    applicant_informed: bool
    triage: dict[str, Any] | None
    code: TriageCode | None
    override_reason: str | None
    urgent_measures: list[UrgentMeasure]
    documents: list[dict[str, Any]]
    missing_documents: list[str]
    request: dict[str, Any] | None
    declines: list[Decline]
    linked_referrals: list[str]
    forwardings: list[Forwarding] = Field(
        description="who passed the referral on, when, from, to and why; what was given back"
    )
    terms: list[dict[str, Any]]
    progress: dict[str, Any]


def case_view(document: Document[Case]) -> CaseView:
    """A case as staff see it."""
    case = document.state
    ref = case.reference
    return CaseView(
        id=document.id,
        version=document.version,
        status=case.status,
        number=ref.number,
        citizen_id=ref.citizen_id,
        institution=ref.institution,
        authorised_body=ref.authorised_body,
        regulation=ref.pack,
        received_at=case.received_at,
        in_hospital=case.in_hospital,
        applicant_informed=case.applicant_informed,
        triage=case.proposal.model_dump(mode="json") if case.proposal else None,
        code=case.code,
        override_reason=case.override_reason,
        urgent_measures=case.urgent_measures,
        documents=[given.model_dump(mode="json", exclude_none=True) for given in case.documents],
        missing_documents=list(missing_documents(case)),
        request=case.request.model_dump(mode="json", exclude_none=True) if case.request else None,
        declines=case.declines,
        linked_referrals=[referral.entry_id for referral in case.linked],
        forwardings=case.forwardings,
        terms=[deadline.model_dump(mode="json") for deadline in case.terms.deadlines],
        progress=case.progress.model_dump(mode="json", exclude_none=True),
    )
