"""How an interagency request leaves, and the terms that end and begin with it (R 3.2.2, 3.2.4)."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.context import Context
from contracts.documents import (
    CertificateOverdue,
    CertificateRequested,
    InteragencyAnswerOverdue,
    InteragencyRequestSent,
)
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation.entries import DocumentSource
from contracts.terms import ClosedTerm, Deadline
from contracts.values import Line
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.consent import ConsentScope, require_may_ask
from services.intake.domain.interagency import (
    CERTIFICATE,
    LONGEST_PAUSE_SECONDS,
    find_request,
    get_request,
    kind_of,
    latest_of,
)
from services.intake.domain.requests import (
    Dispatch,
    DispatchWay,
    InteragencyRequest,
    Refused,
    RequestState,
    RequestWay,
)
from services.intake.domain.term_codes import SENDING_TERM

LONGEST_REFUSED_SECONDS = 3600


def record_sent(case: Case, at: Context, request_id: str | None = None) -> list[Event]:
    """The addressed body has the request: the two-day term ends, its own term begins.

    Without an id it is the one for the pension certificate.
    """
    request = _meant(case, request_id)
    if request is None or request.state is not RequestState.TO_SEND:
        return []  # accepted before, or answered faster than the acceptance was recorded
    request.state, request.sent_at, request.next_attempt_at = RequestState.SENT, at.now, None
    return [_requested(case, request, at)]


def _meant(case: Case, request_id: str | None) -> InteragencyRequest | None:
    return case.request if request_id is None else find_request(case, request_id)


def _requested(case: Case, request: InteragencyRequest, at: Context) -> Event:
    kind = kind_of(case, request.kind)
    ended = [kind.answer_term] + ([SENDING_TERM] if _all_left(case) else [])
    closed = case.terms.close(*ended, at=at.now)
    waiting = case.status is Status.APPLICATION_REGISTERED  # else nobody needs the answer now
    due = [at.deadline(case.pack, kind.answer_term, request.sent_at)] if waiting else []
    return requested_event(case, request, at, case.terms.open(*due), closed)


def requested_event(
    case: Case,
    request: InteragencyRequest,
    at: Context,
    opened: tuple[Deadline, ...],
    closed: tuple[ClosedTerm, ...],
) -> Event:
    """What is said of a request that left; the certificate's has a name of its own."""
    if request.kind == CERTIFICATE:
        return CertificateRequested(
            by=at.by,
            request_id=request.id,
            addressed_body=request.addressed_body,
            opened=opened,
            closed=closed,
        )
    return InteragencyRequestSent(
        by=at.by,
        request_id=request.id,
        document=kind_of(case, request.kind).document,
        addressed_body=request.addressed_body,
        opened=opened,
        closed=closed,
    )


def _all_left(case: Case) -> bool:
    """Whether every document that only other bodies have was asked for: the term's object."""
    present = {document.code for document in case.documents}
    asked = {
        kind_of(case, request.kind).document
        for request in case.every_request
        if request.state is not RequestState.TO_SEND
    }
    return all(
        document.code in present | asked
        for document in case.pack.documents
        if document.source is DocumentSource.INTERAGENCY
    )


def record_not_sent(
    case: Case, at: Context, request_id: str | None = None, pause: float = 0
) -> list[Event]:
    """The addressed body is out of reach: try again later, ever more slowly.

    `pause` is what it asked for itself, in seconds.
    """
    request = _meant(case, request_id)
    if request is None or request.state is not RequestState.TO_SEND:
        return []
    seconds = max(min(2**request.attempts, LONGEST_PAUSE_SECONDS), pause)
    request.attempts += 1
    waiting = case.status is Status.APPLICATION_REGISTERED
    request.next_attempt_at = at.now + timedelta(seconds=seconds) if waiting else None
    return []


def record_refused(
    case: Case, at: Context, request_id: str, status: int, *, for_good: bool, pause: float
) -> list[Event]:
    """The addressed body would not have it. For good: a person sends it on paper (R 3.2.2). Else it
    may be us who are refused: it is tried again, each time later, so that others have their turn.

    `pause`, in seconds, is how long that body is left alone by everybody.
    """
    request = _meant(case, request_id)
    if request is None or request.state is not RequestState.TO_SEND:
        return []
    seconds = min(pause * 2 ** min(request.attempts + 1, 10), LONGEST_REFUSED_SECONDS)
    request.attempts += 1
    request.refused = Refused(at=at.now, status=status, for_good=for_good)
    waiting = case.status is Status.APPLICATION_REGISTERED and not for_good
    request.next_attempt_at = at.now + timedelta(seconds=seconds) if waiting else None
    return []


def record_held(case: Case, request_id: str) -> list[Event]:
    """The citizen's consent does not cover it any more: it waits for a new one (152-FZ 9)."""
    request = _meant(case, request_id)
    if request is not None and request.state is RequestState.TO_SEND:
        request.next_attempt_at = None
    return []


def put_on_paper(request: InteragencyRequest) -> None:
    """The addressed body takes it electronically no more: it is sent by hand (R 3.2.2)."""
    if request.state is RequestState.TO_SEND:
        request.way, request.next_attempt_at = RequestWay.PAPER, None


def dispatch_request(
    case: Case,
    request_id: str,
    ways: dict[DispatchWay, Line | None],
    sent_on: date,
    outgoing_number: Line | None,
    at: Context,
) -> list[Event]:
    """A paper request was sent, by hand: how, when, under which number (R 3.2.2).

    By fax, and at the same time by post or courier; who could do but one comes again for the other.
    """
    request = check_dispatch(case, request_id, sent_on, at)
    request.way, request.sent_on, request.next_attempt_at = RequestWay.PAPER, sent_on, None
    request.outgoing_number = outgoing_number or request.outgoing_number
    known = {(dispatch.way, dispatch.sent_on) for dispatch in request.dispatches}
    request.dispatches += [
        Dispatch(way=way, sent_on=sent_on, tracking=tracking, recorded_at=at.now, by=at.by.id)
        for way, tracking in ways.items()
        if (way, sent_on) not in known
    ]
    if request.state is RequestState.SENT:
        return []
    # The term of the addressed body runs from the day of sending, not from that of recording it.
    end_of_day = at.calendar.end_of_day(sent_on) - timedelta(seconds=1)
    request.state, request.sent_at = RequestState.SENT, min(at.now, end_of_day)
    return [_requested(case, request, at)]


def check_dispatch(case: Case, request_id: str, sent_on: date, at: Context) -> InteragencyRequest:
    """The request, if it may have been sent on paper that day; an answered one needs no sending."""
    require(case, Action.DISPATCH_REQUEST)
    request = get_request(case, request_id)
    if request.state not in {RequestState.TO_SEND, RequestState.SENT}:
        raise NotAllowedInState(
            "request-not-to-send", f"the request is {request.state}", clause="R 3.2.2"
        )
    if request.way is not RequestWay.PAPER and request.state is not RequestState.TO_SEND:
        raise NotAllowedInState(
            "request-left-electronically", "it needs no paper", clause="R 3.2.2"
        )
    require_leave(case, request, case.consent, at)
    first, last = (at.calendar.local_date(moment) for moment in (request.signed_at, at.now))
    if not first <= sent_on <= last:
        raise InvalidInput(
            "sent-on-impossible",
            "a request is sent between the day it was signed and today",
            field="sent_on",
            clause="R 3.2.2",
        )
    return request


def require_leave(
    case: Case, request: InteragencyRequest, consent: ConsentScope | None, at: Context
) -> None:
    """Refuse to send by hand what the consent does not cover any more (152-FZ 9)."""
    recipient = kind_of(case, request.kind).addressed_kind
    if recipient is not None:
        require_may_ask(consent, case.pack, at.calendar.local_date(at.now), recipient)


def still_to_dispatch(request: InteragencyRequest) -> tuple[str, ...]:
    """What a paper request is still to be sent by: fax, and post or courier (R 3.2.2)."""
    if request.way is not RequestWay.PAPER and not request.held:
        return ()
    done = {dispatch.way for dispatch in request.dispatches}
    missing = () if DispatchWay.FAX in done else ("fax",)
    by_hand = {DispatchWay.POST, DispatchWay.COURIER} & done
    return missing if by_hand else (*missing, "post_or_courier")


def enter_queue(case: Case) -> list[Event]:
    """Requests that were stored before there was a queue join it."""
    for request in case.sendable:
        request.send_by = request.send_by or request.signed_at
    return []


def hold_request(case: Case) -> None:
    """The citizen declined: their data go nowhere any more (R 3.3.7.2)."""
    for request in case.sendable:
        request.next_attempt_at = None


def release_request(case: Case, at: Context) -> None:
    """The case goes on: what was held back leaves now."""
    for request in case.every_request:
        electronic = request.way is RequestWay.ELECTRONIC
        if request.state is RequestState.TO_SEND and electronic and not request.held:
            request.next_attempt_at = at.now


def awaited(case: Case, request: InteragencyRequest) -> bool:
    """Whether an answer is waited for: it left, and what it fetches is not there by another way."""
    document = kind_of(case, request.kind).document
    there = document in {registered.code for registered in case.documents}
    return request.state in {RequestState.SENT, RequestState.OVERDUE} and not there


def running_terms(case: Case) -> list[str]:
    """The terms of the requests that run at this stage of the case: one has to leave, or its
    answer is waited for."""
    codes = [] if _all_left(case) else [SENDING_TERM]
    for kind in case.pack.interagency_kinds:
        latest = latest_of(case, kind.code)
        if latest and latest.state is RequestState.SENT and awaited(case, latest):
            codes.append(kind.answer_term)
    return codes


def record_overdue(case: Case, term: str) -> InteragencyRequest | None:
    """The term of an addressed body has run out: its request is overdue, from here on a person
    may remind it by another one."""
    for kind in case.pack.interagency_kinds:
        latest = latest_of(case, kind.code)
        if kind.answer_term == term and latest is not None and latest.state is RequestState.SENT:
            latest.state = RequestState.OVERDUE
            return latest
    return None


def overdue_event(case: Case, request: InteragencyRequest, at: Context) -> Event:
    """What is said of an answer that did not come; the certificate's has a name of its own."""
    if request.kind == CERTIFICATE:
        return CertificateOverdue(by=at.by, request_id=request.id)
    document = kind_of(case, request.kind).document
    return InteragencyAnswerOverdue(by=at.by, request_id=request.id, document=document)
