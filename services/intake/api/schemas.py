"""Requests of intake's API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from chassis.http import Body
from contracts.triage import TriageCode
from contracts.values import Identifier, Line, Text
from services.intake.api.spoken import SpokenCard
from services.intake.domain.documents import GivenDocument
from services.intake.domain.ending import Advice
from services.intake.domain.records import ApplicantKind
from services.intake.domain.referral_form import ReferralForm
from services.intake.domain.requests import Answer, FetchedDocument, PensionCertificate, Signatory
from services.intake.domain.urgent import MeasureResult, PlannedMeasure

Option = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class ReferralRequest(ReferralForm):
    """A referral, and the institution that takes it where that is known."""

    citizen: SpokenCard
    institution: Identifier | None = None

    def form(self) -> ReferralForm:
        """The referral alone, as the journal keeps it."""
        return ReferralForm.model_validate(
            {name: getattr(self, name) for name in ReferralForm.model_fields}
            | {"citizen": self.citizen.card()}
        )


class AnswersRequest(Body):
    """Answers to the five questions (R 3.1.3); an empty list answers "no"."""

    answers: dict[Option, Annotated[list[Option], Field(max_length=50)]] = Field(max_length=50)
    self_care_lost: StrictBool = Field(description="the ability of self-care is lost (R 3.1.7)")
    health_at_risk: StrictBool = Field(
        default=False,
        description="a loss of physical health threatens, though life is in no danger (R 3.1.7)",
    )
    applicant_informed: StrictBool = Field(
        description="the applicant was told of the assessment of need, of the conditions of service"
        " and that a personal application is needed (R 3.1.4)"
    )


class TriageRequest(Body):
    """The code a person assigns (R 3.1.6); one not proposed needs a reason."""

    code: TriageCode
    reason: Text | None = None


class UrgentPlanRequest(Body):
    """The urgent measures plan, or what is added to it (R 3.1.7)."""

    measures: list[PlannedMeasure] = Field(min_length=1, max_length=50)


class UrgentResultsRequest(Body):
    """What came of measures; of some now and of others later, or of all (R 3.1.7)."""

    results: list[MeasureResult] = Field(min_length=1, max_length=50)


class ConsultationRequest(Advice, Body):
    """The consultation that was given (R 3.1.6 б)."""


class ApplicationRequest(Body):
    """The personal application with the documents handed in (R 2.6, 3.3.7)."""

    applicant: ApplicantKind = ApplicantKind.CITIZEN
    has_benefits: StrictBool = False
    relatives_cannot_care: StrictBool = Field(
        default=False,
        description="there are relatives who cannot give care for objective reasons (R 3.3.14)",
    )
    applicant_informed: StrictBool = Field(
        default=False, description="what the answers could not say yet was told since (R 3.1.4)"
    )
    documents: list[GivenDocument] = Field(default_factory=list, max_length=50)


class DocumentsRequest(Body):
    """Further documents (R 3.3.9)."""

    documents: list[GivenDocument] = Field(min_length=1, max_length=50)


class CertificateRequest(Body):
    """The interagency request for the pension certificate (R 3.2, 210-FZ 7.2)."""

    signatory: Signatory
    return_contact: Line


class RequestAnswer(Body):
    """What a body answers: the pension certificate, another document, or why there is none."""

    certificate: PensionCertificate | None = None
    document: FetchedDocument | None = None
    refusal: Text | None = None

    def answer(self) -> Answer:
        """The answer alone."""
        return Answer(certificate=self.certificate, document=self.document, refusal=self.refusal)
