"""Answers of intake's API."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from contracts.triage import TriageCode
from services.intake.api.worklist_views import PlaceView, place_view
from services.intake.domain.case import Case
from services.intake.domain.consent import ConsentScope
from services.intake.domain.documents import missing_documents
from services.intake.domain.linked import LinkedReferral
from services.intake.domain.priority import Priority
from services.intake.domain.records import (
    Answering,
    Assignment,
    Circumstances,
    Consultation,
    Decline,
    Entered,
    Forwarding,
    ReferralWithdrawal,
    UrgentMeasure,
)


class NumberedMeasure(UrgentMeasure):
    """A measure of the urgent plan, with its number in it."""

    number: int


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
    home_care_asked: bool
    circumstances: list[Circumstances] = Field(
        description="what it said of these two until somebody put it right"
    )
    priority: Priority | None
    applicant_informed: bool
    informed: Entered | None = Field(description="who told the applicant, and when (R 3.1.4)")
    triage: dict[str, Any] | None
    answerings: list[Answering] = Field(description="every time the questions were answered")
    code: TriageCode | None
    override_reason: str | None
    triaged: Entered | None
    urgent_measures: list[NumberedMeasure]
    consultation: Consultation | None
    worklist: PlaceView | None = Field(description="null where nothing is to be done any more")
    assignments: list[Assignment]
    documents: list[dict[str, Any]]
    missing_documents: list[str]
    request: dict[str, Any] | None
    requests: list[str] = Field(description="ids of all interagency requests, the first first")
    declines: list[Decline]
    think_until: AwareDatetime | None
    ask_again_at: AwareDatetime | None = Field(
        description="since when the time to think is over: the citizen is asked once more"
    )
    consent: ConsentScope | None = Field(description="what the case knows of it, once needed")
    consent_withdrawn: bool
    joined_to: str | None = Field(description="the elder case of the same citizen (L 5.1)")
    referrals: list[str] = Field(
        description="the referrals it rests on, by their first lines, what opened it first; each"
        " line names the one that stands in its place (`corrected_by`, `passed_on`)"
    )
    linked_referrals: list[str]
    further_referrals: list[LinkedReferral] = Field(
        description="those linked, with what came of each; `to_review`: nobody has looked yet"
    )
    withdrawals: dict[str, ReferralWithdrawal] = Field(
        description="journal entries that their senders took back, with their reasons (L 5.1)"
    )
    closed_for: str | None
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
        home_care_asked=case.home_care_asked,
        circumstances=case.circumstances,
        priority=case.priority,
        applicant_informed=case.applicant_informed,
        informed=case.informed,
        triage=case.proposal.model_dump(mode="json") if case.proposal else None,
        answerings=case.answerings,
        code=case.code,
        override_reason=case.override_reason,
        triaged=case.triaged,
        urgent_measures=[
            NumberedMeasure(number=number, **measure.model_dump())
            for number, measure in enumerate(case.urgent_measures, start=1)
        ],
        consultation=case.consultation,
        worklist=place_view(case),
        assignments=case.assignments,
        documents=[given.model_dump(mode="json", exclude_none=True) for given in case.documents],
        missing_documents=list(missing_documents(case)),
        request=case.request.model_dump(mode="json", exclude_none=True) if case.request else None,
        requests=[request.id for request in case.every_request],
        declines=case.declines,
        withdrawals=case.withdrawals,
        closed_for=case.closed_for,
        think_until=case.think_until,
        ask_again_at=case.ask_again_at,
        consent=case.consent,
        consent_withdrawn=case.consent_withdrawn,
        joined_to=case.joined_to,
        referrals=case.referrals,
        linked_referrals=[referral.entry_id for referral in case.linked],
        further_referrals=case.linked,
        forwardings=case.forwardings,
        terms=[deadline.model_dump(mode="json") for deadline in case.terms.deadlines],
        progress=case.progress.model_dump(mode="json", exclude_none=True),
    )
