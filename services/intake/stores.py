"""The documents intake keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.store import Spec
from contracts.copies import OrganizationCopy
from services.intake.domain.case import Case, next_wake
from services.intake.domain.citizen import Citizen
from services.intake.domain.journal import JournalEntry


def _case_index(case: Case) -> dict[str, Scalar]:
    return {
        "status": case.status,
        "institution": case.ref.institution if case.ref else "",
        "authorised_body": case.ref.authorised_body if case.ref else "",
        "requester": case.requester or "",
        "due": due_ms(case.terms.next_due()),
        "request_id": case.request.id if case.request else "",
    }


CASES = Spec(
    name="cases",
    state=Case,
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
    index=_citizen_index,
    unique=("snils_key", "person_key"),
)


FOUND_BY = ("family", "head", "tail", "street")
"""What a line is looked for by (`domain/search_keys.py`), as keyed hashes."""


def _journal_index(entry: JournalEntry) -> dict[str, Scalar]:
    return {
        "source_key": entry.source_key,
        "register_key": entry.register_key,
        "institution": entry.institution,
        "authorised_body": entry.authorised_body,
        "number": entry.number,
        "received": epoch_ms(entry.received_at),
        "incomplete": int(entry.incomplete),
        "entry_state": entry.state,
        "sender": entry.sender or "",
        **{kind: entry.found_by.get(kind, "") for kind in FOUND_BY},
    }


JOURNAL = Spec(
    name="journal",
    state=JournalEntry,
    index=_journal_index,
    wake_at=lambda entry: epoch_ms(entry.place_at),
    indexed=(
        ("register_key", "number"),
        *((kind, "received") for kind in (*FOUND_BY, "sender")),  # first: they find the fewest
        ("institution", "received"),
        ("authorised_body", "received"),
        ("institution", "incomplete", "received"),
        ("authorised_body", "incomplete", "received"),
        ("institution", "entry_state", "received"),
        ("authorised_body", "entry_state", "received"),
    ),
    unique=("source_key",),
)

ORGANIZATIONS = copies("organizations", OrganizationCopy, "kind")
