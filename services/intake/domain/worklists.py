"""Worklists: every open case is in exactly one, with one owner and one next term.

`WORKLISTS` is the one table from the state of a case to its list: the first row that holds. A case
that another service works on is in a list too, whose term is the one that service runs, as heard
from its events; so nobody falls between. Where neither the regulation nor the other service has a
term running, the follow-up of the regulation pack stands in, which is ours (`FollowUp`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from contracts.careplan import Outcome
from contracts.context import Context
from contracts.regulation import deadline
from contracts.regulation.entries import DocumentSource
from contracts.roles import Role
from contracts.terms import ClosedTerm, Deadline
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.documents import missing_documents
from services.intake.domain.interagency import kind_of
from services.intake.domain.requests import RequestState
from services.intake.domain.term_codes import (
    ANALYSIS_TERM,
    ANSWER_TERM,
    FORWARDING_TERM,
    SENDING_TERM,
    URGENT_TERM,
)
from services.intake.domain.urgent import needs_urgent_help


class Worklist(StrEnum):
    """The lists, in the order a case goes through them."""

    FORWARDING = "forwarding"
    FURTHER_REFERRAL = "further_referral"
    ANALYSIS = "analysis"
    TRIAGE = "triage"
    URGENT_MEASURES = "urgent_measures"
    CONSULTATION = "consultation"
    ASKING_AGAIN = "asking_again"
    DECLINED_AT_SURVEY = "declined_at_survey"
    APPLICATION = "application"
    INTERAGENCY_REQUEST = "interagency_request"
    DOCUMENTS = "documents"
    INTERAGENCY_ANSWER = "interagency_answer"
    SURVEY = "survey"
    ORGANIZER = "organizer"
    COMMISSION = "commission"
    CARE_PLAN = "care_plan"
    DECISION = "decision"
    ENROLMENT = "enrolment"
    REFUSAL_NOTICE = "refusal_notice"


class Follows(StrEnum):
    """The services whose work intake follows."""

    ASSESSMENT = "assessment"
    CAREPLAN = "careplan"


@dataclass(frozen=True, slots=True)
class Row:
    """One list: which cases are in it, who acts next, which terms are its own."""

    worklist: Worklist
    holds: Callable[[Case], bool]
    role: Role
    clause: str
    title_ru: str
    title_en: str
    terms: tuple[str, ...] = ()
    follows: Follows | None = None


def _request_is_to_be_made(case: Case) -> bool:
    """A document of another body is needed, and no request for it is on its way (R 3.2)."""
    sent = [r.kind for r in case.every_request if r.state is RequestState.SENT]
    on_its_way = {kind_of(case, kind).document for kind in sent}
    missing = set(missing_documents(case)) - on_its_way
    return case.status is Status.APPLICATION_REGISTERED and any(
        d.code in missing and d.source is DocumentSource.INTERAGENCY for d in case.pack.documents
    )


def _lacks(case: Case, *sources: DocumentSource) -> bool:
    missing = missing_documents(case)
    return any(d.code in missing and d.source in sources for d in case.pack.documents)


def _decided(outcome: Outcome) -> Callable[[Case], bool]:
    return lambda case: case.progress.decided == outcome


WORKLISTS: tuple[Row, ...] = (
    Row(Worklist.FORWARDING, lambda case: case.status is Status.TO_FORWARD, Role.REGISTRAR,
        "R 3.1.2, 5.5.2", "Передача в учреждение", "Passing on to the institution",
        (FORWARDING_TERM,)),
    Row(Worklist.FURTHER_REFERRAL, lambda case: bool(case.to_review), Role.URGENT_HEAD,
        "R 3.1.3, 3.1.8", "Повторное обращение", "Further referral",
        (URGENT_TERM, ANALYSIS_TERM)),
    Row(Worklist.ASKING_AGAIN, lambda case: case.to_ask_again, Role.SPECIALIST,
        "R 3.3.7.2", "Повторный вопрос после обдумывания", "Asking again after the time to think"),
    Row(Worklist.ANALYSIS, lambda case: case.status is Status.REGISTERED, Role.REGISTRAR,
        "R 3.1.3", "Анализ обращения", "Analysis of the referral", (ANALYSIS_TERM,)),
    Row(Worklist.TRIAGE, lambda case: case.status is Status.ANALYSED, Role.URGENT_HEAD,
        "R 3.1.5, 3.1.6", "Присвоение кода", "Triage", (ANALYSIS_TERM,)),
    Row(Worklist.URGENT_MEASURES, needs_urgent_help, Role.URGENT_HEAD,
        "R 3.1.7, 3.3.8", "Срочные мероприятия", "Urgent measures", (URGENT_TERM,)),
    Row(Worklist.CONSULTATION, lambda case: case.code is TriageCode.CONSULTATION, Role.SPECIALIST,
        "R 3.1.6 б", "Консультация", "Consultation"),
    Row(Worklist.DECLINED_AT_SURVEY, lambda case: case.progress.declined, Role.SPECIALIST,
        "R 3.3.7.2", "Отказ при обследовании", "Declined at the survey"),
    Row(Worklist.APPLICATION, lambda case: case.status is Status.TRIAGED, Role.SPECIALIST,
        "R 3.3.7", "Личное заявление", "Personal application", follows=Follows.ASSESSMENT),
    Row(Worklist.INTERAGENCY_REQUEST, _request_is_to_be_made, Role.INSTITUTION_DIRECTOR,
        "R 3.2", "Межведомственный запрос", "Interagency request",
        (SENDING_TERM, ANSWER_TERM)),
    Row(Worklist.DOCUMENTS,
        lambda case: _lacks(case, DocumentSource.CITIZEN, DocumentSource.RELATIVES),
        Role.SPECIALIST, "R 3.3.9", "Документы пакета", "Documents of the package"),
    Row(Worklist.INTERAGENCY_ANSWER, lambda case: _lacks(case, DocumentSource.INTERAGENCY),
        Role.REGISTRAR, "210-FZ 7.2", "Ответ на межведомственный запрос",
        "Answer to the interagency request", (ANSWER_TERM,)),
    Row(Worklist.ENROLMENT, _decided(Outcome.ENROL), Role.INSTITUTION_DIRECTOR,
        "R 3.6.2, 3.6.3", "Договор и приказ о зачислении", "Contract and enrolment order",
        follows=Follows.CAREPLAN),
    Row(Worklist.REFUSAL_NOTICE, _decided(Outcome.REFUSE), Role.REGISTRAR,
        "R 3.6.4", "Уведомление об отказе", "Notice of refusal", follows=Follows.CAREPLAN),
    Row(Worklist.DECISION, lambda case: case.progress.submitted, Role.AUTHORISED_BODY_HEAD,
        "R 3.6.1", "Решение", "Decision", follows=Follows.CAREPLAN),
    Row(Worklist.CARE_PLAN, lambda case: case.progress.assessed, Role.CARE_ORGANIZER,
        "R 3.5", "Планирование ухода", "Care planning", follows=Follows.CAREPLAN),
    Row(Worklist.COMMISSION, lambda case: case.progress.organizer is not None,
        Role.CARE_ORGANIZER, "R 3.4", "Комиссионная оценка", "Assessment by the commission",
        follows=Follows.ASSESSMENT),
    Row(Worklist.ORGANIZER, lambda case: case.progress.surveyed, Role.URGENT_HEAD,
        "R 3.3.11, 3.3.12", "Назначение организатора ухода", "Naming the care organizer",
        follows=Follows.ASSESSMENT),
    Row(Worklist.SURVEY, lambda case: True, Role.SPECIALIST,
        "R 3.3", "Первичное обследование", "Primary survey", follows=Follows.ASSESSMENT),
)  # fmt: skip
"""The first row that holds is the list of an open case. What intake itself has to do goes before
what others do; the last row takes whatever is left, so there is no open case without a list."""

ROWS = {row.worklist: row for row in WORKLISTS}


class TermSource(StrEnum):
    """Where a next term comes from."""

    STATUTORY = "statutory"
    """A term of the regulation that intake runs."""
    FOLLOWED = "followed"
    """A term of the regulation that another service runs."""
    FOLLOW_UP = "follow_up"
    """Ours: the regulation sets none here."""


class NextTerm(NamedTuple):
    """What runs out first in a case, and who set it."""

    deadline: Deadline
    source: TermSource


class Place(NamedTuple):
    """Where an open case is: its list, who owns it, what runs out first."""

    row: Row
    role: Role
    """Who acts next: as the list says, but at a body that took it in always the registrar, whom
    alone of its staff passing on concerns (R 3.1.2)."""
    assignee: str | None
    term: NextTerm | None
    """None only where a region's pack lacks the follow-up that a list needs."""

    @property
    def owner(self) -> str:
        """The one owner: the person it is assigned to, else the role that acts next."""
        return person(self.assignee) if self.assignee is not None else role(self.role)


def person(assignee: str) -> str:
    """A person as the owner of a case."""
    return f"person:{assignee}"


def role(acting: str) -> str:
    """A role of the institution as the owner of a case."""
    return f"role:{acting}"


def row_of(case: Case) -> Row | None:
    """The one list of an open case; None where nothing is to be done any more."""
    if not case.open:
        return None
    return next(row for row in WORKLISTS if row.holds(case))


def place_of(case: Case) -> Place | None:
    """List, owner and next term of an open case; None where nothing is to be done any more."""
    row = row_of(case)
    if row is None:
        return None
    acting = Role.REGISTRAR if case.waits else row.role
    return Place(row, acting, case.assignee, _next_term(case, row))


def _next_term(case: Case, row: Row) -> NextTerm | None:
    """The earliest of what intake runs and of what the list itself goes by.

    So no term of the regulation is hidden by one of ours that ends later.
    """
    running = [NextTerm(term, TermSource.STATUTORY) for term in case.terms.deadlines]
    if not any(term.deadline.code in row.terms for term in running):
        heard = case.followed.get(row.follows, []) if row.follows is not None else []
        running += [NextTerm(term, TermSource.FOLLOWED) for term in heard]
        follow_up = case.follow_up or _at_once(case, row)
        if not heard and follow_up is not None:
            running.append(NextTerm(follow_up, TermSource.FOLLOW_UP))
    return min(running, key=lambda term: term.deadline.due_at, default=None)


def _at_once(case: Case, row: Row) -> Deadline | None:
    """The follow-up of a case that a version without worklists stored: due since the referral,
    so that somebody looks at it, and found anew with the next thing that happens."""
    rule, since = case.pack.follow_up(row.worklist), case.received_at
    if rule is None or since is None:
        return None
    return Deadline(
        code=rule.code,
        clause=rule.clause,
        length=0,
        unit=rule.unit,
        started_at=since,
        due_on=since.date(),
        due_at=since,
        warn_at=since,
        pack=case.reference.pack,
    )


def settle(case: Case, at: Context, *, moved: bool) -> None:
    """After a change: find the follow-up of the list the case is in now.

    Counted from the last thing that happened in the case, which is the latest of all, in whatever
    order they were heard of. Assigning the case to somebody, or an alarm, is no such thing.
    """
    if moved:
        case.moved_at = max(at.now, case.moved_at or at.now)
    row = row_of(case)
    rule = case.pack.follow_up(row.worklist) if row is not None else None
    case.follow_up = (
        deadline(
            rule,
            started_at=_last_moved(case, at),
            calendar=at.calendar,
            pack=case.reference.pack,
        )
        if rule is not None
        else None
    )


def _last_moved(case: Case, at: Context) -> datetime:
    return case.moved_at or case.received_at or at.now


def follow(
    case: Case, service: str, opened: Sequence[Deadline], closed: Sequence[ClosedTerm]
) -> None:
    """Take over which terms run in another service, each event in its stream's order.

    A term that starts anew takes the place of its earlier start, which lapsed without a word.
    """
    ended = {term.code for term in closed} | {term.code for term in opened}
    running = [term for term in case.followed.get(service, []) if term.code not in ended]
    case.followed[service] = [*running, *opened]
