"""Appointments as the call centre and a bureau keep them: rules, reminders (S)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.appointments import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentReminderDue,
)
from tests.service.intake.bureau import (
    SUNDAY,
    act,
    book,
    booked,
    card,
    free,
    moment,
    publish,
    seen,
    set_schedule,
)
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import INSTITUTION
from tests.unit.intake.bureau import MONDAY, at


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


@pytest.fixture(autouse=True)
def on_sunday(clock: Clock) -> None:
    """Each test begins on the day before a working week."""
    clock.put_to(SUNDAY)


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (at("10:00", MONDAY - timedelta(days=3)).isoformat(), "slot-in-the-past"),
        (moment("08:40"), "outside-hours"),
        (moment("13:20"), "outside-hours"),
        (moment("10:10"), "not-on-the-grid"),
        (moment("10:00", days=7), "not-a-working-day"),
        (moment("10:00", days=5), "not-a-working-day"),
        (moment("10:00", days=2), "bureau-closed-that-day"),
        (moment("10:00", days=31), "too-far-ahead"),
        ("9999-12-31T23:59:59Z", "too-far-ahead"),
        ("0001-01-01T00:00:00+14:00", "slot-in-the-past"),
    ],
)
async def test_time_that_cannot_be_is_refused_with_the_rule_s(
    desk: Desk, starts_at: str, code: str
) -> None:
    await set_schedule(desk, closed_days=[str(MONDAY + timedelta(days=2))])
    before = await desk.stored()
    answered = await book(desk, starts_at)
    problem = answered.json()
    assert (answered.status_code, problem["code"], problem["clause"]) == (422, code, "S")
    assert problem["errors"][0]["field"] == "starts_at"
    assert await desk.stored() == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"organization": "nobodys"}, 422, "unknown-bureau"),
        ({"desk": "D9"}, 422, "no-such-desk"),
        ({"case_id": "C-nobodys"}, 404, "not-found"),
        ({"case_number": "r-institution-15/2026/999999"}, 422, "unknown-case"),
        ({"case_number": "чужой"}, 422, "unknown-case"),
        ({"case_id": "C1", "case_number": "x/2026/1"}, 422, "one-way-to-name-a-case"),
        ({"person": {"name": "Сомова"}}, 422, "invalid-input"),
        ({"person": {"name": "Сомова", "phone": "576-05-76"}}, 422, "invalid-input"),
        ({"starts_at": "2026-03-02T10:00:00"}, 422, "invalid-input"),
        ({"starts_at": "завтра"}, 422, "invalid-input"),
    ],
)
async def test_booking_of_the_wrong_shape_is_refused_s(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    await set_schedule(desk)
    asked = {"starts_at": moment("10:00"), **body}
    answered = await book(desk, asked.pop("starts_at"), "call_centre", **asked)
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text
    assert "Сомова" not in answered.text
    assert "576-05-76" not in answered.text


async def test_booking_is_for_a_case_or_for_somebody_s(desk: Desk) -> None:
    body = {"organization": INSTITUTION, "starts_at": moment("10:00")}
    answered = await desk.post("/appointments", body, "call_centre")
    assert (answered.status_code, answered.json()["code"]) == (422, "nobody-to-receive")


async def test_call_centre_books_at_every_bureau_and_a_registrar_at_their_own_s(
    desk: Desk,
) -> None:
    await set_schedule(desk)
    case_number = (await desk.register())["journal_number"]
    first = (await free(desk))[0]["starts_at"]
    anywhere = await book(
        desk, first, "call_centre", org="s-coordination-centre-01", case_number=case_number
    )
    assert anywhere.status_code == 201, anywhere.text
    event = await desk.stack.spy.wait_for(AppointmentBooked, anywhere.json()["id"])
    shown = await seen(desk, anywhere.json()["id"])
    assert (shown["case_number"], shown["case_id"]) == (case_number, event.case_id)
    assert (shown["person"], shown["booked_by_role"]) == (None, "call_centre")
    elsewhere = await book(desk, first, org=OTHER_INSTITUTION)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "foreign-bureau")


async def test_registrar_names_cases_they_may_know_of_only_s(desk: Desk) -> None:
    await set_schedule(desk, OTHER_INSTITUTION)
    registered = await desk.register()
    starts_at = (await free(desk, OTHER_INSTITUTION))[0]["starts_at"]
    for named in (
        {"case_number": registered["journal_number"]},
        {"case_id": registered["case_id"]},
    ):
        answered = await book(
            desk, starts_at, org=OTHER_INSTITUTION, organization=OTHER_INSTITUTION, **named
        )
        assert answered.json()["code"] in {"unknown-case", "not-found"}


async def test_number_is_taken_as_the_citizen_tells_it_s(desk: Desk) -> None:
    await set_schedule(desk)
    registered = await desk.register()
    institution, year, number = registered["journal_number"].split("/")
    told = f" {institution.upper()} / {year} / {int(number)}"
    first = (await free(desk))[0]["starts_at"]
    answered = await book(desk, first, "call_centre", case_number=told)
    assert answered.status_code == 201, answered.text
    shown = await seen(desk, answered.json()["id"])
    assert shown["case_id"] == registered["case_id"]


async def test_move_tells_both_times_and_the_call_centre_may_move_elsewhere_s(desk: Desk) -> None:
    await publish(desk, card("bureau-near"))
    await set_schedule(desk, "bureau-near")
    await set_schedule(desk)
    one = await booked(desk)
    there = {"starts_at": moment("11:00"), "organization": "bureau-near"}
    foreign = await act(desk, one, "move", there)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign-bureau")
    before = (await seen(desk, one))["starts_at"]
    moved = await act(desk, one, "move", there, "call_centre", org=None)
    assert moved.status_code == 200, moved.text
    event = await desk.stack.spy.wait_for(AppointmentMoved, one)
    assert (event.organization_before, event.organization) == (INSTITUTION, "bureau-near")
    assert (event.starts_before.isoformat() != event.starts_at.isoformat()) or before
    same = await act(desk, one, "move", there, "call_centre", org=None)
    assert (same.status_code, same.json()["code"]) == (422, "same-slot")
    gone = await desk.get(f"/appointments/{one}", "registrar")
    assert gone.status_code == 404
    stale = await act(desk, one, "move", {"starts_at": moment("12:00")}, "call_centre", version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")


async def test_cancellation_keeps_by_whom_and_why_s(desk: Desk) -> None:
    await set_schedule(desk)
    one = await booked(desk)
    body = {"reason": "other", "note": "Увезли в больницу"}
    assert (await act(desk, one, "cancellation", body, "call_centre")).status_code == 200
    shown = await seen(desk, one)
    assert shown["status"] == "cancelled"
    kept = shown["cancellation"]
    assert (kept["reason"], kept["note"], kept["by"]["role"]) == (
        "other",
        "Увезли в больницу",
        "call_centre",
    )
    event = await desk.stack.spy.wait_for(AppointmentCancelled, one)
    assert event.reason == "other"
    wrong = await act(desk, one, "cancellation", {"reason": "надоело"})
    assert wrong.status_code == 422


async def test_specialist_records_afterwards_whether_the_citizen_came_s(
    desk: Desk, clock: Clock
) -> None:
    await set_schedule(desk)
    one, other = await booked(desk), await booked(desk)
    early = await act(desk, one, "attendance", {"came": True}, "specialist")
    assert (early.status_code, early.json()["code"]) == (409, "appointment-still-ahead")
    clock.put_to(at("17:00"))
    await desk.intake.service.sweeper.sweep()
    late = await act(desk, one, "cancellation", {"reason": "citizen_asked"})
    assert (late.status_code, late.json()["code"]) == (409, "appointment-has-begun")
    came = await act(desk, one, "attendance", {"came": True, "note": "с дочерью"}, "specialist")
    missed = await act(desk, other, "attendance", {"came": False}, "specialist")
    assert (came.status_code, missed.status_code) == (200, 200)
    await desk.stack.spy.wait_for(AppointmentAttended, one)
    await desk.stack.spy.wait_for(AppointmentMissed, other)
    assert (await seen(desk, one))["note"] == "с дочерью"


async def test_reminder_sounds_once_a_working_day_before_and_not_early_s(
    desk: Desk, clock: Clock
) -> None:
    await set_schedule(desk)
    one = (await book(desk, moment("10:00", days=8))).json()["id"]  # Tuesday after three days off
    due = at("10:00", MONDAY + timedelta(days=4))
    clock.put_to(due - timedelta(minutes=1))
    desk.intake.service.sweeper.nudge()
    await desk.settle()
    assert desk.stack.spy.of(AppointmentReminderDue, subject=one) == []
    clock.put_to(due + timedelta(hours=30))  # it was down when the moment came
    desk.intake.service.sweeper.nudge()
    event = await desk.stack.spy.wait_for(AppointmentReminderDue, one)
    assert event.starts_at == at("10:00", MONDAY + timedelta(days=8))
    for _ in range(3):
        await desk.intake.service.sweeper.sweep()
    await desk.settle()
    assert len({one.id for one in desk.stack.spy.of(AppointmentReminderDue, subject=one)}) == 1
    assert (await seen(desk, one))["reminded_at"] is not None
