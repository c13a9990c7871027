"""The documents assessment keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.stored import Spec
from contracts.copies import CitizenCopy, OrganizationCopy
from services.assessment.domain.case import Case, Status


def _case_index(case: Case) -> dict[str, Scalar]:
    # What was only registered or only asked for advice is in nobody's worklist.
    ref = case.ref if case.stage is not Status.AWAITED else None
    return {
        "status": case.status,
        "institution": ref.institution if ref else "",
        "authorised_body": ref.authorised_body if ref else "",
        "due": due_ms(case.terms.next_due()),
    }


CASES = Spec(
    name="cases",
    state=Case,
    index=_case_index,
    wake_at=lambda case: epoch_ms(case.terms.next_alarm()),
    indexed=(
        ("institution", "due"),
        ("authorised_body", "due"),
        ("institution", "status", "due"),
        ("authorised_body", "status", "due"),
    ),
)

CITIZENS = copies("citizens", CitizenCopy)
ORGANIZATIONS = copies("organizations", OrganizationCopy)
