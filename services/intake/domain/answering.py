"""Answers to interagency requests: in time or late, twice, different, no, unreadable (R 2.6.1).

An answer counts once. What comes after it and says something else is kept beside it, and so is
what cannot be read: a person looks.
"""

from __future__ import annotations

from contracts.context import Context
from contracts.documents import CertificateReceived, InteragencyAnswerReceived
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor, Text
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, involves, require
from services.intake.domain.dated import check_dated
from services.intake.domain.dispatching import record_sent
from services.intake.domain.documents import add_from_agency, complete_package
from services.intake.domain.interagency import (
    CERTIFICATE,
    get_request,
    kind_of,
    latest_of,
)
from services.intake.domain.requests import (
    Answer,
    DifferingAnswer,
    GarbledAnswer,
    InteragencyRequest,
    RequestState,
)

OUTSIDE = frozenset({Role.PENSION_FUND, Role.AGENCY})
"""Systems of other bodies: each answers what it was asked itself, and knows of nothing else."""
MOST_KEPT = 20
"""Differing or garbled answers of one case; of more than that the first tell enough."""
MOST_TEXT = 4000
"""Characters kept of an answer that could not be read."""


def may_answer(case: Case, by: Actor) -> bool:
    """The office that was asked, or the registrar who records its answer on paper (R 3.2.2)."""
    if by.role in OUTSIDE:
        return any(known.addressed_body == by.organization for known in case.every_request)
    return involves(case, by)


def check_answering(case: Case, request_id: str, by: Actor) -> InteragencyRequest:
    """The request, if it is the caller's to answer; to others it does not exist."""
    request = get_request(case, request_id)
    if by.role in OUTSIDE and request.addressed_body != by.organization:
        raise NotFound("interagency request")
    return request


def record_answer(case: Case, request_id: str, answer: Answer, at: Context) -> list[Event]:
    """What a body answered. The same said again changes nothing; something else is set aside."""
    request = check_answering(case, request_id, at.by)
    _check_fits(request, answer)
    _check_dates(answer, at)
    if answer.refusal is not None:
        return _record_negative(case, request, answer, at)
    return _record_document(case, request, answer, at)


def _check_fits(request: InteragencyRequest, answer: Answer) -> None:
    wanted = "certificate" if request.kind == CERTIFICATE else "document"
    given = [name for name, value in answer if value is not None]
    if len(given) != 1 or given[0] not in {wanted, "refusal"}:
        raise InvalidInput("one-of-two", f"send either the {wanted} or the refusal", field=wanted)


def _check_dates(answer: Answer, at: Context) -> None:
    today = at.calendar.local_date(at.now)
    if answer.certificate is not None:
        check_dated(answer.certificate.as_of, today, "certificate.as_of", "R 2.6.1")
    if answer.document is not None:
        check_dated(answer.document.issued_on, today, "document.issued_on", "210-FZ 7.2")


def _record_document(
    case: Case, request: InteragencyRequest, answer: Answer, at: Context
) -> list[Event]:
    counted = _counted(case, request)
    if counted is not None:
        if _content(counted) != answer:
            _set_aside(case, request, answer, at)
        elif request is not counted:
            _close(request, at)
        return []
    require(case, Action.RECORD_ANSWER)
    before = record_sent(case, at, request.id)  # an answer proves that the request arrived
    _take(case, request, answer, at)
    received = _received(case, request, at, negative=False)
    return [*before, received, *complete_package(case, at)]


def _record_negative(
    case: Case, request: InteragencyRequest, answer: Answer, at: Context
) -> list[Event]:
    if request.state is RequestState.ANSWERED or _counted(case, request) is not None:
        _set_aside(case, request, answer, at)
        return []
    if request.state is RequestState.NEGATIVE:
        if request.negative_reason != answer.refusal:
            _set_aside(case, request, answer, at)
        return []
    require(case, Action.RECORD_ANSWER)
    before = record_sent(case, at, request.id)
    request.late = request.state is RequestState.OVERDUE
    request.state, request.negative_reason = RequestState.NEGATIVE, answer.refusal
    request.answered_at, request.next_attempt_at = at.now, None
    return [*before, _received(case, request, at, negative=True)]


def _counted(case: Case, request: InteragencyRequest) -> InteragencyRequest | None:
    """The request of this kind whose answer was taken, if there is one."""
    for known in case.every_request:
        if known.kind == request.kind and known.state is RequestState.ANSWERED and _content(known):
            return known
    return None


def _content(request: InteragencyRequest) -> Answer | None:
    if request.certificate is None and request.fetched is None:
        return None
    return Answer(certificate=request.certificate, document=request.fetched)


def _take(case: Case, request: InteragencyRequest, answer: Answer, at: Context) -> None:
    """The answer counts; whatever else was asked for the same is not needed any more."""
    late = request.state is RequestState.OVERDUE or request is not latest_of(case, request.kind)
    _close(request, at)
    request.late = late
    request.certificate, request.fetched = answer.certificate, answer.document
    number = answer.certificate.document_number if answer.certificate else None
    number = answer.document.number if answer.document else number
    add_from_agency(case, kind_of(case, request.kind).document, number, at)
    for other in case.every_request:
        if other.kind == request.kind and other is not request:
            other.next_attempt_at = None
            if other.state is RequestState.TO_SEND:
                _close(other, at)


def _close(request: InteragencyRequest, at: Context) -> None:
    request.state, request.answered_at = RequestState.ANSWERED, at.now
    request.next_attempt_at = None


def _received(
    case: Case, request: InteragencyRequest, at: Context, *, negative: bool
) -> CertificateReceived | InteragencyAnswerReceived:
    kind = kind_of(case, request.kind)
    closed = case.terms.close(kind.answer_term, at=at.now)
    if request.kind == CERTIFICATE:
        return CertificateReceived(
            by=at.by,
            request_id=request.id,
            negative=negative,
            late=request.late,
            closed=closed,
        )
    return InteragencyAnswerReceived(
        by=at.by,
        request_id=request.id,
        document=kind.document,
        negative=negative,
        late=request.late,
        closed=closed,
    )


def _set_aside(case: Case, request: InteragencyRequest, answer: Answer, at: Context) -> None:
    """Kept beside the answer that counts, once, until a person has decided (R 2.6.1)."""
    require(case, Action.RECORD_ANSWER)
    known = [(kept.request_id, kept.answer) for kept in case.differing_answers]
    if (request.id, answer) not in known and len(known) < MOST_KEPT:
        case.differing_answers.append(
            DifferingAnswer(request_id=request.id, answer=answer, at=at.now, by=at.by.id)
        )


def keep_garbled(
    case: Case, request_id: str, fingerprint: str, reasons: list[str], text: str, at: Context
) -> bool:
    """What could not be read is kept aside, once; whether this was not kept before.

    Nothing else changes: the request stands as it stood.
    """
    check_answering(case, request_id, at.by)
    if any(kept.fingerprint == fingerprint for kept in case.garbled_answers):
        return False
    if len(case.garbled_answers) >= MOST_KEPT:
        return False
    case.garbled_answers.append(
        GarbledAnswer(
            request_id=request_id,
            at=at.now,
            by=at.by.id,
            fingerprint=fingerprint,
            reasons=reasons[:50],
            text=text[:MOST_TEXT],
        )
    )
    return True


def needs_a_person(case: Case, request: InteragencyRequest) -> bool:
    """Whether somebody has to look: it was answered with no, differently, or unreadably."""
    return (
        (request.state is RequestState.NEGATIVE and request is latest_of(case, request.kind))
        or any(d.request_id == request.id and d.settled_at is None for d in case.differing_answers)
        or any(g.request_id == request.id and g.seen_at is None for g in case.garbled_answers)
    )


def settle_answers(
    case: Case, request_id: str, *, take_second: bool, reason: Text, at: Context
) -> list[Event]:
    """A person has looked at what was set aside, and says which answer holds and why.

    Of several the last one is meant. The document stands as it is; what it says is another.
    """
    require(case, Action.SETTLE_ANSWER)
    request = get_request(case, request_id)
    differing = [d for d in case.differing_answers if _open(d, request_id)]
    garbled = [g for g in case.garbled_answers if g.request_id == request_id and not g.seen_at]
    if not differing and not garbled:
        raise NotAllowedInState("nothing-to-settle", "nothing was set aside, or it is settled")
    if take_second and not differing:
        raise InvalidInput(
            "no-second-answer", "there is no second answer that can be read", field="take_second"
        )
    for kept in differing:
        kept.settled_at, kept.settled_by, kept.reason = at.now, at.by.id, reason
    for unread in garbled:
        unread.seen_at, unread.seen_by = at.now, at.by.id
    if take_second:
        differing[-1].taken = True
        _replace(case, request, differing[-1].answer)
    return []


def _open(kept: DifferingAnswer, request_id: str) -> bool:
    return kept.request_id == request_id and kept.settled_at is None


def _replace(case: Case, request: InteragencyRequest, answer: Answer) -> None:
    """The second answer holds. Where it says no, one may ask anew while the package is open."""
    counted = _counted(case, request) or request
    counted.certificate, counted.fetched = answer.certificate, answer.document
    counted.negative_reason = answer.refusal
    if answer.refusal is not None and case.status is Status.APPLICATION_REGISTERED:
        counted.state = RequestState.NEGATIVE
        code = kind_of(case, request.kind).document
        case.documents = [document for document in case.documents if document.code != code]
