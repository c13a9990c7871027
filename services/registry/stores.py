"""The documents the register keeps, and how they are found."""

from __future__ import annotations

from datetime import datetime

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.stored import Spec
from contracts.copies import CapacityCopy, CitizenCopy, OrganizationCopy, ServiceCopy
from contracts.status_code import plain_number
from services.registry.domain.case import CaseRecord
from services.registry.domain.log import LogEntry, case_of
from services.registry.domain.timeline import moment


def number_key(number: str) -> str:
    """A case's number as it is looked up, however it was typed; a letter in front."""
    return "N" + plain_number(number)


def _case_index(case: CaseRecord) -> dict[str, Scalar]:
    ref, due = case.ref, case.next_due()
    return {
        "citizen_id": ref.citizen_id if ref else "",
        "number": number_key(ref.number) if ref else "",
        "institution": ref.institution if ref else "",
        "authorised_body": ref.authorised_body if ref else "",
        "stage": case.stage.value,
        "due": due_ms(due.due_at if due else None),
        "warn": due_ms(due.warn_at if due else None),
    }


CASES = Spec(
    name="cases",
    state=CaseRecord,
    index=_case_index,
    indexed=(
        ("due", "id"),
        ("institution", "due", "id"),
        ("institution", "stage", "due", "id"),
        ("authorised_body", "due", "id"),
        ("authorised_body", "stage", "due", "id"),
        ("stage", "due", "id"),
        ("citizen_id", "due", "id"),
        ("number",),
    ),
)

CITIZENS = copies("citizens", CitizenCopy)
ORGANIZATIONS = copies("organizations", OrganizationCopy)
SERVICES = copies("services", ServiceCopy)
CAPACITIES = copies("capacities", CapacityCopy)


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


LOG = Spec(
    name="log",
    state=LogEntry,
    index=_log_index,
    indexed=(("stream", "sequence", "id"), ("received", "id"), ("case_id", "moment", "id")),
)
