"""What referrals say of the citizen besides: the senders' word, shown to those who assess."""

from __future__ import annotations

from contracts.referral import CorrectedReceipt, ReferralLinked, ReferralRegistered
from services.assessment.domain.case import Case
from services.assessment.domain.records import Referred


def keep_said(case: Case, event: ReferralRegistered | ReferralLinked) -> None:
    """Keep what a content-rich referral said; it decides nothing here (L 2.2)."""
    if event.said is None:
        return
    case.referred.append(
        Referred(
            journal_number=event.journal_number,
            received_at=event.received_at,
            requester=event.requester,
            says=event.said,
        )
    )


def correct_received(case: Case, receipt: CorrectedReceipt) -> None:
    """When a referral came was recorded wrongly (R 3.1.2)."""
    for referred in case.referred:
        if referred.journal_number == receipt.journal_number:
            referred.received_at = receipt.received_at


def mark_withdrawn(case: Case, journal_number: str) -> None:
    """Its sender took it back: still seen, and seen as withdrawn (L 5.1)."""
    for referred in case.referred:
        if referred.journal_number == journal_number:
            referred.withdrawn = True
