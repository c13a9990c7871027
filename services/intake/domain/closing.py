"""How a case ends that has lost its object, or every referral it rested on (R 3.1.2, L 5.1)."""

from __future__ import annotations

from enum import StrEnum

from contracts.context import Context
from contracts.event import Event
from contracts.intake import CaseClosed
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.dispatching import hold_request

UNTRIAGED = frozenset({Status.TO_FORWARD, Status.REGISTERED, Status.ANALYSED})
WITHDRAWN = "referral_withdrawn"


class WithoutObject(StrEnum):
    """Why there is nothing to go on with."""

    NOT_OUR_TERRITORY = "not_our_territory"
    """The address is served elsewhere, and the referral was sent on there (R 3.1.2)."""
    WRONG_PERSON = "wrong_person"
    """The referral meant somebody else."""
    DIED = "died"
    MOVED = "moved"


def standing(case: Case) -> list[str]:
    """Journal entries that the case still rests on: those nobody took back."""
    return [entry for entry in case.referrals if entry not in case.withdrawals]


def rests_on_nothing(case: Case) -> bool:
    """Whether no referral stands in it any more, and nothing was decided that would stand alone."""
    return case.status in UNTRIAGED and case.triaged is None and not standing(case)


def end_empty(case: Case, at: Context) -> Event:
    """The last referral was taken back, or turned out to be about somebody else."""
    withdrawn = any(entry in case.withdrawals for entry in case.referrals)
    return close(case, WITHDRAWN if withdrawn else WithoutObject.WRONG_PERSON, at)


def close(case: Case, reason: str, at: Context) -> Event:
    """The case ends, its terms with it."""
    if case.waits:  # the journal of the body that has it says so
        case.status_before, case.pass_on_at = Status.TO_FORWARD, at.now
    else:
        case.status_before = None
    case.status = Status.CLOSED
    case.closed_for, case.think_until, case.ask_again_at = str(reason), None, None
    for link in case.linked:
        link.to_review = False  # they have lost their object with it
    hold_request(case)
    return CaseClosed(by=at.by, reason=str(reason), closed=case.terms.close_all(at.now))
