"""A consultation of the call centre: what was asked and what was answered (S, R 3.1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.roles import Role
from contracts.values import Actor, Identifier, Line, Phone, Text, Value

FORGET_AFTER = timedelta(days=365)
"""How long the name and phone of who asked are kept (152-FZ 5.7)."""


class Asker(Value):
    """Who asked, as far as they said."""

    name: Line | None = None
    phone: Phone | None = None


class Question(Value):
    """What a consultation was about, and what came of it."""

    asker: Asker | None = None
    topic: Identifier | None = None
    topic_text: Line | None = None
    question: Text | None = None
    answer: Text


class Consultation(BaseModel):
    """A consultation as it was given; nothing in it is changed but what it turned out to be."""

    id: str
    organization: str
    given_by: Actor
    given_at: AwareDatetime
    day: date
    topic: str | None = None
    topic_text: str | None = None
    asker: Asker | None = None
    question: str | None = None
    answer: str
    case_id: str | None = None
    referral_id: str | None = None
    linked_by: Actor | None = None
    linked_at: AwareDatetime | None = None

    @property
    def day_number(self) -> int:
        """The day as a number that lists are filtered by, e.g. 20260302."""
        return int(f"{self.day:%Y%m%d}")

    @property
    def forget_at(self) -> datetime | None:
        """When the name and phone of who asked are emptied; None where there are none."""
        return self.given_at + FORGET_AFTER if self.asker is not None else None


def consult(
    consultation_id: str, given: Question, case_id: str | None, at: Context
) -> Consultation:
    """Record what was answered, by whom and when (S); it must be about something."""
    if given.topic is None and given.topic_text is None:
        raise InvalidInput(
            "topic-missing",
            "name a topic of the navigator, or say in words what it was about",
            field="topic",
            clause="S",
        )
    if at.by.organization is None:
        raise InvalidInput(
            "organization-missing",
            "the token names no organization for which it was given",
            field="organization",
            clause="S",
        )
    return Consultation(
        id=consultation_id,
        organization=at.by.organization,
        given_by=at.by,
        given_at=at.now,
        day=at.calendar.local_date(at.now),
        case_id=case_id,
        **given.model_dump(),
    )


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral of the journal, with its case once it was placed."""

    id: str
    case_id: str | None


def link_to_referral(consultation: Consultation, referral: Referral, at: Context) -> list[Event]:
    """It turned out to be a referral, which stands in the journal now (S, R 3.1.2)."""
    if consultation.referral_id is not None:
        raise NotAllowedInState(
            "already-linked", "the consultation is linked to a referral already", clause="R 3.1.2"
        )
    consultation.referral_id = referral.id
    consultation.case_id = consultation.case_id or referral.case_id
    consultation.linked_by, consultation.linked_at = at.by, at.now
    return []


def forget_person(consultation: Consultation, at: Context) -> list[Event]:
    """Empty the name and phone of who asked, once they need not be kept any more."""
    if consultation.forget_at is not None and consultation.forget_at <= at.now:
        consultation.asker = None
    return []


def may_know(consultation: Consultation, actor: Actor) -> bool:
    """Whether the caller may know of it: who gives consultations for the same organization."""
    return actor.organization is not None and actor.organization == consultation.organization


CONSULTING = (Role.CALL_CENTRE, Role.REGISTRAR, Role.SPECIALIST)
"""Who consults (S)."""
