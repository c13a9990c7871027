"""A further referral about a citizen who has a case (R 3.1.3, 3.1.8, L 5.1).

It joins the case, and what is new in it must not be lost there: a declined case is analysed anew,
one that was just analysed has its questions looked at once more, and in a triaged one a person
looks at the referral first; the same day if somebody is in danger. That the case ends meanwhile
takes none from the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.referral import ReferralLinked, ReferralSays, ReferralsReviewed, ReviewOutcome
from contracts.terms import ClosedTerm, Deadline
from contracts.triage import TriageCode
from contracts.values import Text
from services.intake.domain.actions import ALLOWED, Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.journal import number_of
from services.intake.domain.linked import LinkedReferral, ReferralReview
from services.intake.domain.said import analyse, analysed_in
from services.intake.domain.term_codes import ANALYSIS_TERM, URGENT_TERM
from services.intake.domain.urgent import needs_help_today


def linked_event(
    link: LinkedReferral,
    at: Context,
    opened: tuple[Deadline, ...],
    *,
    said: ReferralSays | None = None,
    status_code_hash: str = "",
) -> ReferralLinked:
    """That a further referral was taken in, with what terms began by it."""
    return ReferralLinked(
        by=at.by,
        journal_number=number_of(link.entry_id),
        received_at=link.received_at,
        channel=link.channel,
        requester=link.requester,
        said=said,
        in_danger=link.in_danger,
        in_hospital=link.in_hospital,
        to_review=link.to_review,
        status_code_hash=status_code_hash,
        opened=opened,
    )


def analyse_anew(
    case: Case, since: datetime, links: Sequence[LinkedReferral], at: Context
) -> tuple[Deadline, ...]:
    """The five questions are asked again, the code is assigned again (R 3.1.3, 3.1.6), because of
    these referrals."""
    case.status, case.status_before = Status.REGISTERED, None
    case.think_until = case.ask_again_at = None
    case.code = case.proposal = case.override_reason = None
    case.analysed_since = since
    analyse(case, [link.entry_id for link in links])
    hand_to_analysis(case)
    due = [at.deadline(case.pack, ANALYSIS_TERM, since), *danger_terms(case, links, at)]
    return case.terms.open(*due)


def hand_to_analysis(case: Case) -> None:
    """Whoever analyses the case has every referral before them, so none waits besides."""
    waiting = [link for link in case.linked if link.to_review]
    analyse(case, [*analysed_in(case), *(link.entry_id for link in waiting)])
    for link in waiting:
        link.to_review = False


def _in_danger(links: Sequence[LinkedReferral]) -> bool:
    return any(link.in_danger for link in links)


def danger_terms(case: Case, links: Sequence[LinkedReferral], at: Context) -> list[Deadline]:
    """Of these referrals: help on the day of the first that reports danger (R 3.1.7)."""
    received = [link.received_at for link in links if link.in_danger]
    return [at.deadline(case.pack, URGENT_TERM, min(received))] if received else []


def open_review_terms(
    case: Case, at: Context, since: datetime | None = None
) -> tuple[Deadline, ...]:
    """What is to be looked at is analysed within a working day (R 3.1.8), a danger the same day
    (R 3.1.7); counted from the referral, unless from another moment."""
    due: dict[str, Deadline] = {}
    for link in sorted(case.to_review, key=lambda link: link.received_at):
        for code in (ANALYSIS_TERM, URGENT_TERM) if link.in_danger else (ANALYSIS_TERM,):
            due.setdefault(code, at.deadline(case.pack, code, since or link.received_at))
    return case.terms.open(*due.values())


def close_review_terms(
    case: Case, at: Context, *, still_in_danger: bool = False
) -> tuple[ClosedTerm, ...]:
    """End the terms by which further referrals are looked at, where none waits any more, and the
    same day where none reports danger any more (R 3.1.7).

    `still_in_danger`: the same day goes on until the code is assigned anew.
    """
    if case.status not in ALLOWED[Action.REVIEW_REFERRAL]:
        danger = case.in_danger or needs_help_today(case)
        return () if danger else case.terms.close(URGENT_TERM, at=at.now)
    over = [] if case.to_review else [ANALYSIS_TERM]
    danger = still_in_danger or _in_danger(case.to_review)
    over += [] if danger or needs_help_today(case) else [URGENT_TERM]
    return case.terms.close(*over, at=at.now)


def set_aside_terms(case: Case, at: Context) -> tuple[ClosedTerm, ...]:
    """End the terms of a case that was set aside or refused, but for those of referrals nobody
    looked at."""
    kept = {ANALYSIS_TERM} if case.to_review else set()
    kept |= {URGENT_TERM} if _in_danger(case.to_review) else set()
    running = [deadline.code for deadline in case.terms.deadlines]
    return case.terms.close(*[code for code in running if code not in kept], at=at.now)


def review_referrals(case: Case, outcome: ReviewOutcome, note: Text, at: Context) -> list[Event]:
    """A person has looked at what came in besides, and says what follows from it (R 3.1.3).

    Help of the same day (R 3.1.7), or the questions and the code anew, until an application stands.
    """
    require(case, Action.REVIEW_REFERRAL)
    waiting = case.to_review
    if not waiting:
        raise NotAllowedInState(
            "nothing-to-review", "no further referral waits to be looked at", clause="R 3.1.3"
        )
    _check_outcome(case, outcome)
    review = ReferralReview(at=at.now, by=at.by.id, outcome=outcome, note=note)
    for link in waiting:
        link.to_review, link.review = False, review
    opened: tuple[Deadline, ...] = ()
    if outcome is ReviewOutcome.URGENT_HELP:
        case.urgent_called_at = at.now
        opened = case.terms.open(at.deadline(case.pack, URGENT_TERM))
    anew = outcome is ReviewOutcome.ANALYSIS_ANEW
    closed = close_review_terms(case, at, still_in_danger=anew and _in_danger(waiting))
    if anew:
        opened = analyse_anew(case, at.now, waiting, at)
    numbers = tuple(number_of(link.entry_id) for link in waiting)
    return [
        ReferralsReviewed(
            by=at.by, outcome=outcome, journal_numbers=numbers, opened=opened, closed=closed
        )
    ]


def _check_outcome(case: Case, outcome: ReviewOutcome) -> None:
    if outcome is ReviewOutcome.NOTHING_NEW:
        return
    if case.over:
        raise NotAllowedInState(
            "case-is-over",
            "register it as a referral of today: that opens a new case",
            clause="R 3.1.2",
        )
    if case.status is Status.DECLINED:
        raise NotAllowedInState(
            "case-set-aside", "record a consent and re-open the case first", clause="152-FZ 9"
        )
    if outcome is ReviewOutcome.URGENT_HELP and case.code is TriageCode.CONSULTATION:
        raise NotAllowedInState(
            "only-a-consultation", "it asks for no help: have it analysed anew", clause="R 3.1.6 б"
        )
    if outcome is ReviewOutcome.ANALYSIS_ANEW and case.status is not Status.TRIAGED:
        raise NotAllowedInState(
            "application-registered",
            "its need is assessed already: call for urgent help, or let it go on",
            clause="R 3.1.6",
        )
