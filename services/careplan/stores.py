"""The documents care planning keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.stored import Spec
from contracts.copies import CapacityCopy, CitizenCopy, OrganizationCopy
from services.careplan.domain.case import Case


def _case_index(case: Case) -> dict[str, Scalar]:
    return {
        "status": case.status,
        "institution": case.ref.institution if case.ref else "",
        "authorised_body": case.ref.authorised_body if case.ref else "",
        "due": due_ms(case.terms.next_due()),
    }


CASES = Spec(
    name="cases",
    state=Case,
    index=_case_index,
    wake_at=lambda case: epoch_ms(case.terms.next_alarm()),
    indexed=(("institution", "due", "id"), ("authorised_body", "due", "id")),
)

CITIZENS = copies("citizens", CitizenCopy)
ORGANIZATIONS = copies("organizations", OrganizationCopy)
CAPACITIES = copies("capacities", CapacityCopy)
