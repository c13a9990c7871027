"""Interagency requests: signed here, sent by gateway or on paper, answered from outside (R 3.2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from chassis.clock import new_id
from chassis.http import CommandReceipt, etag
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import NotFound
from services.intake.api.callers import Frontline, Reader, Requesting, Signer
from services.intake.api.changing import ChangeOfCase, ChangeOfRequest
from services.intake.api.interagency_views import (
    DispatchBody,
    RequestBody,
    RequestsOfCase,
    RequestView,
    SettlementBody,
    request_view,
    requests_of_case,
)
from services.intake.api.pages import letter_page
from services.intake.api.schemas import CertificateRequest
from services.intake.consenting import with_consent
from services.intake.domain import answering, dispatching, interagency
from services.intake.domain.consenting import standing_consent
from services.intake.domain.request_lists import RequestList
from services.intake.domain.requests import RequestState
from services.intake.intake import WithIntake
from services.intake.requesting import (
    Asked,
    addressee_of,
    case_of_request,
    get_request_of,
    give_number,
    request_id,
)

router = APIRouter(tags=["interagency requests"])


@router.post("/cases/{case_id}/certificate-request", summary="Request the pension certificate")
async def post_certificate_request(
    case_id: str, body: CertificateRequest, by: Signer, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """Sign the interagency request; it leaves at once and until it is accepted (R 3.2).

    The citizen's consent must cover the transfer to the office asked (152-FZ 9).
    """
    new = request_id(case_id, new_id("R"))

    async def attempt() -> CommandReceipt:
        return await change(
            by,
            lambda case, at: interagency.request_certificate(
                case,
                new,
                intake.pension_fund_office,
                body.return_contact,
                body.signatory,
                at,
            ),
        )

    return await with_consent(intake, case_id, by, attempt)


@router.post("/cases/{case_id}/interagency-requests", summary="Request a document of another body")
async def post_interagency_request(
    case_id: str, body: RequestBody, by: Signer, change: ChangeOfCase, intake: WithIntake
) -> CommandReceipt:
    """Sign a request of any kind that the regulation knows (R 3.2, 210-FZ 7.2).

    It leaves by the body's gateway, else on paper: print the letter, then record how it was sent.
    For what was answered with no, or not in its term, this is the repeated request.
    """
    asked = Asked(
        body.kind, body.way, body.addressed_body, body.addressed_name, body.addressed_address
    )
    document = await intake.get_case(case_id, by)
    to = await addressee_of(intake, asked, document.state.reference.pack)
    new = request_id(case_id, new_id("R"))

    async def attempt() -> CommandReceipt:
        return await change(
            by,
            lambda case, at: interagency.request_document(
                case, body.kind, new, to, body.return_contact, body.signatory, at
            ),
        )

    return await with_consent(intake, case_id, by, attempt)


@router.get("/interagency-requests", summary="The worklist of interagency requests")
async def get_interagency_requests(
    state: Annotated[RequestList, Query(description="which list")],
    by: Requesting,
    intake: WithIntake,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RequestsOfCase]:
    """Requests of the caller's institution on one list, by case, the earliest due first."""
    field = f"requests_{state}"
    query = {"institution": by.organization or "-", field: {"$gt": 0}}
    return await page(
        intake.cases,
        query,
        field,
        cursor,
        limit,
        lambda document: requests_of_case(document, state),
    )


@router.get("/interagency-requests/{request_id}", summary="One interagency request")
async def get_interagency_request(
    request_id: str, response: Response, by: Reader, intake: WithIntake
) -> RequestView:
    """With its dispatches, its answer, and what was set aside. The ETag is the case's."""
    document, request = await get_request_of(intake, request_id, by)
    response.headers["ETag"] = etag(document.version)
    return request_view(document.state, request)


@router.get(
    "/interagency-requests/{request_id}/letter.html",
    summary="The request as a letter, to be printed and signed",
    response_class=HTMLResponse,
)
async def get_letter(request_id: str, by: Requesting, intake: WithIntake) -> HTMLResponse:
    """All that article 7.2 of law 210-FZ asks for, in Russian.

    What is still to be sent is printed only as long as the citizen's consent covers it (152-FZ 9).
    """
    document, request = await get_request_of(intake, request_id, by)
    citizen = await intake.find_citizen(document.state.reference.citizen_id)
    if citizen is None:
        raise NotFound("citizen")
    if request.state is RequestState.TO_SEND or dispatching.still_to_dispatch(request):
        standing = standing_consent(citizen.state)
        dispatching.require_leave(document.state, request, standing, intake.service.at(by))
    sender = await intake.organizations.get(request.requesting_body)
    addressed = await intake.organizations.get(request.addressed_body)
    return letter_page(
        document.state,
        request,
        citizen.state.card,
        sender.state.card if sender else None,
        addressed.state.card if addressed else None,
    )


@router.post("/interagency-requests/{request_id}/dispatch", summary="A paper request was sent")
async def post_dispatch(
    request_id: str, body: DispatchBody, by: Frontline, change: ChangeOfRequest, intake: WithIntake
) -> CommandReceipt:
    """By fax, and by post or courier at the same time; when, and under which number (R 3.2.2).

    One that waits for its gateway may be sent on paper too, and then leaves no more by itself. The
    citizen's consent must still cover the transfer (152-FZ 9).
    """

    async def attempt() -> CommandReceipt:
        document, _ = await get_request_of(intake, request_id, by)
        if change.is_new(document):
            at = intake.service.at(by)
            dispatching.check_dispatch(document.state, request_id, body.sent_on, at)
            if body.outgoing_number is not None:
                await give_number(intake, document, request_id, body.outgoing_number)
        return await change(
            by,
            document.id,
            lambda case, at: dispatching.dispatch_request(
                case,
                request_id,
                {sent.way: sent.tracking for sent in body.sent_by},
                body.sent_on,
                body.outgoing_number,
                at,
            ),
        )

    case_id = await case_of_request(intake, request_id)
    return await with_consent(intake, case_id, by, attempt)


@router.post("/interagency-requests/{request_id}/settlement", summary="Settle what was set aside")
async def post_settlement(
    request_id: str,
    body: SettlementBody,
    by: Frontline,
    change: ChangeOfRequest,
    intake: WithIntake,
) -> CommandReceipt:
    """A person has looked at a second, different answer, or at one that could not be read."""
    document, _ = await get_request_of(intake, request_id, by)
    return await change(
        by,
        document.id,
        lambda case, at: answering.settle_answers(
            case, request_id, take_second=body.take_second, reason=body.reason, at=at
        ),
    )
