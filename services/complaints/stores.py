"""The documents complaints keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.stored import Spec
from contracts.copies import CitizenCopy, OrganizationCopy
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import Complaint


def _complaint_index(complaint: Complaint) -> dict[str, Scalar]:
    return {
        "source_key": complaint.source_key,
        "register_key": complaint.register_key,
        "number": complaint.number,
        "examiner": complaint.examiner,
        "body": complaint.body,
        "due": due_ms(complaint.terms.next_due()),
    }


COMPLAINTS = Spec(
    name="complaints",
    state=Complaint,
    index=_complaint_index,
    wake_at=lambda complaint: epoch_ms(complaint.terms.next_alarm()),
    indexed=(
        ("register_key", "number"),
        ("examiner", "due", "id"),
        ("body", "due", "id"),
        ("due", "id"),
    ),
    unique=("source_key",),
)

CASES = Spec(name="cases", state=CaseCopy)

CITIZENS = copies("citizens", CitizenCopy)
ORGANIZATIONS = copies("organizations", OrganizationCopy)
