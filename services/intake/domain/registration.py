"""A referral becomes a case, or joins the one that is open (R 3.1.2, L 5.1)."""

from __future__ import annotations

from collections.abc import Callable

from contracts.case import CaseRef
from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.referral import ReferralRegistered
from services.intake.domain.actions import Action, Status
from services.intake.domain.belonging import take_in
from services.intake.domain.case import Case, require
from services.intake.domain.forwarding import follow_entry
from services.intake.domain.further import linked_event
from services.intake.domain.journal import JournalEntry, number_of
from services.intake.domain.linked import LinkedReferral, Said
from services.intake.domain.notices import tell_requester
from services.intake.domain.said import hear
from services.intake.domain.urgent import terms_until_triage
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
    case.entry_id, case.received_at = entry.referral, entry.received_at
    case.channel = entry.form.channel
    case.requester = entry.requester
    hear(case, entry.referral, _said_by(entry), analysed=True)
    case.home_care_asked = entry.form.home_care_asked
    case.consultation_only, case.already_served = entry.form.consultation_only, already_served
    if entry.taken_in:
        case.status = Status.TO_FORWARD
    codes = terms_until_triage(case)
    opened = case.terms.open(*[at.deadline(case.pack, c, entry.received_at) for c in codes])
    tell_requester(case, at)
    registered = ReferralRegistered(
        by=at.by,
        case=case.ref,
        journal_number=number_of(entry.referral),
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


def link_referral(
    case: Case,
    entry: JournalEntry,
    at: Context,
    hash_of: Callable[[str], str] | None = None,
) -> list[Event]:
    """A second referral about the same citizen: one case, not two (L 5.1).

    A declined case is taken up again by it; in a triaged one a person looks at it (R 3.1.3).
    `hash_of` gives what may be known of the code that who applies is told, by the case's number.
    """
    if entry.referral in case.referrals:
        return []
    require(case, Action.LINK_REFERRAL)
    if case.over:
        raise NotAllowedInState("case-is-over", "a new referral opens a new case", clause="L 5.1")
    link = _link_of(entry, coded=hash_of is not None)
    said = {entry.referral: _said_by(entry)}
    taken_up, opened = take_in(case, [link], said, at, by=entry.referral)
    tell_requester(case, at)
    code_hash = hash_of(case.reference.number) if hash_of is not None else ""
    linked = linked_event(link, at, opened, said=entry.said, status_code_hash=code_hash)
    return [linked, *taken_up, *follow_entry(case, entry, at)]


def _said_by(entry: JournalEntry) -> Said:
    return Said(
        in_danger=entry.in_danger,
        in_hospital=entry.form.in_hospital,
        priority=entry.form.priority,
    )


def _link_of(entry: JournalEntry, *, coded: bool) -> LinkedReferral:
    return LinkedReferral(
        entry_id=entry.referral,
        received_at=entry.received_at,
        channel=entry.form.channel,
        requester=entry.requester,
        in_danger=entry.in_danger,
        in_hospital=entry.form.in_hospital,
        to_review=True,
        coded=coded,
    )
