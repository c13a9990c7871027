"""Two open cases of one citizen become one, and two again (L 5.1).

One ends, the other goes on with its referrals: the elder, but for one that is set aside while the
younger is not, for what goes on is not stopped by it. Every step may be done twice; their order is
in `uniting.py` of the service.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.intake import JOINED, CaseClosed, CaseDeclined, CaseReopened
from contracts.referral import ReferralsParted
from contracts.terms import ClosedTerm
from services.intake.domain.actions import Action, Status
from services.intake.domain.belonging import let_go, take_back, take_in
from services.intake.domain.case import Case, require
from services.intake.domain.closing import end_empty, rests_on_nothing
from services.intake.domain.declining import resume
from services.intake.domain.dispatching import hold_request
from services.intake.domain.further import linked_event
from services.intake.domain.journal import number_of
from services.intake.domain.linked import LinkedReferral, Said
from services.intake.domain.notices import as_text, notices, task_status
from services.intake.domain.records import ReferralWithdrawal
from services.intake.domain.said import analysed_in, said_in
from services.intake.domain.status_code import CodeHash, bury_code
from services.intake.domain.urgent import needs_urgent_help


def rank(case: Case) -> tuple[bool, bool, float, str]:
    """Of a citizen's open cases the one of least rank goes on (L 5.1): one that is not set aside
    before one that is, one whose citizen thinks it over before one declined for good (R 3.3.7.2),
    the elder before the younger."""
    aside = case.status is Status.DECLINED
    thinks = not case.consent_withdrawn and (case.think_until or case.ask_again_at) is not None
    received = case.received_at.timestamp() if case.received_at else 0.0
    return aside, aside and not thinks, received, case.id


def close_joined(case: Case, into: str, at: Context) -> list[Event]:
    """One of two open cases ends; the other goes on with its referrals (L 5.1)."""
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
    """Every referral that is in a case: the one that opened it, and those that joined it."""
    if case.opening is None or case.received_at is None or case.channel is None:
        return list(case.linked)
    said = said_in(case).get(case.opening, Said())
    first = LinkedReferral(
        entry_id=case.opening,
        received_at=case.received_at,
        channel=case.channel,
        requester=case.requester,
        in_danger=said.in_danger and case.opening in analysed_in(case),
        in_hospital=said.in_hospital,
        to_review=case.code is None and not case.declined_before,
    )
    return [first, *case.linked]


def link_joined(case: Case, joined: Case, at: Context) -> list[Event]:
    """A case takes over the referrals of the one that was joined to it, unless it has ended."""
    if case.over:
        return []
    taken = [one for one in referrals_of(joined) if one.entry_id not in case.referrals]
    if not taken:
        return []
    said = _said_of(joined, taken, stopped=case.status is Status.DECLINED)
    for one in taken:
        case.reached[one.entry_id] = as_text(*task_status(joined, one.entry_id))
    case.withdrawals |= joined.withdrawals
    if joined.waits:
        case.pass_on_at = at.now  # the journals say where they have come to
    asleep = joined.declined_before
    reopened, opened = take_in(case, taken, said, at, by=joined.id, asleep=asleep)
    linked = [linked_event(one, at, opened if one is taken[0] else ()) for one in taken]
    return [*reopened, *linked]


def _said_of(joined: Case, taken: list[LinkedReferral], *, stopped: bool) -> dict[str, Said]:
    """What these say, and whether a person looks at them first, in the case that takes them over.
    `stopped`: that is set aside, so what went on until now is looked at there. To a referral whose
    case was declined itself the decline was the answer, unless it still waits to be looked at."""
    declined, known = joined.declined_before, said_in(joined)
    urgent = needs_urgent_help(joined) and not declined
    unseen = not declined and (joined.code is None or urgent or stopped)
    said: dict[str, Said] = {}
    for one in taken:
        theirs = known.get(one.entry_id)
        counts = one.in_danger and theirs is not None and (one.to_review or not declined)
        one.in_danger = counts or urgent  # whoever was to help there is to help here
        one.to_review = (one.to_review or unseen) and one.entry_id not in joined.withdrawals
        one.in_hospital = theirs is not None and theirs.in_hospital
        one.coded = False  # its code is of the other's number
        said[one.entry_id] = Said(
            in_danger=one.in_danger,
            in_hospital=one.in_hospital,
            priority=theirs.priority if theirs is not None else None,
        )
    return said


def unlink_joined(case: Case, joined: Case, at: Context, *, hash_of: CodeHash) -> list[Event]:
    """A case gives back the referrals of the one that was joined to it. `hash_of` gives what may be
    known of a code that was told to their applicants (R 3.7.3)."""
    theirs = {referral.entry_id for referral in referrals_of(joined)}
    given_back = [one.entry_id for one in case.linked if one.entry_id in theirs]
    if not given_back:
        return []
    dead = bury_code(case, given_back, hash_of)

    def parted(closed: tuple[ClosedTerm, ...]) -> Event:
        numbers = tuple(number_of(one) for one in given_back)
        return ReferralsParted(
            by=at.by, journal_numbers=numbers, into=joined.id, dead_code_hash=dead, closed=closed
        )

    return let_go(case, given_back, joined.id, at, parted)


def has_taken(case: Case, joined: Case) -> bool:
    """Whether a case has every referral of the one that was joined to it."""
    return set(joined.referrals) <= set(case.referrals)


def go_on_alone(case: Case, into: str, at: Context, *, hash_of: CodeHash) -> list[Event]:
    """The other case ended before it took the referrals of this one, which goes on, as the open
    case of its citizen (L 5.1)."""
    if case.over and case.joined_to != into:
        return []
    case.reunite_at = at.now
    return reopen_parted(case, at, hash_of=hash_of)


def reopen_parted(
    case: Case,
    at: Context,
    withdrawals: Mapping[str, ReferralWithdrawal] | None = None,
    *,
    hash_of: CodeHash,
) -> list[Event]:
    """A case that was joined to another goes on where it stood; a decline stands as it did. One
    that rests on no referral by now ends, if nothing was decided in it yet.

    `withdrawals`: what senders took back while the other case had its referrals; `hash_of` gives
    what may be known of their codes.
    """
    if case.joined_to is None:
        return []
    waits = case.waits
    case.joined_to, case.closed_for = None, None
    case.pass_on_at = at.now if waits else case.pass_on_at
    for _, notice in notices(case):
        notice.shown = None  # the other's state was shown meanwhile
    if case.declined_before:
        case.status, case.declined_before = Status.DECLINED, False
        events: list[Event] = [CaseReopened(by=at.by), CaseDeclined(by=at.by)]
    else:
        events = resume(case, at)
    for referral, withdrawal in (withdrawals or {}).items():
        if referral in case.referrals and referral not in case.withdrawals:
            events += take_back(case, referral, withdrawal, at, hash_of=hash_of)
    return [*events, end_empty(case, at)] if rests_on_nothing(case) else events
