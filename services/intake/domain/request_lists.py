"""Worklists of interagency requests: what waits to leave, what is awaited, what needs a person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from services.intake.domain.actions import Status
from services.intake.domain.answering import needs_a_person
from services.intake.domain.case import Case
from services.intake.domain.dispatching import awaited, still_to_dispatch
from services.intake.domain.interagency import kind_of
from services.intake.domain.requests import InteragencyRequest, RequestState


class RequestList(StrEnum):
    """A worklist; a request stands on at most one, but for one that needs a person besides."""

    TO_SEND = "to_send"
    """Signed: in the queue of a gateway, or to be sent by hand."""
    SENT = "sent"
    """The answer is awaited, in its term."""
    OVERDUE = "overdue"
    """The answer did not come in its term: remind by another request."""
    ATTENTION = "attention"
    """Answered with no, differently or unreadably; half sent, by fax and not by post; or refused by
    its gateway, so that it has to go on paper."""


def lists_of(case: Case, request: InteragencyRequest) -> set[RequestList]:
    """The worklists a request stands on. What nobody works at any more stands on none."""
    if case.status not in {Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE}:
        return set()
    found = set()
    if request.state is RequestState.TO_SEND:
        found.add(RequestList.TO_SEND)
    if awaited(case, request) and not _made_anew(case, request):
        overdue = request.state is RequestState.OVERDUE
        found.add(RequestList.OVERDUE if overdue else RequestList.SENT)
    half_sent = request.state is RequestState.SENT and still_to_dispatch(request)
    if needs_a_person(case, request) or half_sent or request.held:
        found.add(RequestList.ATTENTION)
    return found


def due_of(case: Case, request: InteragencyRequest) -> datetime:
    """By what a worklist is ordered: the end of the term that runs, else when it was signed."""
    term = kind_of(case, request.kind).answer_term
    running = {deadline.code: deadline.due_at for deadline in case.terms.deadlines}
    if request.state is RequestState.TO_SEND:
        return request.send_by or request.signed_at
    return running.get(term, request.answered_at or request.signed_at)


def worklist_dues(case: Case) -> dict[RequestList, datetime]:
    """For each worklist with requests of this case the earliest moment one of them is due."""
    dues: dict[RequestList, datetime] = {}
    for request in case.every_request:
        for name in lists_of(case, request):
            due = due_of(case, request)
            dues[name] = min(dues.get(name, due), due)
    return dues


def _made_anew(case: Case, request: InteragencyRequest) -> bool:
    return any(known.repeats == request.id for known in case.every_request)
