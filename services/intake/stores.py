"""The documents intake keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.store import Spec
from contracts.copies import OrganizationCopy
from services.intake.domain.appointments import Appointment, Status
from services.intake.domain.case import Case, next_wake
from services.intake.domain.citizen import Citizen
from services.intake.domain.consultations import Consultation
from services.intake.domain.journal import JournalEntry
from services.intake.domain.reminders import next_due
from services.intake.domain.slots import DeskDay, Schedule


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


def _appointment_index(appointment: Appointment) -> dict[str, Scalar]:
    slot, case = appointment.slot, appointment.case
    ahead = appointment.status is Status.BOOKED and not appointment.over
    fields: dict[str, Scalar] = {
        "status": appointment.status,
        "organization": slot.organization if slot else "",
        "desk": slot.desk if slot else "",
        "starts": epoch_ms(slot.starts_at if slot else None),
        "ends": epoch_ms(slot.ends_at if slot else None),
        "case_id": case.case_id if case else "",
        "holding": int(appointment.holds),
        "ahead": int(ahead),
    }
    if case is not None and ahead and appointment.by_citizen:
        fields["citizens_own"] = case.case_id
    return fields


APPOINTMENTS = Spec(
    name="appointments",
    state=Appointment,
    index=_appointment_index,
    wake_at=lambda appointment: epoch_ms(next_due(appointment)),
    indexed=(
        ("organization", "holding", "starts"),
        ("organization", "starts"),
        ("organization", "status", "starts"),
        ("status", "starts"),
        ("starts", "id"),
        ("case_id", "ahead", "starts"),
    ),
    unique=("citizens_own",),
)
"""`citizens_own`: a citizen books one appointment at a time by themselves."""

SLOTS = Spec(name="slots", state=DeskDay)
"""One document per desk and day: no two bookings of a desk overlap."""

SCHEDULES = Spec(name="schedules", state=Schedule)


def _consultation_index(consultation: Consultation) -> dict[str, Scalar]:
    return {
        "organization": consultation.organization,
        "day": consultation.day_number,
        "topic": consultation.topic or "",
        "given": epoch_ms(consultation.given_at),
    }


CONSULTATIONS = Spec(
    name="consultations",
    state=Consultation,
    index=_consultation_index,
    wake_at=lambda consultation: epoch_ms(consultation.forget_at),
    indexed=(
        ("organization", "given"),
        ("organization", "day", "given"),
        ("organization", "topic", "given"),
    ),
)
