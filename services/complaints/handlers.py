"""What complaints do on others' events: they keep a small copy of the cases complained about.

Every fact stands alone, so the order in which the other services are heard is no matter.
"""

from __future__ import annotations

from chassis.document import Handler
from contracts.careplan import CaseReopened, Decided, Enrolled, Refused
from contracts.context import Context
from contracts.event import Event
from contracts.referral import ReferralForwarded, ReferralRegistered, ReferralReturned
from services.complaints.domain.case import CaseCopy, LastDecision


def on_referral_registered(case: CaseCopy, event: ReferralRegistered, at: Context) -> list[Event]:
    """The case exists from here on: a complaint may name it."""
    case.ref = event.case
    return []


def on_referral_moved(
    case: CaseCopy, event: ReferralForwarded | ReferralReturned, at: Context
) -> list[Event]:
    """Who has the case now, before its triage (R 3.1.2)."""
    case.ref = event.case
    return []


def on_decided(case: CaseCopy, event: Decided, at: Context) -> list[Event]:
    """The head of the authorised body decided, perhaps once more (R 3.6.1)."""
    case.decision = LastDecision(
        outcome=event.outcome, form=event.form, decided_at=at.now, decided_by=event.by.id
    )
    case.notice_number, case.refusal_grounds = None, []
    return []


def on_refused(case: CaseCopy, event: Refused, at: Context) -> list[Event]:
    """The refusal notice with its grounds was sent (R 3.6.4)."""
    case.notice_number, case.refusal_grounds = event.notice_number, list(event.grounds)
    return []


def on_enrolled(case: CaseCopy, event: Enrolled, at: Context) -> list[Event]:
    """The procedure has ended with an enrolment order (R 3.6.3)."""
    case.order_number = event.order_number
    return []


def on_case_reopened(case: CaseCopy, event: CaseReopened, at: Context) -> list[Event]:
    """The refusal was annulled: there is none to annul again (R 5.8)."""
    case.decision, case.notice_number, case.refusal_grounds = None, None, []
    return []


CASE_HANDLERS: dict[type[Event], Handler] = {
    ReferralRegistered: on_referral_registered,
    ReferralForwarded: on_referral_moved,
    ReferralReturned: on_referral_moved,
    Decided: on_decided,
    Refused: on_refused,
    Enrolled: on_enrolled,
    CaseReopened: on_case_reopened,
}
