"""Two open cases of one citizen become one, and two again (L 5.1).

The younger ends, the elder goes on with its referrals. Every step may be done twice; their order is
in `uniting.py` of the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.intake import JOINED, CaseClosed, CaseDeclined, CaseReopened
from contracts.referral import ReferralsParted
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.declining import resume
from services.intake.domain.dispatching import hold_request
from services.intake.domain.further import (
    close_review_terms,
    linked_event,
    open_review_terms,
    set_aside_terms,
    take_in,
)
from services.intake.domain.journal import number_of
from services.intake.domain.linked import LinkedReferral, TakenUp
from services.intake.domain.notices import as_text, notices, task_status
from services.intake.domain.priority import most_pressing
from services.intake.domain.records import ReferralWithdrawal
from services.intake.domain.urgent import needs_urgent_help


def age(case: Case) -> tuple[float, str]:
    """By what cases are told elder and younger: when they were received."""
    return case.received_at.timestamp() if case.received_at else 0.0, case.id


def close_joined(case: Case, into: str, at: Context) -> list[Event]:
    """The younger of two open cases ends; the elder goes on with its referrals (L 5.1)."""
    if case.joined_to == into:
        return []
    require(case, Action.JOIN)
    if case.enrolled:
        raise NotAllowedInState("case-is-over", "it came to its end by itself", clause="L 5.1")
    case.joined_to, case.closed_for = into, JOINED
    case.status_before, case.declined_before = _stage(case), case.status is Status.DECLINED
    case.status = Status.CLOSED
    for _, notice in notices(case):
        notice.next_attempt_at = None
    hold_request(case)
    return [CaseClosed(by=at.by, reason=JOINED, into=into, closed=case.terms.close_all(at.now))]


def _stage(case: Case) -> Status | None:
    return case.status_before if case.status is Status.DECLINED else case.status


def referrals_of(case: Case) -> list[LinkedReferral]:
    """Every referral of a case: the one that opened it, and those that joined it."""
    if case.received_at is None or case.channel is None:
        return list(case.linked)
    first = LinkedReferral(
        entry_id=case.entry_id,
        received_at=case.received_at,
        channel=case.channel,
        requester=case.requester,
        in_danger=case.in_danger,
        in_hospital=case.in_hospital,
        to_review=case.code is None,
    )
    return [first, *case.linked]


def link_joined(case: Case, younger: Case, at: Context) -> list[Event]:
    """The elder case takes the younger one's referrals over; one that has ended takes none."""
    if case.over:
        return []
    known = {referral.entry_id for referral in case.linked}
    taken = [one for one in referrals_of(younger) if one.entry_id not in known]
    if not taken:
        return []
    urgent = needs_urgent_help(younger)
    unseen = younger.code is None or urgent
    for one in taken:
        known_to_end = one.entry_id in younger.withdrawals
        one.to_review = (one.to_review or unseen) and not known_to_end
        one.in_danger = one.in_danger or urgent  # whoever was to help there is to help here
        case.reached[one.entry_id] = as_text(*task_status(younger, one.entry_id))
    case.withdrawals |= younger.withdrawals
    case.priority = most_pressing(case.priority, younger.priority)
    if younger.waits:
        case.pass_on_at = at.now  # the journals say where they have come to
    aside = _as_it_is_set_aside(case, younger.id)
    reopened, opened = take_in(case, taken, at, asleep=younger.declined_before)
    if reopened:
        case.taken_up = aside.model_copy(update={"linked": len(case.linked)})
    return [
        *reopened,
        *(linked_event(one, at, opened if one is taken[0] else ()) for one in taken),
    ]


def unlink_joined(case: Case, younger: Case, at: Context) -> list[Event]:
    """The elder case gives the younger one's referrals back."""
    theirs = {referral.entry_id for referral in referrals_of(younger)}
    given_back = [one for one in case.linked if one.entry_id in theirs]
    if not given_back:
        return []
    untouched = _untouched_since(case, younger.id)
    case.linked = [one for one in case.linked if one.entry_id not in theirs]
    for entry in theirs:
        case.reached.pop(entry, None)
        case.linked_notices.pop(entry, None)
    numbers = tuple(number_of(one.entry_id) for one in given_back)
    closed = close_review_terms(case, at)
    parted = ReferralsParted(by=at.by, journal_numbers=numbers, into=younger.id, closed=closed)
    return [parted, *_set_aside_again(case, untouched, at)]


def _as_it_is_set_aside(case: Case, younger: str) -> TakenUp:
    return TakenUp(
        by=younger,
        status_before=case.status_before,
        code=case.code,
        proposal=case.proposal,
        override_reason=case.override_reason,
        analysed_since=case.analysed_since,
        in_danger=case.in_danger,
        think_until=case.think_until,
        ask_again_at=case.ask_again_at,
        to_review=tuple(link.entry_id for link in case.linked if link.to_review),
        answerings=len(case.answerings),
    )


def _untouched_since(case: Case, younger: str) -> TakenUp | None:
    """What the case was before the younger one's referrals took it up, if nothing was done in it
    since: no question answered, no other referral come in."""
    known = case.taken_up
    if known is None or known.by != younger or case.status is not Status.REGISTERED:
        return None
    done = (len(case.answerings), len(case.linked))
    return known if done == (known.answerings, known.linked) else None


def _set_aside_again(case: Case, before: TakenUp | None, at: Context) -> list[Event]:
    """A decline stands as it did, once what took the case up is gone again (R 3.3.7.2)."""
    case.taken_up = None
    if before is None:
        return []
    case.status = Status.DECLINED
    case.status_before = Status(before.status_before) if before.status_before else None
    case.code, case.proposal = before.code, before.proposal
    case.override_reason, case.analysed_since = before.override_reason, before.analysed_since
    case.in_danger = before.in_danger
    case.think_until, case.ask_again_at = before.think_until, before.ask_again_at
    for link in case.linked:
        link.to_review = link.entry_id in before.to_review
    closed = set_aside_terms(case, at)
    return [CaseDeclined(by=at.by, closed=closed, opened=open_review_terms(case, at))]


def has_taken(case: Case, younger: Case) -> bool:
    """Whether a case has every referral of the one that was joined to it."""
    known = {referral.entry_id for referral in case.linked}
    return all(referral.entry_id in known for referral in referrals_of(younger))


def go_on_alone(case: Case, elder: str, at: Context) -> list[Event]:
    """The elder case ended before it took the referrals of this one, which goes on, as the open
    case of its citizen (L 5.1)."""
    if case.over and case.joined_to != elder:
        return []
    case.reunite_at = at.now
    return reopen_parted(case, at)


def reopen_parted(
    case: Case, at: Context, withdrawals: Mapping[str, ReferralWithdrawal] | None = None
) -> list[Event]:
    """The younger case goes on where it stood; a decline stands as it did.

    `withdrawals`: what senders took back while the elder case had its referrals.
    """
    if case.joined_to is None:
        return []
    waits, theirs = case.waits, {one.entry_id for one in referrals_of(case)}
    case.joined_to, case.closed_for = None, None
    case.pass_on_at = at.now if waits else case.pass_on_at
    case.withdrawals |= {entry: w for entry, w in (withdrawals or {}).items() if entry in theirs}
    for _, notice in notices(case):
        notice.shown = None  # the elder's state was shown meanwhile
    if case.declined_before:
        case.status, case.declined_before = Status.DECLINED, False
        return [CaseReopened(by=at.by), CaseDeclined(by=at.by)]
    return resume(case, at)
