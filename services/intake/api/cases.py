"""Cases in intake: triage, urgent measures, consent, application, documents, certificate."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.clock import new_id
from chassis.http import CommandReceipt, Creation, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import InvalidInput
from services.intake.api.callers import (
    Answering,
    Frontline,
    Reader,
    Signer,
    UrgentHead,
    own_records,
)
from services.intake.api.changing import ChangeOfCase
from services.intake.api.schemas import (
    AnswersRequest,
    ApplicationRequest,
    CertificateRequest,
    ConsentRequest,
    DeclineRequest,
    DocumentsRequest,
    RequestAnswer,
    TriageRequest,
    UrgentPlanRequest,
    UrgentResultsRequest,
)
from services.intake.api.views import CaseView, case_view
from services.intake.commands import case_of_request, change_case, record_consent
from services.intake.domain import documents, interagency, registration, triage, urgent
from services.intake.domain.citizen import Consent
from services.intake.intake import WithIntake

router = APIRouter(tags=["cases"])


@router.get("/cases", summary="The worklist")
async def get_cases(
    by: Reader, intake: WithIntake, limit: Limit = 50, cursor: Cursor = None
) -> Page[CaseView]:
    """Cases of the caller's organization, the earliest due term first."""
    return await page(intake.cases, own_records(by), "due", cursor, limit, case_view)


@router.get("/cases/{case_id}", summary="One case")
async def get_case(case_id: str, response: Response, by: Reader, intake: WithIntake) -> CaseView:
    """The case with its terms, documents and progress."""
    document = await intake.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return case_view(document)


@router.post("/cases/{case_id}/answers", summary="Answer the five questions")
async def post_answers(body: AnswersRequest, by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Record the answers of R 3.1.3, and whether the applicant was told what comes (R 3.1.4).

    What is answered holds the code the rule proposes.
    """
    return await change(
        by,
        lambda case, at: triage.answer_questions(
            case,
            body.answers,
            body.self_care_lost,
            at,
            applicant_informed=body.applicant_informed,
        ),
    )


@router.post("/cases/{case_id}/triage", summary="Assign the triage code")
async def post_triage(body: TriageRequest, by: UrgentHead, change: ChangeOfCase) -> CommandReceipt:
    """Confirm the proposed code, or override it with a reason (R 3.1.6)."""
    return await change(by, lambda case, at: triage.triage_case(case, body.code, body.reason, at))


@router.post("/cases/{case_id}/consultation", summary="Close a consultation")
async def post_consultation(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Advice was given; the case ends (R 3.1.6 б)."""
    return await change(by, triage.close_consultation)


@router.post("/cases/{case_id}/urgent-measures", summary="Plan urgent measures")
async def post_urgent_measures(
    body: UrgentPlanRequest, by: UrgentHead, change: ChangeOfCase
) -> CommandReceipt:
    """The plan of the same day, with who is drawn in (R 3.1.7)."""
    return await change(by, lambda case, at: urgent.plan_urgent_measures(case, body.measures, at))


@router.post("/cases/{case_id}/urgent-measures/results", summary="Record urgent measures' results")
async def post_urgent_results(
    body: UrgentResultsRequest, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """What came of each measure (R 3.1.7)."""
    return await change(
        by, lambda case, at: urgent.complete_urgent_measures(case, body.results, at)
    )


@router.post("/cases/{case_id}/consent", summary="Record consent")
async def post_consent(
    case_id: str,
    body: ConsentRequest,
    response: Response,
    by: Frontline,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """Consent to survey and transfer of data, or why it cannot be given (R 3.3.7).

    No If-Match: it changes the citizen, not the case, and the case's ETag says nothing of them.
    """
    consent = Consent.model_validate(body.model_dump())
    return receipt(await record_consent(intake, case_id, request, by, consent), response)


@router.post("/cases/{case_id}/application", summary="Register the application")
async def post_application(
    case_id: str, body: ApplicationRequest, by: Frontline, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """The personal application with the first documents (R 2.6, 3.3.7)."""
    document = await intake.cases.get(case_id)
    ref = document.state.ref if document else None
    citizen = await intake.citizens.get(ref.citizen_id) if ref else None
    consented = citizen is not None and citizen.state.consent is not None
    return await change(
        by,
        lambda case, at: documents.register_application(
            case,
            body.applicant,
            body.has_benefits,
            body.documents,
            at,
            consented=consented,
            relatives_cannot_care=body.relatives_cannot_care,
            applicant_informed=body.applicant_informed,
        ),
    )


@router.post("/cases/{case_id}/documents", summary="Register documents")
async def post_documents(
    body: DocumentsRequest, by: Frontline, change: ChangeOfCase
) -> CommandReceipt:
    """Further documents of the package (R 3.3.9)."""
    return await change(by, lambda case, at: documents.register_documents(case, body.documents, at))


@router.post("/cases/{case_id}/certificate-request", summary="Request the pension certificate")
async def post_certificate_request(
    body: CertificateRequest, by: Signer, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """Sign the interagency request; it leaves at once and until it is accepted (R 3.2)."""
    return await change(
        by,
        lambda case, at: interagency.request_certificate(
            case,
            new_id("R"),
            intake.pension_fund_office,
            body.return_contact,
            body.signatory,
            at,
        ),
    )


@router.post(
    "/interagency-requests/{request_id}/answer",
    tags=["interagency requests"],
    summary="The Pension Fund answers",
)
async def post_answer(
    request_id: str,
    body: RequestAnswer,
    response: Response,
    by: Answering,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """The certificate, or why there is none; an answer that comes twice counts once (R 2.6.1).

    The office asked sends it; what came on paper the institution's registrar records (R 3.2.2).
    """
    certificate, refusal = body.certificate, body.refusal
    if (certificate is None) == (refusal is None):
        raise InvalidInput(
            "one-of-two", "send either the certificate or the refusal", field="certificate"
        )
    answered = await change_case(
        intake,
        await case_of_request(intake, request_id),
        request,
        by,
        lambda case, at: (
            interagency.record_certificate(case, request_id, certificate, at)
            if certificate is not None
            else interagency.record_negative_answer(case, request_id, refusal or "", at)
        ),
        visible=interagency.may_answer,
        what="interagency request",
    )
    return receipt(answered, response)


@router.post("/cases/{case_id}/decline", summary="The citizen declines")
async def post_decline(body: DeclineRequest, by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """Consequences were explained and a contact left; the case can be re-opened (R 3.3.7.2)."""
    return await change(
        by,
        lambda case, at: registration.decline(
            case,
            at,
            consequences_explained=body.consequences_explained,
            contact_left=body.contact_left,
        ),
    )


@router.post("/cases/{case_id}/reopening", summary="A declined case goes on")
async def post_reopening(by: Frontline, change: ChangeOfCase) -> CommandReceipt:
    """The citizen thought better of it (R 3.3.7.2)."""
    return await change(by, registration.reopen)
