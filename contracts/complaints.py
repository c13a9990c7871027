"""Events of complaints. Every one names the case, so any reader knows at once whom it concerns."""

from __future__ import annotations

from enum import StrEnum

from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.values import Identifier, Line

COMPLAINT = "complaints.complaint"


class ComplaintOutcome(StrEnum):
    """What was decided on a complaint (R 5.7)."""

    SATISFIED = "satisfied"
    REFUSED = "refused"


class Remedy(StrEnum):
    """What a satisfied complaint changes (R 5.7)."""

    DECISION_ANNULLED = "decision_annulled"
    ERROR_CORRECTED = "error_corrected"
    MONEY_RETURNED = "money_returned"
    OTHER = "other"


class ComplaintEvent(CaseEvent):
    """Base: the case a complaint is about is fixed when it is registered."""

    case_id: Identifier


class ComplaintRegistered(
    ComplaintEvent,
    stream=COMPLAINT,
    clause="R 5.3",
    ru="Жалоба зарегистрирована",
    en="Complaint registered",
):
    """A complaint came in; its term runs from the day of registration."""

    number: Line
    ground: Identifier
    body: Identifier
    citizen_id: Identifier


class ComplaintDecided(
    ComplaintEvent,
    stream=COMPLAINT,
    clause="R 5.7",
    ru="По жалобе принято решение",
    en="Complaint decided",
):
    """Satisfied or refused."""

    outcome: ComplaintOutcome


class RemedyOrdered(
    ComplaintEvent,
    stream=COMPLAINT,
    clause="R 5.8",
    ru="Предписано устранить нарушение",
    en="Remedy ordered",
):
    """What must change in the case because the complaint was satisfied."""

    remedy: Remedy


class ComplaintAnswered(
    ComplaintEvent,
    stream=COMPLAINT,
    clause="R 5.9",
    ru="Направлен ответ на жалобу",
    en="Complaint answered",
):
    """The reasoned answer with its seven parts was sent."""


class TermDueSoon(
    TermDueSoonFact, stream=COMPLAINT, clause="R 5.5", ru="Срок истекает", en="Term due soon"
):
    """A term of a complaint is about to run out."""

    case_id: Identifier


class TermMissed(
    TermMissedFact, stream=COMPLAINT, clause="R 5.5", ru="Срок пропущен", en="Term missed"
):
    """A term of a complaint was missed."""

    case_id: Identifier
