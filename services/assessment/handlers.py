"""What assessment does on others' events: it takes cases over and learns when they are over.

Every fact stands alone, so the order in which the other services are heard is no matter.
"""

from __future__ import annotations

from chassis.document import Handler
from contracts.careplan import CaseReopened as RefusalAnnulled
from contracts.careplan import Enrolled, Refused
from contracts.context import Context
from contracts.event import Event
from contracts.intake import REFUSED, CaseClosed, CaseDeclined, CaseReopened
from contracts.referral import (
    CircumstancesCorrected,
    ReferralForwarded,
    ReferralLinked,
    ReferralRegistered,
    ReferralReturned,
    ReferralsParted,
    ReferralsReviewed,
    ReferralWithdrawn,
    ReviewOutcome,
)
from contracts.triage import CaseTriaged
from services.assessment.domain.case import Case
from services.assessment.domain.opening import (
    begin_anew,
    correct_circumstances,
    correct_receipt,
    decline_at_intake,
    open_assessment,
    return_at_intake,
    shorten_survey,
)
from services.assessment.domain.referred import correct_received, keep_said, mark_withdrawn


def on_referral_registered(case: Case, event: ReferralRegistered, at: Context) -> list[Event]:
    """The case is known: whose it is, and from when its terms run (R 3.3.2)."""
    case.ref, case.received_at = event.case, event.received_at
    case.in_hospital, case.home_care_asked = event.in_hospital, event.home_care_asked
    case.in_hospital_since = event.received_at if event.in_hospital else None
    keep_said(case, event)
    return []


def on_referral_linked(case: Case, event: ReferralLinked, at: Context) -> list[Event]:
    """A further referral about the citizen may say more (L 5.1): that they lie in a hospital,
    where the survey has a shorter term (R 3.3.3)."""
    keep_said(case, event)
    return shorten_survey(case, event.received_at, at) if event.in_hospital else []


def on_circumstances_corrected(
    case: Case, event: CircumstancesCorrected, at: Context
) -> list[Event]:
    """Intake was told wrongly whether the citizen lies in a hospital (R 3.3.3), whether home care
    was asked for (R 3.3.10), or when a referral was received (R 3.3.2)."""
    if event.receipt is not None:
        correct_received(case, event.receipt)
        return correct_receipt(case, event.receipt, at)
    return correct_circumstances(
        case, at, in_hospital=event.in_hospital, home_care_asked=event.home_care_asked
    )


def on_referrals_reviewed(case: Case, event: ReferralsReviewed, at: Context) -> list[Event]:
    """A further referral has the case analysed anew: it is from there that our terms run."""
    if event.outcome is ReviewOutcome.ANALYSIS_ANEW:
        begin_anew(case, at)
    return []


def on_referral_withdrawn(case: Case, event: ReferralWithdrawn, at: Context) -> list[Event]:
    """What its sender took back is shown as such (L 5.1)."""
    mark_withdrawn(case, event.journal_number)
    return []


def on_referrals_parted(case: Case, event: ReferralsParted, at: Context) -> list[Event]:
    """What was said of somebody else is shown as taken back (L 5.1)."""
    for number in event.journal_numbers:
        mark_withdrawn(case, number)
    return []


def on_referral_moved(
    case: Case, event: ReferralForwarded | ReferralReturned, at: Context
) -> list[Event]:
    """The case is another body's; that ends with triage, before which nothing is begun here."""
    case.ref = event.case
    return []


def on_case_triaged(case: Case, event: CaseTriaged, at: Context) -> list[Event]:
    """The code asks for an assessment, or for none (R 3.1.6)."""
    return open_assessment(case, event.code, at)


def on_case_declined(case: Case, event: CaseDeclined, at: Context) -> list[Event]:
    """The citizen declined at intake (R 3.3.7.2)."""
    return decline_at_intake(case, at)


def on_case_reopened(case: Case, event: CaseReopened, at: Context) -> list[Event]:
    """The citizen returned at intake (R 3.3.7.2), or was referred once more."""
    if event.analysis_anew:
        begin_anew(case, at)
    return return_at_intake(case, at)


def on_case_closed(case: Case, event: CaseClosed, at: Context) -> list[Event]:
    """Intake has nothing more to do in this case."""
    if event.reason != REFUSED:
        case.closed_for = event.reason
        case.terms.close_all(at.now)
    return []


def on_enrolled(case: Case, event: Enrolled, at: Context) -> list[Event]:
    """The procedure has ended with an enrolment order (R 3.6.3)."""
    case.decided = "enrolled"
    case.terms.close_all(at.now)
    return []


def on_refused(case: Case, event: Refused, at: Context) -> list[Event]:
    """The procedure has ended with a refusal notice (R 3.6.4)."""
    case.decided = REFUSED
    case.terms.close_all(at.now)
    return []


def on_refusal_annulled(case: Case, event: RefusalAnnulled, at: Context) -> list[Event]:
    """A satisfied complaint annulled the refusal; the case stands before the decision (R 5.8)."""
    case.decided = None
    return []


CASE_HANDLERS: dict[type[Event], Handler] = {
    ReferralRegistered: on_referral_registered,
    ReferralLinked: on_referral_linked,
    CircumstancesCorrected: on_circumstances_corrected,
    ReferralsReviewed: on_referrals_reviewed,
    ReferralWithdrawn: on_referral_withdrawn,
    ReferralsParted: on_referrals_parted,
    ReferralForwarded: on_referral_moved,
    ReferralReturned: on_referral_moved,
    CaseTriaged: on_case_triaged,
    CaseDeclined: on_case_declined,
    CaseReopened: on_case_reopened,
    CaseClosed: on_case_closed,
    Enrolled: on_enrolled,
    Refused: on_refused,
    RefusalAnnulled: on_refusal_annulled,
}
