"""A referral becomes a case or joins one; the citizen declines and returns; terms sound."""

from __future__ import annotations

from contracts.case import CaseRef
from contracts.context import Context
from contracts.event import Event
from contracts.intake import (
    CaseDeclined,
    CaseReopened,
    CertificateOverdue,
    ReferralLinked,
    ReferralRegistered,
    TermDueSoon,
    TermMissed,
)
from contracts.terms import Alarm
from services.intake.domain.case import Action, Case, Status, require
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import tell_requester
from services.intake.domain.records import LinkedReferral, RequestState


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
    rule = case.pack.term("referral-analysis")
    tell_requester(case, at)
    return [
        ReferralRegistered(
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
            opened=case.terms.open(at.deadline(rule, entry.pack, entry.received_at)),
        )
    ]


def link_referral(case: Case, entry: JournalEntry, at: Context) -> list[Event]:
    """A second referral about the same citizen: one case, not two (L 5.1)."""
    if any(known.entry_id == entry.id for known in case.linked):
        return []
    require(case, Action.LINK_REFERRAL)
    case.linked.append(
        LinkedReferral(
            entry_id=entry.id,
            received_at=entry.received_at,
            channel=entry.form.channel,
            requester=entry.requester,
        )
    )
    return [
        ReferralLinked(
            by=at.by,
            journal_number=entry.journal_number,
            received_at=entry.received_at,
            channel=entry.form.channel,
            requester=entry.requester,
        )
    ]


def decline(case: Case, at: Context) -> list[Event]:
    """The citizen declines: consequences explained, contact left (R 3.3.7.2)."""
    require(case, Action.DECLINE)
    case.status_before, case.status = case.status, Status.DECLINED
    return [CaseDeclined(by=at.by, closed=case.terms.close_all(at.now))]


def reopen(case: Case, at: Context) -> list[Event]:
    """The citizen thought better of it (R 3.3.7.2)."""
    require(case, Action.REOPEN)
    case.status, case.status_before = case.status_before or Status.REGISTERED, None
    return [CaseReopened(by=at.by)]


def sound_terms(case: Case, at: Context) -> list[Event]:
    """The alarms that are due; an overdue answer of the Pension Fund is said by its own name."""
    institution = case.ref.institution if case.ref else None
    events: list[Event] = []
    for alarm, term in case.terms.ring(at.now):
        if alarm is Alarm.DUE_SOON:
            events.append(TermDueSoon(by=at.by, term=term, institution=institution))
            continue
        events.append(TermMissed(by=at.by, term=term, institution=institution))
        if term.code == "interagency-answer" and case.request is not None:
            case.request.state = RequestState.OVERDUE
            events.append(CertificateOverdue(by=at.by, request_id=case.request.id))
    return events
