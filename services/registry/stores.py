"""The documents the register keeps, and how they are found."""

from __future__ import annotations

from datetime import datetime

from chassis.clock import epoch_ms
from chassis.store import Scalar, Spec
from contracts.copies import CitizenCopy, OrganizationCopy
from services.registry.domain.case import CaseRecord
from services.registry.domain.log import LogEntry, case_of
from services.registry.domain.timeline import moment

NEVER_DUE = 253_402_300_799_000
"""Sorts cases without a running term behind all others."""


def number_key(number: str) -> str:
    """A case's number as it is looked up, whatever the case of its letters; a letter in front."""
    return "N" + number.strip().lower()


def _case_index(case: CaseRecord) -> dict[str, Scalar]:
    ref, due = case.ref, case.next_due()
    return {
        "citizen_id": ref.citizen_id if ref else "",
        "number": number_key(ref.number) if ref else "",
        "institution": ref.institution if ref else "",
        "authorised_body": ref.authorised_body if ref else "",
        "stage": case.stage.value,
        "due": epoch_ms(due.due_at) if due else NEVER_DUE,
        "warn": epoch_ms(due.warn_at) if due else NEVER_DUE,
    }


CASES = Spec(
    name="cases",
    state=CaseRecord,
    blank=lambda document_id: CaseRecord(id=document_id),
    index=_case_index,
    indexed=(
        ("due", "id"),
        ("institution", "due", "id"),
        ("authorised_body", "due", "id"),
        ("stage", "due", "id"),
        ("citizen_id", "due", "id"),
        ("number",),
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
    index=lambda copy: {"kind": copy.kind},
    indexed=(("kind",),),
)


def _micros(when: datetime) -> int:
    return epoch_ms(when.replace(microsecond=0)) * 1000 + when.microsecond


def _log_index(entry: LogEntry) -> dict[str, Scalar]:
    return {
        "stream": entry.envelope.stream,
        "sequence": entry.envelope.number,
        "received": _micros(entry.received_at),
        "case_id": case_of(entry.envelope) or "",
        "moment": moment(entry.envelope),
    }


def _no_blank_entry(document_id: str) -> LogEntry:
    raise LookupError(f"no handler makes a log entry: {document_id}")


LOG = Spec(
    name="log",
    state=LogEntry,
    blank=_no_blank_entry,
    index=_log_index,
    indexed=(("stream", "sequence", "id"), ("received", "id"), ("case_id", "moment", "id")),
)
