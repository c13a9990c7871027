"""An appointment: every state × action, who may know of it, what it says, what comes due (S)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from contracts.appointments import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentReminderDue,
    CancelReason,
)
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from services.intake.domain.appointments import (
    ALLOWED,
    HOLDING,
    Action,
    Appointment,
    Purpose,
    Status,
    book,
    cancel,
    check_purpose,
    give_up,
    involves,
    move,
    record_attended,
    record_missed,
)
from services.intake.domain.reminders import FORGET_AFTER, next_due, ring
from services.intake.domain.slots import Claim
from tests.unit.intake.bureau import BOOKED_AT, CALLER, CASE, at, booked, in_status, slot_at
from tests.unit.intake.sample import INSTITUTION, when

SLOT, LATER = slot_at("10:00"), slot_at("11:00")
BEFORE, AFTER = when(BOOKED_AT, "call_centre"), when(at("10:30"), "specialist")
REMINDER = at("11:00", (BOOKED_AT + timedelta(days=3)).date())

Do = Callable[[Appointment], Sequence[Event]]
WAYS: dict[Action, Do] = {
    Action.BOOK: lambda one: book(one, SLOT, 2, Purpose(case=CASE), REMINDER, BEFORE),
    Action.MOVE: lambda one: move(one, LATER, 2, REMINDER, BEFORE),
    Action.CANCEL: lambda one: cancel(one, CancelReason.CITIZEN_ASKED, None, BEFORE),
    Action.RECORD_ATTENDED: lambda one: record_attended(one, "пришла с дочерью", AFTER),
    Action.RECORD_MISSED: lambda one: record_missed(one, None, AFTER),
}


def test_every_action_is_walked() -> None:
    assert set(WAYS) == set(Action) == set(ALLOWED)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(Status))
def test_only_what_the_table_allows_happens(status: Status, action: Action) -> None:
    appointment = in_status(status)
    before = appointment.model_copy(deep=True)
    if status in ALLOWED[action]:
        events = WAYS[action](appointment)
        assert appointment != before
        assert [event.stream for event in events] == ["intake.appointment"]
        return
    with pytest.raises(NotAllowedInState) as refused:
        WAYS[action](appointment)
    assert (refused.value.code, refused.value.clause) == ("not-allowed-in-state", "S")
    assert appointment == before


def test_booking_says_where_and_when_and_names_people_by_id_s() -> None:
    made = Appointment(id="A1")
    purpose = Purpose(case=CASE, person=CALLER, topic="подать заявление")
    (event,) = book(made, SLOT, 1, purpose, REMINDER, BEFORE)
    assert isinstance(event, AppointmentBooked)
    assert (event.case_id, event.citizen_id) == ("C1", "P1")
    assert (event.organization, event.starts_at) == (INSTITUTION, SLOT.starts_at)
    for told in (CALLER.name, CALLER.phone, "заявление"):
        assert told not in event.model_dump_json()


def test_appointment_is_for_a_case_or_for_somebody_s() -> None:
    check_purpose(Purpose(case=CASE))
    check_purpose(Purpose(person=CALLER))
    with pytest.raises(InvalidInput) as refused:
        check_purpose(Purpose(topic="узнать"))
    assert (refused.value.code, refused.value.field) == ("nobody-to-receive", "person")


def test_moving_says_both_times_and_arms_the_reminder_anew_s() -> None:
    one = booked()
    ring(one, when(at("10:00", (SLOT.starts_at - timedelta(days=3)).date())))
    assert one.reminded_at is not None
    (event,) = move(one, LATER, 2, at("23:00", BOOKED_AT.date()), BEFORE)
    assert isinstance(event, AppointmentMoved)
    assert (event.starts_before, event.starts_at) == (SLOT.starts_at, LATER.starts_at)
    assert (one.reminded_at, one.held, one.claim, one.claims_used) == (None, LATER, 2, 2)


@pytest.mark.parametrize("do", [WAYS[Action.MOVE], WAYS[Action.CANCEL]])
@pytest.mark.parametrize(("now", "allowed"), [("09:59:59", True), ("10:00", False)])
def test_what_has_begun_is_neither_moved_nor_cancelled_s(do: Do, now: str, allowed: bool) -> None:
    one, then = booked(), when(at(now), "call_centre")
    action = (
        (lambda: move(one, LATER, 2, REMINDER, then))
        if do is WAYS[Action.MOVE]
        else (lambda: cancel(one, CancelReason.OTHER, "заболела", then))
    )
    if allowed:
        assert action()
        return
    with pytest.raises(NotAllowedInState, match="appointment-has-begun"):
        action()


def test_cancelling_keeps_by_whom_and_why_and_tells_the_code_only_s() -> None:
    one = booked()
    (event,) = cancel(one, CancelReason.OTHER, "заболела", BEFORE)
    assert isinstance(event, AppointmentCancelled)
    assert event.reason is CancelReason.OTHER
    assert "заболела" not in event.model_dump_json()
    assert one.cancellation is not None
    assert (one.cancellation.by, one.cancellation.note) == (BEFORE.by, "заболела")
    assert not one.holds


@pytest.mark.parametrize(
    ("record", "now", "allowed"),
    [
        (record_attended, "09:59:59", False),
        (record_attended, "10:00", True),
        (record_missed, "10:19:59", False),
        (record_missed, "10:20", True),
    ],
)
def test_whether_the_citizen_came_is_recorded_afterwards_s(
    record: Callable[..., list[Event]], now: str, allowed: bool
) -> None:
    one = booked()
    if allowed:
        assert record(one, None, when(at(now), "specialist"))
        return
    with pytest.raises(NotAllowedInState, match="appointment-still-ahead"):
        record(one, None, when(at(now), "specialist"))


def test_who_came_late_is_put_right_s() -> None:
    one = booked()
    record_missed(one, None, AFTER)
    (event,) = record_attended(one, "опоздала", AFTER)
    assert isinstance(event, AppointmentAttended)
    assert one.status is Status.ATTENDED


def moment_of_reminder(one: Appointment) -> datetime:
    assert one.remind_at is not None
    return one.remind_at


def test_reminder_sounds_once_and_not_early_s() -> None:
    one = booked()
    due = moment_of_reminder(one)
    assert next_due(one) == due
    assert ring(one, when(due - timedelta(seconds=1))) == []
    (event,) = ring(one, when(due))
    assert isinstance(event, AppointmentReminderDue)
    assert (event.case_id, event.starts_at) == ("C1", SLOT.starts_at)
    assert ring(one, when(due + timedelta(hours=1))) == []
    assert next_due(one) == SLOT.ends_at


def test_reminder_sounds_after_downtime_while_the_appointment_is_ahead_s() -> None:
    one = booked()
    assert len(ring(one, when(SLOT.starts_at - timedelta(minutes=1)))) == 1
    late = booked()
    assert ring(late, when(SLOT.starts_at)) == []
    assert late.reminded_at is None


def test_who_books_after_the_moment_of_reminding_is_not_reminded_s() -> None:
    made = Appointment(id="A1")
    book(made, SLOT, 1, Purpose(case=CASE), REMINDER, when(REMINDER, "call_centre"))
    assert made.remind_at is None


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.ATTENDED, Status.MISSED])
def test_appointment_that_is_not_ahead_reminds_nobody_s(status: Status) -> None:
    one = in_status(status)
    assert next_due(one) is None
    assert ring(one, when(moment_of_reminder(one))) == []


def test_time_that_is_over_is_marked_so_that_the_citizen_may_book_again_s() -> None:
    one = booked()
    ring(one, when(SLOT.ends_at - timedelta(seconds=1)))
    assert not one.over
    assert ring(one, when(SLOT.ends_at)) == []
    assert one.over
    assert one.holds


def test_name_and_phone_are_forgotten_thirty_days_afterwards() -> None:
    """152-FZ 5.7: kept no longer than they are needed."""
    one = booked(purpose=Purpose(person=CALLER))
    cancel(one, CancelReason.CITIZEN_ASKED, None, BEFORE)
    assert next_due(one) == SLOT.ends_at + FORGET_AFTER
    ring(one, when(SLOT.ends_at + FORGET_AFTER - timedelta(seconds=1)))
    assert one.person == CALLER
    ring(one, when(SLOT.ends_at + FORGET_AFTER))
    assert (one.person, next_due(one)) == (None, None)


def claim_of(number: int, text: str = "10:00") -> Claim:
    return Claim(slot=slot_at(text), appointment="A1", number=number, since=BOOKED_AT)


@pytest.mark.parametrize("status", list(Status))
def test_claim_stands_while_the_appointment_holds_its_slot_by_it(status: Status) -> None:
    one = in_status(status)
    assert one.stands(claim_of(1)) is (status in HOLDING)
    assert not one.stands(claim_of(1, "10:20"))
    assert not one.stands(claim_of(2))


@pytest.mark.parametrize("status", list(Status))
def test_claim_not_used_yet_may_become_a_booking_until_it_is_given_up(status: Status) -> None:
    one = in_status(status)
    assert one.may_become(claim_of(2)) is (status in {Status.UNBOOKED, Status.BOOKED})
    assert not one.may_become(claim_of(1))
    give_up(one, claim_of(2))
    assert not one.may_become(claim_of(2))
    assert one.stands(claim_of(1)) is (status in HOLDING)


@pytest.mark.parametrize(
    ("role", "organization", "knows"),
    [
        ("call_centre", None, True),
        ("call_centre", "s-coordination-centre-01", True),
        ("specialist", INSTITUTION, True),
        ("specialist", "r-institution-16", False),
        ("registrar", None, False),
    ],
)
def test_call_centre_knows_every_appointment_and_a_bureau_its_own_s(
    role: str, organization: str | None, knows: bool
) -> None:
    assert involves(booked(), when(role=role, org=organization).by) is knows
    assert not involves(Appointment(id="A1"), when(role=role, org=organization).by)
