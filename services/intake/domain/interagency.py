"""The interagency request to the Pension Fund: content, sending, answer (R 3.2, 210-FZ 7.2)."""

from __future__ import annotations

from datetime import timedelta

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.intake import CertificateReceived, CertificateRequested
from contracts.roles import Role
from contracts.values import Actor
from services.intake.domain.case import Action, Case, Status, involves, require
from services.intake.domain.consent import PENSION_FUND, TRANSFER, require_consent
from services.intake.domain.documents import add_from_agency, complete_package
from services.intake.domain.records import (
    InteragencyRequest,
    PensionCertificate,
    RequestState,
    Signatory,
    SigningAuthority,
)

CERTIFICATE = "pension_certificate"
LONGEST_PAUSE_SECONDS = 300
REPEATABLE = frozenset({RequestState.NEGATIVE, RequestState.OVERDUE})
"""Where an answer will hardly come by itself: the request may be made anew."""


def request_certificate(
    case: Case,
    request_id: str,
    addressed_body: str,
    return_contact: str,
    signatory: Signatory,
    at: Context,
) -> list[Event]:
    """Sign the request (R 3.2.2). It leaves at once, and again until it is accepted.

    The event follows when the addressed body has accepted it.
    """
    require(case, Action.REQUEST_CERTIFICATE)
    require_consent(case.consent, case.pack, at.calendar.local_date(at.now), TRANSFER, PENSION_FUND)
    if case.request is not None and case.request.state not in REPEATABLE:
        raise NotAllowedInState(
            "request-exists", f"the request is {case.request.state} already", clause="R 3.2.2"
        )
    if signatory.authority is SigningAuthority.BY_ORDER and signatory.order_number is None:
        raise InvalidInput(
            "authority-unproven",
            "who is not the head signs by the head's order: give its number",
            field="signatory.order_number",
            clause="R 3.2.2",
        )
    case.request = InteragencyRequest(
        id=request_id,
        requesting_body=case.reference.institution,
        addressed_body=addressed_body,
        service="Зачисление на социальное (социально-медицинское) обслуживание на дому",
        legal_ground="R 2.6.1",
        data_needed="Размер и вид назначенной пенсии",
        return_contact=return_contact,
        signed_at=at.now,
        sent_on=at.calendar.local_date(at.now),
        signatory=signatory,
        next_attempt_at=at.now,
    )
    return []


def record_sent(case: Case, at: Context) -> list[Event]:
    """The addressed body accepted the request: the two-day term ends, its own term begins."""
    request = case.request
    if request is None or request.state is not RequestState.TO_SEND:
        return []  # accepted before, or answered faster than the acceptance was recorded
    request.state, request.sent_at, request.next_attempt_at = RequestState.SENT, at.now, None
    closed = case.terms.close("interagency-request", "interagency-answer", at=at.now)
    waiting = case.status is Status.APPLICATION_REGISTERED  # else nobody needs the answer now
    due = (at.deadline(case.pack, "interagency-answer"),) if waiting else ()
    return [
        CertificateRequested(
            by=at.by,
            request_id=request.id,
            addressed_body=request.addressed_body,
            opened=case.terms.open(*due),
            closed=closed,
        )
    ]


def record_not_sent(case: Case, at: Context) -> list[Event]:
    """The addressed body is out of reach: try again later, ever more slowly."""
    request = case.request
    if request is None or request.state is not RequestState.TO_SEND:
        return []
    pause = min(2**request.attempts, LONGEST_PAUSE_SECONDS)
    request.attempts += 1
    waiting = case.status is Status.APPLICATION_REGISTERED
    request.next_attempt_at = at.now + timedelta(seconds=pause) if waiting else None
    return []


def record_held(case: Case, at: Context) -> list[Event]:
    """The citizen's consent does not cover it any more: it waits for a new one (152-FZ 9)."""
    hold_request(case)
    return []


def hold_request(case: Case) -> None:
    """The citizen declined: their data go nowhere any more (R 3.3.7.2)."""
    if case.request is not None and case.request.state is RequestState.TO_SEND:
        case.request.next_attempt_at = None


def release_request(case: Case, at: Context) -> None:
    """The case goes on: what was held back leaves now."""
    if case.request is not None and case.request.state is RequestState.TO_SEND:
        case.request.next_attempt_at = at.now


def may_answer(case: Case, by: Actor) -> bool:
    """The office that was asked, or the registrar who records its answer on paper (R 3.2.2)."""
    if by.role == Role.PENSION_FUND:
        return case.request is not None and case.request.addressed_body == by.organization
    return involves(case, by)


def record_certificate(
    case: Case, request_id: str, certificate: PensionCertificate, at: Context
) -> list[Event]:
    """The Pension Fund's answer; a second one changes nothing (R 2.6.1)."""
    request = _request_of(case, request_id)
    if request.state is RequestState.ANSWERED:
        return []
    require(case, Action.RECORD_ANSWER)
    before = record_sent(case, at)  # an answer proves that the request arrived
    request.state, request.answered_at = RequestState.ANSWERED, at.now
    request.certificate, request.next_attempt_at = certificate, None
    add_from_agency(case, CERTIFICATE, certificate.document_number, at)
    received = CertificateReceived(
        by=at.by,
        request_id=request.id,
        closed=case.terms.close("interagency-answer", at=at.now),
    )
    return [*before, received, *complete_package(case, at)]


def record_negative_answer(case: Case, request_id: str, reason: str, at: Context) -> list[Event]:
    """The Pension Fund has no such pensioner, or cannot answer: a person must look."""
    request = _request_of(case, request_id)
    if request.state in {RequestState.ANSWERED, RequestState.NEGATIVE}:
        return []
    require(case, Action.RECORD_ANSWER)
    before = record_sent(case, at)
    request.state, request.negative_reason = RequestState.NEGATIVE, reason
    request.answered_at, request.next_attempt_at = at.now, None
    received = CertificateReceived(
        by=at.by,
        request_id=request.id,
        negative=True,
        closed=case.terms.close("interagency-answer", at=at.now),
    )
    return [*before, received]


def _request_of(case: Case, request_id: str) -> InteragencyRequest:
    if case.request is None or case.request.id != request_id:
        raise NotFound("interagency request")
    return case.request
