"""The documents intake keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.store import Scalar, Spec
from contracts.copies import OrganizationCopy
from services.intake.domain.case import Case, next_wake
from services.intake.domain.citizen import Citizen
from services.intake.domain.journal import JournalEntry


def _case_index(case: Case) -> dict[str, Scalar]:
    deadlines = [term.deadline.due_at for term in case.terms.running]
    return {
        "status": case.status,
        "institution": case.ref.institution if case.ref else "",
        "authorised_body": case.ref.authorised_body if case.ref else "",
        "requester": case.requester or "",
        "due": epoch_ms(min(deadlines)) if deadlines else NEVER_DUE,
        "request_id": case.request.id if case.request else "",
    }


NEVER_DUE = 253_402_300_799_000
"""Sorts cases without a running term behind all others."""

CASES = Spec(
    name="cases",
    state=Case,
    blank=lambda document_id: Case(id=document_id),
    index=_case_index,
    wake_at=lambda case: epoch_ms(next_wake(case)),
    indexed=(("institution", "due"), ("authorised_body", "due"), ("request_id",)),
)


def _citizen_index(citizen: Citizen) -> dict[str, Scalar]:
    keys = {"snils_key": citizen.snils_key, "person_key": citizen.person_key}
    return {name: value for name, value in keys.items() if value is not None}


CITIZENS = Spec(
    name="citizens",
    state=Citizen,
    blank=lambda document_id: Citizen(id=document_id),
    index=_citizen_index,
    unique=("snils_key", "person_key"),
)


def _journal_index(entry: JournalEntry) -> dict[str, Scalar]:
    return {
        "source_key": entry.source_key,
        "register_key": entry.register_key,
        "institution": entry.institution,
        "number": entry.number,
        "received": epoch_ms(entry.received_at),
        "incomplete": int(bool(entry.missing)),
    }


def _no_blank_entry(document_id: str) -> JournalEntry:
    raise LookupError(f"no event makes a journal entry: {document_id}")


JOURNAL = Spec(
    name="journal",
    state=JournalEntry,
    blank=_no_blank_entry,
    index=_journal_index,
    wake_at=lambda entry: epoch_ms(entry.place_at),
    indexed=(("register_key", "number"), ("institution", "received"), ("incomplete", "received")),
    unique=("source_key",),
)

ORGANIZATIONS = Spec(
    name="organizations",
    state=OrganizationCopy,
    blank=lambda document_id: OrganizationCopy(id=document_id),
    index=lambda copy: {"kind": copy.kind},
    indexed=(("kind",),),
)
