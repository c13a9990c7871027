"""A referral becomes a case or joins one; the citizen declines and returns; terms sound."""

from __future__ import annotations

from datetime import date

from contracts.case import CaseRef
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event, sound
from contracts.intake import CaseDeclined, CaseReopened, TermDueSoon, TermMissed, ThinkingTimeEnded
from contracts.referral import ReferralLinked, ReferralRegistered
from contracts.terms import Deadline
from contracts.triage import TriageCode
from services.intake.domain.case import Action, Case, Status, require
from services.intake.domain.dispatching import (
    hold_request,
    overdue_event,
    record_overdue,
    release_request,
    running_terms,
)
from services.intake.domain.documents import complete_package
from services.intake.domain.forwarding import FORWARDING_TERM, follow_entry
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import tell_requester
from services.intake.domain.records import ContactsLeft, Decline, LinkedReferral
from services.intake.domain.worklists import settle


def register_case(
    case: Case,
    entry: JournalEntry,
    citizen_id: str,
    *,
    already_served: bool,
    status_code_hash: str,
    at: Context,
) -> list[Event]:
    """A referral opens a case (R 3.1.2); its analysis may take one working day (R 3.1.8)."""
    case.ref = CaseRef(
        case_id=case.id,
        citizen_id=citizen_id,
        number=entry.journal_number,
        institution=entry.institution,
        authorised_body=entry.authorised_body,
        pack=entry.pack,
    )
    case.status = Status.REGISTERED
    case.entry_id, case.received_at, case.channel = entry.id, entry.received_at, entry.form.channel
    case.requester, case.in_hospital = entry.requester, entry.form.in_hospital
    case.home_care_asked = entry.form.home_care_asked
    case.consultation_only, case.already_served = entry.form.consultation_only, already_served
    term = "referral-analysis"
    if entry.taken_in:
        case.status, term = Status.TO_FORWARD, FORWARDING_TERM
    opened = case.terms.open(at.deadline(case.pack, term, entry.received_at))
    tell_requester(case, at)
    registered = ReferralRegistered(
        by=at.by,
        case=case.ref,
        journal_number=entry.journal_number,
        received_at=entry.received_at,
        channel=entry.form.channel,
        in_hospital=entry.form.in_hospital,
        home_care_asked=entry.form.home_care_asked,
        incomplete=bool(entry.missing),
        requester=entry.requester,
        status_code_hash=status_code_hash,
        said=entry.said,
        to_forward=entry.taken_in,
        opened=opened,
    )
    followed = follow_entry(case, entry, at)
    settle(case, at, moved=True)
    return [registered, *followed]


def link_referral(case: Case, entry: JournalEntry, at: Context) -> list[Event]:
    """A second referral about the same citizen: one case, not two (L 5.1)."""
    if any(known.entry_id == entry.id for known in case.linked):
        return []
    require(case, Action.LINK_REFERRAL)
    if case.over:
        raise NotAllowedInState("case-is-over", "a new referral opens a new case", clause="L 5.1")
    case.linked.append(
        LinkedReferral(
            entry_id=entry.id,
            received_at=entry.received_at,
            channel=entry.form.channel,
            requester=entry.requester,
        )
    )
    tell_requester(case, at)
    linked = ReferralLinked(
        by=at.by,
        journal_number=entry.journal_number,
        received_at=entry.received_at,
        channel=entry.form.channel,
        requester=entry.requester,
        said=entry.said,
    )
    return [linked, *follow_entry(case, entry, at)]


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

    With the end of the day until which the citizen thinks about it, somebody is reminded to ask.
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
    if think_until is not None and think_until < at.calendar.local_date(at.now):
        raise InvalidInput(
            "thinking-time-over",
            "the time to think lies in the future",
            field="think_until",
            clause="R 3.3.7.2",
        )
    case.think_until = at.calendar.end_of_day(think_until) if think_until else None
    case.declines.append(
        Decline(
            at=at.now,
            recorded_by=at.by.id,
            consequences_explained=consequences_explained,
            contact_left=contact_left,
            contacts=contacts,
            think_until=case.think_until,
        )
    )
    case.status_before, case.status = case.status, Status.DECLINED
    hold_request(case)
    return [CaseDeclined(by=at.by, closed=case.terms.close_all(at.now))]


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
    """Go on where the case stood; the terms of that stage run anew from here."""
    case.status, case.status_before = case.status_before or Status.REGISTERED, None
    case.think_until = None
    release_request(case, at)
    reopened = CaseReopened(by=at.by, opened=_terms_of_stage(case, at))
    return [reopened, *complete_package(case, at)]


def _terms_of_stage(case: Case, at: Context) -> tuple[Deadline, ...]:
    if case.waits:
        return case.terms.open(at.deadline(case.pack, FORWARDING_TERM))
    codes = []
    if case.code is None:
        codes.append("referral-analysis")
    if case.code is TriageCode.IMMEDIATE and case.urgent_done_at is None:
        codes.append("urgent-measures")
    if case.status is Status.APPLICATION_REGISTERED:
        codes += running_terms(case)
    return case.terms.open(*[at.deadline(case.pack, code) for code in codes])


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due; an overdue answer of another body is said by its own name."""
    institution = case.ref.institution if case.ref else None
    events: list[Event] = []
    for alarm in sound(case.terms, TermDueSoon, TermMissed, at, institution=institution):
        events.append(alarm)
        overdue = record_overdue(case, alarm.term.code) if isinstance(alarm, TermMissed) else None
        if overdue is not None:
            events.append(overdue_event(case, overdue, at))
    if case.think_until is not None and at.now >= case.think_until:
        case.think_until = None
        if case.status is Status.DECLINED:
            events.append(ThinkingTimeEnded(by=at.by))
    settle(case, at, moved=False)
    return events
