"""Interagency requests: which there are, how one is signed, sent and sent anew (R 3.2, 210-FZ 7.2).

What may be asked of whom, on which ground and in which term, is data of the regulation pack.
"""

from __future__ import annotations

from datetime import date, datetime

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.regulation.entries import InteragencyKind
from contracts.values import Line, Value
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require
from services.intake.domain.consent import TRANSFER, require_consent
from services.intake.domain.dated import check_dated
from services.intake.domain.requests import (
    InteragencyRequest,
    RequestState,
    RequestWay,
    Signatory,
    SigningAuthority,
)
from services.intake.domain.term_codes import SENDING_TERM

CERTIFICATE = "pension_certificate"
LONGEST_PAUSE_SECONDS = 300
MOST_REQUESTS = 40
"""Of one case: what is asked more often than that is asked wrongly."""
REPEATABLE = frozenset({RequestState.NEGATIVE, RequestState.OVERDUE})
"""Where an answer will hardly come by itself: the request may be made anew."""
PENDING = frozenset({RequestState.TO_SEND, RequestState.SENT, RequestState.OVERDUE})


class Addressee(Value):
    """Whom a request is addressed to, and how it gets there. `name` where it is no organization
    of the directory."""

    body: str
    way: RequestWay = RequestWay.ELECTRONIC
    name: Line | None = None
    address: Line | None = None


def kind_of(case: Case, code: str) -> InteragencyKind:
    """The kind of request as the case's pack has it; refuses one it does not have."""
    for kind in case.pack.interagency_kinds:
        if kind.code == code:
            return kind
    known = ", ".join(kind.code for kind in case.pack.interagency_kinds)
    raise InvalidInput("unknown-kind", f"kinds are: {known}", field="kind", clause="R 3.2.1")


def find_request(case: Case, request_id: str) -> InteragencyRequest | None:
    """The request of that id, whatever became of it."""
    return next((known for known in case.every_request if known.id == request_id), None)


def get_request(case: Case, request_id: str) -> InteragencyRequest:
    """The request of that id; raises NotFound."""
    request = find_request(case, request_id)
    if request is None:
        raise NotFound("interagency request")
    return request


def latest_of(case: Case, kind: str) -> InteragencyRequest | None:
    """The last request of a kind: the one that counts while there is no answer."""
    return next((known for known in reversed(case.every_request) if known.kind == kind), None)


def request_certificate(
    case: Case,
    request_id: str,
    addressed_body: str,
    return_contact: str,
    signatory: Signatory,
    at: Context,
) -> list[Event]:
    """Sign the request for the pension certificate (R 3.2.2). It leaves at once, and again until
    it is accepted; the event follows then."""
    require(case, Action.REQUEST_CERTIFICATE)
    to = Addressee(body=addressed_body)
    return request_document(case, CERTIFICATE, request_id, to, return_contact, signatory, at)


def request_document(
    case: Case,
    code: str,
    request_id: str,
    to: Addressee,
    return_contact: str,
    signatory: Signatory,
    at: Context,
) -> list[Event]:
    """Sign a request of some kind (R 3.2.2, 210-FZ 7.2).

    One that was not answered, or answered with no, is made anew: the addressed body is reminded by
    a repeated request that names the first.
    """
    require(case, Action.REQUEST_DOCUMENT)
    kind = kind_of(case, code)
    today = at.calendar.local_date(at.now)
    if kind.addressed_kind is not None:
        require_consent(case.consent, case.pack, today, TRANSFER, kind.addressed_kind)
    check_signatory(signatory, today)
    before = latest_of(case, code)
    if before is not None and before.state not in REPEATABLE:
        raise NotAllowedInState(
            "request-exists", f"the request is {before.state} already", clause="R 3.2.2"
        )
    if kind.document in {document.code for document in case.documents}:
        raise NotAllowedInState(
            "document-already-there", "what the request would fetch is there", clause="R 3.2.1"
        )
    if len(case.every_request) >= MOST_REQUESTS:
        raise NotAllowedInState(
            "too-many-requests-of-case", f"a case has at most {MOST_REQUESTS} requests"
        )
    electronic = to.way is RequestWay.ELECTRONIC
    if electronic and not kind.electronic:
        raise InvalidInput(
            "not-electronic",
            "the parties have not agreed on electronic requests of this kind; send it on paper",
            field="way",
            clause="R 3.2.2",
        )
    request = InteragencyRequest(
        id=request_id,
        kind=code,
        way=to.way,
        requesting_body=case.reference.institution,
        addressed_body=to.body,
        addressed_name=to.name,
        addressed_address=to.address,
        service=kind.service_ru,
        legal_ground=kind.legal_ground,
        data_needed=kind.data_needed_ru,
        return_contact=return_contact,
        signed_at=at.now,
        sent_on=at.calendar.local_date(at.now),
        signatory=signatory,
        outgoing_number=f"{case.reference.number}/{len(case.every_request) + 1}",
        repeats=before.id if before else None,
        send_by=_send_by(case, at),
        next_attempt_at=at.now if electronic else None,
    )
    _keep(case, request)
    return []


def check_signatory(signatory: Signatory, today: date) -> None:
    """The head signs, or whom the head's order authorises: its number and date (R 3.2.2)."""
    check_dated(signatory.order_date, today, "signatory.order_date", "R 3.2.2")
    if signatory.authority is SigningAuthority.HEAD:
        return
    for name in ("order_number", "order_date"):
        if getattr(signatory, name) is None:
            raise InvalidInput(
                "authority-unproven",
                "who is not the head signs by the head's order: give its number and date",
                field=f"signatory.{name}",
                clause="R 3.2.2",
            )


def _send_by(case: Case, at: Context) -> datetime:
    """The end of the two days from the registration of the documents (R 3.2.4)."""
    running = {deadline.code: deadline for deadline in case.terms.deadlines}
    deadline = running.get(SENDING_TERM) or at.deadline(case.pack, SENDING_TERM)
    return deadline.due_at


def _keep(case: Case, request: InteragencyRequest) -> None:
    """The last one for the certificate has a place of its own; what it follows joins the others."""
    if request.kind != CERTIFICATE:
        case.requests.append(request)
        return
    if case.request is not None:
        case.requests.append(case.request)
    case.request = request
