"""The documents assessment keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.store import Scalar, Spec
from contracts.copies import CitizenCopy, OrganizationCopy
from services.assessment.domain.case import Case, Status, next_wake

NEVER_DUE = 253_402_300_799_000
"""Sorts cases without a running term behind all others."""


def _case_index(case: Case) -> dict[str, Scalar]:
    deadlines = [term.deadline.due_at for term in case.terms.running]
    # What was only registered or only asked for advice is in nobody's worklist.
    ref = case.ref if case.stage is not Status.AWAITED else None
    return {
        "status": case.status,
        "institution": ref.institution if ref else "",
        "authorised_body": ref.authorised_body if ref else "",
        "due": epoch_ms(min(deadlines)) if deadlines else NEVER_DUE,
    }


CASES = Spec(
    name="cases",
    state=Case,
    blank=lambda document_id: Case(id=document_id),
    index=_case_index,
    wake_at=lambda case: epoch_ms(next_wake(case)),
    indexed=(
        ("institution", "due"),
        ("authorised_body", "due"),
        ("institution", "status", "due"),
        ("authorised_body", "status", "due"),
    ),
)

CITIZENS = Spec(
    name="citizens",
    state=CitizenCopy,
    blank=lambda document_id: CitizenCopy(id=document_id),
)

ORGANIZATIONS = Spec(
    name="organizations",
    state=OrganizationCopy,
    blank=lambda document_id: OrganizationCopy(id=document_id),
)
