"""Requests and answers of intake's API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis.document import Document
from chassis.http import Body
from contracts.intake import Channel, ConsentBasis, TriageCode
from contracts.values import CitizenCard, Identifier, Line, Text
from services.intake.domain.case import Case
from services.intake.domain.documents import GivenDocument, missing_documents
from services.intake.domain.journal import Addition, JournalEntry, ReferralForm
from services.intake.domain.records import (
    ApplicantKind,
    PensionCertificate,
    Signatory,
    UrgentMeasure,
)

Option = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class ReferralRequest(ReferralForm):
    """A referral, and the institution that takes it where that is known."""

    institution: Identifier | None = None

    def form(self) -> ReferralForm:
        """The referral alone, as the journal keeps it."""
        return ReferralForm.model_validate(
            {name: getattr(self, name) for name in ReferralForm.model_fields}
        )


class Registration(BaseModel):
    """What became of a referral."""

    id: str
    journal_number: str
    case_id: str
    citizen_id: str
    linked: bool = Field(description="it joined the citizen's open case (L 5.1)")
    incomplete: bool
    missing: list[str]
    status_code: str | None = Field(
        default=None, description="secret; with the number the applicant asks how the case stands"
    )


class EntryView(BaseModel):
    """A line of the journal."""

    id: str
    journal_number: str
    received_at: AwareDatetime
    channel: Channel
    citizen: CitizenCard
    problems: str | None
    contact: dict[str, Any] | None
    case_id: str | None
    citizen_id: str | None
    missing: list[str]
    additions: list[Addition]
    same_as: str | None = Field(
        default=None, description="citizen known before who turned out to be the same person"
    )


def entry_view(document: Document[JournalEntry]) -> EntryView:
    """A journal entry as staff see it."""
    entry = document.state
    contact = entry.form.contact
    return EntryView(
        id=document.id,
        journal_number=entry.journal_number,
        received_at=entry.received_at,
        channel=entry.form.channel,
        citizen=entry.form.citizen,
        problems=entry.form.problems,
        contact=contact.model_dump(mode="json", exclude_none=True) if contact else None,
        case_id=entry.placed.case_id if entry.placed else None,
        citizen_id=entry.placed.citizen_id if entry.placed else None,
        missing=entry.missing,
        additions=entry.additions,
        same_as=entry.same_as,
    )


class AnswersRequest(Body):
    """Answers to the five questions (R 3.1.3); an empty list answers "no"."""

    answers: dict[Option, Annotated[list[Option], Field(max_length=50)]] = Field(max_length=50)
    self_care_lost: bool = Field(description="the ability of self-care is lost (R 3.1.7)")


class TriageRequest(Body):
    """The code a person assigns (R 3.1.6); one not proposed needs a reason."""

    code: TriageCode
    reason: Text | None = None


class UrgentPlanRequest(Body):
    """The urgent measures plan (R 3.1.7)."""

    measures: list[UrgentMeasure] = Field(min_length=1, max_length=50)


class UrgentResultsRequest(Body):
    """What came of each measure, in the plan's order (R 3.1.7)."""

    results: list[Text] = Field(min_length=1, max_length=50)


class ConsentRequest(Body):
    """Consent, or why it cannot be given (R 3.3.7, 3.3.7.1)."""

    basis: ConsentBasis = ConsentBasis.WRITTEN_CONSENT
    text_version: Identifier
    given_on: date
    reason: Text | None = None


class ApplicationRequest(Body):
    """The personal application with the documents handed in (R 2.6, 3.3.7)."""

    applicant: ApplicantKind = ApplicantKind.CITIZEN
    has_benefits: bool = False
    documents: list[GivenDocument] = Field(default_factory=list, max_length=50)


class DocumentsRequest(Body):
    """Further documents (R 3.3.9)."""

    documents: list[GivenDocument] = Field(min_length=1, max_length=50)


class CertificateRequest(Body):
    """The interagency request for the pension certificate (R 3.2, 210-FZ 7.2)."""

    signatory: Signatory
    return_contact: Line


class RequestAnswer(Body):
    """The Pension Fund's answer: the certificate, or why there is none."""

    certificate: PensionCertificate | None = None
    refusal: Text | None = None


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
    triage: dict[str, Any] | None
    code: TriageCode | None
    override_reason: str | None
    urgent_measures: list[UrgentMeasure]
    documents: list[dict[str, Any]]
    missing_documents: list[str]
    request: dict[str, Any] | None
    linked_referrals: list[str]
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
        triage=case.proposal.model_dump(mode="json") if case.proposal else None,
        code=case.code,
        override_reason=case.override_reason,
        urgent_measures=case.urgent_measures,
        documents=[given.model_dump(mode="json", exclude_none=True) for given in case.documents],
        missing_documents=list(missing_documents(case)),
        request=case.request.model_dump(mode="json", exclude_none=True) if case.request else None,
        linked_referrals=[referral.entry_id for referral in case.linked],
        terms=[term.deadline.model_dump(mode="json") for term in case.terms.running],
        progress=case.progress.model_dump(mode="json", exclude_none=True),
    )
