"""The documents complaints keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.store import Scalar, Spec
from contracts.copies import CitizenCopy, OrganizationCopy
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import Complaint, next_wake

NEVER_DUE = 253_402_300_799_000
"""Sorts complaints without a running term behind all others."""


def _complaint_index(complaint: Complaint) -> dict[str, Scalar]:
    deadlines = [term.deadline.due_at for term in complaint.terms.running]
    return {
        "source_key": complaint.source_key,
        "register_key": complaint.register_key,
        "number": complaint.number,
        "examiner": complaint.examiner,
        "body": complaint.body,
        "due": epoch_ms(min(deadlines)) if deadlines else NEVER_DUE,
    }


def _no_blank_complaint(document_id: str) -> Complaint:
    raise LookupError(f"no event makes a complaint: {document_id}")


COMPLAINTS = Spec(
    name="complaints",
    state=Complaint,
    blank=_no_blank_complaint,
    index=_complaint_index,
    wake_at=lambda complaint: epoch_ms(next_wake(complaint)),
    indexed=(
        ("register_key", "number"),
        ("examiner", "due", "id"),
        ("body", "due", "id"),
        ("due", "id"),
    ),
    unique=("source_key",),
)

CASES = Spec(name="cases", state=CaseCopy, blank=lambda document_id: CaseCopy(id=document_id))

CITIZENS = Spec(
    name="citizens", state=CitizenCopy, blank=lambda document_id: CitizenCopy(id=document_id)
)

ORGANIZATIONS = Spec(
    name="organizations",
    state=OrganizationCopy,
    blank=lambda document_id: OrganizationCopy(id=document_id),
    index=lambda copy: {"kind": copy.kind},
    indexed=(("kind",),),
)
