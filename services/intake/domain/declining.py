"""The citizen declines, thinks about it, and returns: the case goes on (R 3.3.7.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import CaseDeclined, CaseReopened
from services.intake.domain.actions import ALLOWED, Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.dispatching import (
    hold_request,
    release_request,
)
from services.intake.domain.documents import complete_package
from services.intake.domain.further import hand_to_analysis, open_review_terms, set_aside_terms
from services.intake.domain.records import ContactsLeft, Decline
from services.intake.domain.terms import terms_of_stage

MOST_THINKING: Final = timedelta(days=366)
"""Who still thinks after a year decides anew."""


def decline(
    case: Case,
    at: Context,
    *,
    consequences_explained: bool,
    contact_left: bool,
    contacts: ContactsLeft | None = None,
    think_until: date | None = None,
) -> list[Event]:
    """The citizen declines: consequences explained, contact left, time to think (R 3.3.7.2).

    With the end of the day until which the citizen thinks about it, somebody is reminded to ask; a
    citizen who was asked then and still declines does so once more, with a further day or for good.
    """
    require(case, Action.DECLINE)
    if case.enrolled:
        raise NotAllowedInState(
            "already-enrolled", "a service is ended in the care plan", clause="R 3.6.3"
        )
    if not consequences_explained:
        raise InvalidInput(
            "consequences-not-explained",
            "explain the possible consequences of declining first",
            field="consequences_explained",
            clause="R 3.3.7.2",
        )
    if not contact_left:
        raise InvalidInput(
            "contact-not-left",
            "leave the citizen the address, the phone and the name to turn to",
            field="contact_left",
            clause="R 3.3.7.2",
        )
    today = at.calendar.local_date(at.now)
    if think_until is not None and think_until < today:
        raise InvalidInput(
            "thinking-time-over",
            "the time to think lies in the future",
            field="think_until",
            clause="R 3.3.7.2",
        )
    if think_until is not None and think_until > today + MOST_THINKING:
        raise InvalidInput(
            "thinking-time-too-long",
            f"the time to think is at most {MOST_THINKING.days} days",
            field="think_until",
            clause="R 3.3.7.2",
        )
    case.think_until = at.calendar.end_of_day(think_until) if think_until else None
    case.ask_again_at = None
    hold_request(case)
    declined = Decline(
        at=at.now,
        recorded_by=at.by.id,
        consequences_explained=consequences_explained,
        contact_left=contact_left,
        contacts=contacts,
        think_until=case.think_until,
    )
    return _lay_aside(case, declined, at)


def reopen(case: Case, at: Context) -> list[Event]:
    """The citizen thought better of it (R 3.3.7.2)."""
    require(case, Action.REOPEN)
    if case.consent_withdrawn:
        raise NotAllowedInState(
            "consent-withdrawn",
            "the citizen took the consent back: record a new one first",
            clause="152-FZ 9",
        )
    return resume(case, at)


def resume(case: Case, at: Context) -> list[Event]:
    """Go on where the case stood; the terms of that stage run anew from here.

    Where the consent was taken back meanwhile, it is set aside instead (152-FZ 9).
    """
    case.status, case.status_before = case.status_before or Status.REGISTERED, None
    case.think_until = case.ask_again_at = None
    _tell_body(case, at)
    if case.code is None:
        hand_to_analysis(case)
    release_request(case, at)
    opened = (*terms_of_stage(case, at), *open_review_terms(case, at, since=at.now))
    reopened = CaseReopened(by=at.by, opened=opened)
    completed = complete_package(case, at)
    return [reopened, *completed, *(set_aside(case, at) if case.consent_withdrawn else [])]


def set_aside(case: Case, at: Context) -> list[Event]:
    """The consent was taken back: what goes on stops as by a decline (152-FZ 9)."""
    hold_request(case)
    if case.status is Status.DECLINED or case.status not in ALLOWED[Action.DECLINE]:
        return []
    withdrawn = Decline(
        at=at.now,
        recorded_by=at.by.id,
        consequences_explained=False,
        contact_left=False,
        consent_withdrawn=True,
    )
    return _lay_aside(case, withdrawn, at)


def _lay_aside(case: Case, declined: Decline, at: Context) -> list[Event]:
    case.declines.append(declined)
    if case.status is not Status.DECLINED:
        case.status_before, case.status = case.status, Status.DECLINED
    _tell_body(case, at)
    return [CaseDeclined(by=at.by, closed=set_aside_terms(case, at))]


def _tell_body(case: Case, at: Context) -> None:
    """Whether there is something to pass on, the journal of the body that has it says (R 3.1.2)."""
    if case.waits:
        case.pass_on_at = at.now
