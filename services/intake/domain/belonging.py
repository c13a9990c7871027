"""Referrals come into a case and leave it, and what that makes of it (L 5.1).

Whichever way: placed, corrected to somebody else and back, taken back by the sender, joined with
another case and parted from it. What the case is because of its referrals is found anew here: its
danger and place (`said.py`), its terms, its code, whether it is set aside and whether it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from contracts.context import Context
from contracts.event import Event
from contracts.intake import CaseDeclined, CaseReopened
from contracts.referral import CircumstancesCorrected, ReferralWithdrawn
from contracts.terms import ClosedTerm, Deadline
from services.intake.domain.actions import ALLOWED, Action, Status
from services.intake.domain.case import Case
from services.intake.domain.closing import end_empty, rests_on_nothing
from services.intake.domain.declining import resume
from services.intake.domain.dispatching import hold_request
from services.intake.domain.further import (
    analyse_anew,
    close_review_terms,
    danger_terms,
    open_review_terms,
    set_aside_terms,
)
from services.intake.domain.journal import number_of
from services.intake.domain.linked import LinkedReferral, Said, TakenUp
from services.intake.domain.notices import requester_of
from services.intake.domain.records import ReferralWithdrawal
from services.intake.domain.said import analyse, hear, unsay
from services.intake.domain.status_code import CodeHash, bury_code

Leaving = Callable[[tuple[ClosedTerm, ...]], Event]
"""What is told of referrals that left, with the terms that end by it."""


def take_in(
    case: Case,
    links: Sequence[LinkedReferral],
    said: Mapping[str, Said],
    at: Context,
    *,
    by: str,
    asleep: bool = False,
) -> tuple[list[Event], tuple[Deadline, ...]]:
    """Further referrals join a case: whether it is taken up again by them, and what terms begin.

    A declined case is analysed anew, or waits again to be passed on; one whose citizen took the
    consent back stays aside until there is a new one (152-FZ 9), and a person looks at the referral
    there. `by`: the referral, or the case they come from. `asleep`: that was declined itself, so
    they take up nothing.
    """
    events: list[Event] = []
    if case.status is Status.DECLINED and not (case.consent_withdrawn or asleep):
        before = _as_it_is_set_aside(case, by, len(links))
        events = _take_up(case, links, at)
        case.taken_up = before
    listed = case.status in ALLOWED[Action.REVIEW_REFERRAL]
    for link in links:
        link.to_review = link.to_review and listed
        case.linked.append(link)
        hear(case, link.entry_id, said[link.entry_id], analysed=not listed)
    if listed:
        return events, open_review_terms(case, at)
    if case.status is Status.ANALYSED:  # answered without it: looked at once more (R 3.1.3)
        case.status, case.proposal = Status.REGISTERED, None
    return events, case.terms.open(*danger_terms(case, links, at))


def _take_up(case: Case, links: Sequence[LinkedReferral], at: Context) -> list[Event]:
    if case.waits:
        return resume(case, at)
    opened = analyse_anew(case, min(link.received_at for link in links), links, at)
    return [CaseReopened(by=at.by, analysis_anew=True, opened=opened)]


def let_go(
    case: Case, gone: Collection[str], by: str, at: Context, leaving: Leaving
) -> list[Event]:
    """Referrals leave a case: they are about somebody else (L 5.1).

    `by`: the referral, or the case they are given back to. `leaving` says what is told of it.
    """
    before = _before(case, by)
    links = len(case.linked)
    case.linked = [link for link in case.linked if link.entry_id not in gone]
    for referral in gone:
        case.reached.pop(referral, None)
        case.linked_notices.pop(referral, None)
    unsay(case, gone)
    known = case.taken_up
    if known is not None:
        left = links - len(case.linked)
        case.taken_up = known.model_copy(update={"linked": known.linked - left})
    return _without(case, before, at, leaving)


def take_back(
    case: Case, referral: str, withdrawal: ReferralWithdrawal, at: Context, *, hash_of: CodeHash
) -> list[Event]:
    """A sender takes a referral back: the case keeps it, and rests on it no more (L 5.1). What was
    sent in error says nothing any more. `hash_of` gives what may be known of the code that dies."""
    before, requester = _before(case, referral), requester_of(case, referral) or ""
    dead = bury_code(case, [referral], hash_of)
    case.withdrawals[referral] = withdrawal
    for link in case.linked:
        link.to_review = link.to_review and link.entry_id != referral
    if withdrawal.in_error:
        unsay(case, [referral])

    def withdrawn(closed: tuple[ClosedTerm, ...]) -> Event:
        return ReferralWithdrawn(
            by=at.by,
            journal_number=number_of(referral),
            requester=requester,
            in_error=withdrawal.in_error,
            case_goes_on=not (case.status is Status.CLOSED or rests_on_nothing(case)),
            dead_code_hash=dead,
            closed=closed,
        )

    return _without(case, before, at, withdrawn)


class _Before(NamedTuple):
    """What a case was before referrals left it."""

    in_hospital: bool
    aside: TakenUp | None
    """What it was set aside as, if these took it up and nothing was done in it since."""


def _before(case: Case, by: str) -> _Before:
    known = case.taken_up
    if known is None or known.by != by:
        return _Before(case.in_hospital, None)
    waits = known.status_before == Status.TO_FORWARD
    as_taken_up = Status.TO_FORWARD if waits else Status.REGISTERED
    done = (case.status, len(case.answerings), len(case.linked))
    untouched = done == (as_taken_up, known.answerings, known.linked)
    return _Before(case.in_hospital, known if untouched else None)


def _without(case: Case, before: _Before, at: Context, leaving: Leaving) -> list[Event]:
    """What follows for a case from what is left in it.

    Terms end that ran because of what left; an untriaged case that rests on no referral any more
    ends; a decline that was taken up stands again.
    """
    events = [leaving(close_review_terms(case, at))]
    if case.over:
        return events
    if rests_on_nothing(case):
        return [*events, end_empty(case, at)]
    if case.in_hospital is not before.in_hospital:
        events.append(
            CircumstancesCorrected(
                by=at.by, in_hospital=case.in_hospital, home_care_asked=case.home_care_asked
            )
        )
    return [*events, *_set_aside_again(case, before.aside, at)]


def _as_it_is_set_aside(case: Case, by: str, further: int) -> TakenUp:
    return TakenUp(
        by=by,
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
        linked=len(case.linked) + further,
    )


def _set_aside_again(case: Case, before: TakenUp | None, at: Context) -> list[Event]:
    """A decline stands as it did, once what took the case up is gone again (R 3.3.7.2)."""
    if before is None:
        return []
    case.taken_up = None
    case.status = Status.DECLINED
    case.status_before = Status(before.status_before) if before.status_before else None
    case.code, case.proposal = before.code, before.proposal
    case.override_reason, case.analysed_since = before.override_reason, before.analysed_since
    case.think_until, case.ask_again_at = before.think_until, before.ask_again_at
    for link in case.linked:
        link.to_review = link.entry_id in before.to_review
    decided = [one for one in case.referrals if one not in before.to_review]
    analyse(case, decided if before.in_danger else [])
    hold_request(case)
    closed = set_aside_terms(case, at)
    return [CaseDeclined(by=at.by, closed=closed, opened=open_review_terms(case, at))]
