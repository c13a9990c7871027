"""The documents intake keeps, how they are found, and when they want to be looked at."""

from __future__ import annotations

from chassis.clock import due_ms, epoch_ms
from chassis.listing import Scalar
from chassis.replica import copies
from chassis.stored import Spec
from contracts.copies import OrganizationCopy
from services.intake.domain import citizen as citizens
from services.intake.domain.appointments import Appointment, Status
from services.intake.domain.case import Case, next_wake
from services.intake.domain.citizen import Citizen
from services.intake.domain.consultations import Consultation
from services.intake.domain.journal import JournalEntry
from services.intake.domain.pace import PLACES, Pace, attempt_of, places_of
from services.intake.domain.pair import CitizenPair
from services.intake.domain.reminders import next_due
from services.intake.domain.request_lists import RequestList, worklist_dues
from services.intake.domain.requests import OutgoingNumber
from services.intake.domain.slots import DeskDay, Schedule
from services.intake.domain.task import Endpoint, FollowedTask
from services.intake.domain.worklists import place_of


def _queued(case: Case) -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {}
    for place, request in zip(PLACES, places_of(case.sendable), strict=True):
        fields |= {
            f"send_to{place}": request.addressed_body if request else "",
            f"send_at{place}": epoch_ms(request.next_attempt_at) if request else 0,
            f"send_due{place}": epoch_ms(request.send_by or request.signed_at) if request else 0,
            f"send_attempt{place}": attempt_of(request) if request else "",
        }
    return fields


def _case_index(case: Case) -> dict[str, Scalar]:
    dues = worklist_dues(case)
    place = place_of(case)
    term = place.term.deadline if place is not None and place.term is not None else None
    return {
        "status": case.status,
        "institution": case.ref.institution if case.ref else "",
        "authorised_body": case.ref.authorised_body if case.ref else "",
        "requester": case.requester or "",
        "due": due_ms(case.terms.next_due()),
        "request_id": case.request.id if case.request else "",
        **_queued(case),
        **{f"requests_{name}": epoch_ms(dues.get(name)) for name in RequestList},
        "code": case.code or "",
        "worklist": place.row.worklist if place is not None else "",
        "owner": place.owner if place is not None else "",
        "list_due": due_ms(term.due_at if term else None),
        "list_warn": due_ms(term.warn_at if term else None),
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
        *((f"send_to{place}", f"send_due{place}") for place in PLACES),
        *(("institution", f"requests_{state}") for state in RequestList),
        ("institution", "worklist", "list_due"),
        ("authorised_body", "worklist", "list_due"),
        ("institution", "owner", "list_due"),
        ("authorised_body", "owner", "list_due"),
        ("institution", "list_warn"),
        ("authorised_body", "list_warn"),
    ),
)

GATEWAYS = Spec(name="gateways", state=Pace)


OUTGOING_NUMBERS = Spec(name="outgoing_numbers", state=OutgoingNumber)


def _citizen_index(citizen: Citizen) -> dict[str, Scalar]:
    keys = {
        "snils_key": citizen.snils_key,
        "person_key": citizen.person_key,
        "name_birth": citizen.name_birth,
        "name_home": citizen.name_home,
        "birth_home": citizen.birth_home,
    }
    return {name: value for name, value in keys.items() if value is not None}


CITIZENS = Spec(
    name="citizens",
    state=Citizen,
    index=_citizen_index,
    wake_at=lambda citizen: epoch_ms(citizens.next_wake(citizen)),
    indexed=(("name_home",), ("birth_home",)),
    unique=("snils_key", "person_key", "name_birth"),
)


def _pair_index(pair: CitizenPair) -> dict[str, Scalar]:
    return {
        "status": pair.status,
        "institution": pair.institution,
        "authorised_body": pair.authorised_body,
        "found": epoch_ms(pair.found_at),
    }


CITIZEN_PAIRS = Spec(
    name="citizen_pairs",
    state=CitizenPair,
    index=_pair_index,
    wake_at=lambda pair: epoch_ms(pair.settle_at),
    indexed=(
        ("institution", "status", "found", "id"),
        ("authorised_body", "status", "found", "id"),
    ),
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


def _task_index(task: FollowedTask) -> dict[str, Scalar]:
    present, delivery = task.present, task.delivery
    return {
        "requester": task.requester,
        "citizen": task.citizen_id,
        "status": present.state.status.value if present else "",
        "updated": epoch_ms(task.updated_at),
        "told": int(delivery is not None),
        "delivery": delivery.state.value if delivery else "",
        "delivery_id": delivery.id if delivery else "",
    }


TASKS = Spec(
    name="tasks",
    state=FollowedTask,
    index=_task_index,
    wake_at=lambda task: epoch_ms(task.delivery.next_attempt_at if task.delivery else None),
    indexed=(
        ("requester", "updated"),
        ("requester", "status", "updated"),
        ("requester", "citizen", "updated"),
        ("requester", "citizen", "status", "updated"),
        ("requester", "told", "updated"),
        ("requester", "delivery", "updated"),
        ("told", "updated"),
        ("delivery", "updated"),
        ("delivery_id",),
    ),
)

ENDPOINTS = Spec(
    name="endpoints",
    state=Endpoint,
    wake_at=lambda endpoint: epoch_ms(endpoint.release_at),
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
