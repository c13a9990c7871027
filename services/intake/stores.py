"""The documents intake keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.store import Spec
from contracts.copies import OrganizationCopy
from services.intake.domain.case import Case, next_wake
from services.intake.domain.citizen import Citizen
from services.intake.domain.gateways import Gateway, attempt_of
from services.intake.domain.journal import JournalEntry
from services.intake.domain.request_lists import RequestList, worklist_dues
from services.intake.domain.requests import OutgoingNumber


def _case_index(case: Case) -> dict[str, Scalar]:
    next_out = case.sendable[0] if case.sendable else None
    dues = worklist_dues(case)
    return {
        "status": case.status,
        "institution": case.ref.institution if case.ref else "",
        "authorised_body": case.ref.authorised_body if case.ref else "",
        "requester": case.requester or "",
        "due": due_ms(case.terms.next_due()),
        "request_id": case.request.id if case.request else "",
        "send_to": next_out.addressed_body if next_out else "",
        "send_at": epoch_ms(next_out.next_attempt_at) if next_out else 0,
        "send_due": epoch_ms(next_out.send_by or next_out.signed_at) if next_out else 0,
        "send_attempt": attempt_of(next_out) if next_out else "",
        **{f"requests_{name}": epoch_ms(dues.get(name)) for name in RequestList},
    }


CASES = Spec(
    name="cases",
    state=Case,
    index=_case_index,
    wake_at=lambda case: epoch_ms(next_wake(case)),
    indexed=(
        ("institution", "due"),
        ("authorised_body", "due"),
        ("request_id",),
        ("send_to", "send_due"),
        *(("institution", f"requests_{state}") for state in RequestList),
    ),
)

GATEWAYS = Spec(name="gateways", state=Gateway)


OUTGOING_NUMBERS = Spec(name="outgoing_numbers", state=OutgoingNumber)


def _citizen_index(citizen: Citizen) -> dict[str, Scalar]:
    keys = {"snils_key": citizen.snils_key, "person_key": citizen.person_key}
    return {name: value for name, value in keys.items() if value is not None}


CITIZENS = Spec(
    name="citizens",
    state=Citizen,
    index=_citizen_index,
    unique=("snils_key", "person_key"),
)


def _journal_index(entry: JournalEntry) -> dict[str, Scalar]:
    return {
        "source_key": entry.source_key,
        "register_key": entry.register_key,
        "institution": entry.institution,
        "authorised_body": entry.authorised_body,
        "number": entry.number,
        "received": epoch_ms(entry.received_at),
        "incomplete": int(bool(entry.missing)),
    }


JOURNAL = Spec(
    name="journal",
    state=JournalEntry,
    index=_journal_index,
    wake_at=lambda entry: epoch_ms(entry.place_at),
    indexed=(
        ("register_key", "number"),
        ("institution", "received"),
        ("authorised_body", "received"),
        ("incomplete", "received"),
    ),
    unique=("source_key",),
)

ORGANIZATIONS = copies("organizations", OrganizationCopy, "kind")
