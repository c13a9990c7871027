"""No time is booked twice: in parallel, and on two replicas (S)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.appointments import AppointmentBooked
from services.intake.domain.appointments import Appointment
from tests.service.intake.bureau import (
    CALLER,
    SUNDAY,
    act,
    book,
    booked,
    free,
    nothing_overlaps,
    outcomes,
    seen,
    set_schedule,
)
from tests.service.intake.desk import Clock, Desk
from tests.service.stack import INSTITUTION


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


async def test_of_a_hundred_at_once_each_desk_gets_one_s(desk: Desk, second: Desk) -> None:
    await set_schedule(desk, desks=2)
    starts_at = (await free(desk))[0]["starts_at"]
    answers = await asyncio.gather(
        *[
            book(where, starts_at, person={"name": f"Гражданин {number}", "phone": CALLER["phone"]})
            for number, where in enumerate([desk, second] * 50)
        ]
    )
    assert outcomes(answers) == {(201, None): 2, (409, "slot-taken"): 98}
    mine = [one for one in answers if one.status_code == 201]
    assert {one.json()["desk"] for one in mine} == {"D1", "D2"}
    await nothing_overlaps(desk)
    assert starts_at not in {slot["starts_at"] for slot in await free(desk)}
    for one in mine:
        await desk.stack.spy.wait_for(AppointmentBooked, one.json()["id"])


async def test_same_request_at_once_and_again_is_one_appointment_s(
    desk: Desk, second: Desk
) -> None:
    starts_at = (await free(desk))[0]["starts_at"]
    answers = await asyncio.gather(
        *[book(where, starts_at, key="one-and-the-same") for where in [desk, second] * 6]
    )
    assert sorted(one.status_code for one in answers) == [200] * 11 + [201]
    assert len({one.json()["id"] for one in answers}) == 1
    other = await book(desk, (await free(desk))[1]["starts_at"], key="one-and-the-same")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_appointments_moved_to_one_time_at_once_never_meet_there_s(
    desk: Desk, second: Desk
) -> None:
    ids = [await booked(desk) for _ in range(8)]
    there = (await free(desk))[-1]["starts_at"]
    answers = await asyncio.gather(
        *[
            act(where, one, "move", {"starts_at": there})
            for one, where in zip(ids, [desk, second] * 4, strict=True)
        ]
    )
    assert outcomes(answers) == {(200, None): 2, (409, "slot-taken"): 6}
    await nothing_overlaps(desk)


async def test_slots_of_another_length_are_not_booked_over_what_is_booked_s(
    desk: Desk, second: Desk
) -> None:
    """The bureau went over from twenty minutes to half an hour: the grids do not fit."""
    await set_schedule(desk, desks=1)
    day = str(SUNDAY.date() + timedelta(days=3))
    times = [slot["starts_at"] for slot in await free(desk, **{"from": day, "to": day})]
    assert (await book(desk, times[1])).status_code == 201  # 9:20 to 9:40
    await set_schedule(desk, desks=1, slot_minutes=30)
    early, late = times[0], times[0].replace("09:00", "09:30")
    for taken in (early, late):
        answers = await asyncio.gather(*[book(where, taken) for where in [desk, second] * 3])
        assert outcomes(answers) == {(409, "slot-taken"): 6}
    await nothing_overlaps(desk)
    await set_schedule(desk)


async def test_moving_to_and_fro_leaves_no_claim_behind_s(desk: Desk) -> None:
    await set_schedule(desk, desks=1)
    one = await booked(desk)
    home = (await seen(desk, one))["starts_at"]
    for _ in range(3):
        away = (await free(desk))[0]["starts_at"]
        assert (await act(desk, one, "move", {"starts_at": away})).status_code == 200
        assert home in {slot["starts_at"] for slot in await free(desk)}
        assert (await act(desk, one, "move", {"starts_at": home})).status_code == 200
    assert away in {slot["starts_at"] for slot in await free(desk)}
    assert (await book(desk, away)).status_code == 201
    assert (await book(desk, home)).json()["code"] == "slot-taken"
    async for document in desk.intake.slots.each():
        claims = document.state.claims
        assert len({claim.slot for claim in claims if claim.appointment == one}) <= 2


async def test_cancelled_time_is_free_at_once_and_can_be_booked_by_another_s(desk: Desk) -> None:
    await set_schedule(desk, desks=1)
    one = await booked(desk)
    starts_at = (await seen(desk, one))["starts_at"]
    cancelled = await act(desk, one, "cancellation", {"reason": "citizen_asked"})
    assert cancelled.status_code == 200
    assert starts_at in {slot["starts_at"] for slot in await free(desk)}
    assert (await book(desk, starts_at)).status_code == 201
    again = await act(desk, one, "move", {"starts_at": (await free(desk))[0]["starts_at"]})
    assert (again.status_code, again.json()["code"]) == (409, "not-allowed-in-state")
    await nothing_overlaps(desk)


async def test_bookings_cost_two_writes_and_one_event_and_a_move_the_same_s(desk: Desk) -> None:
    await set_schedule(desk)
    starts_at = (await free(desk))[0]["starts_at"]
    made: list[str] = []

    async def one() -> None:
        made.append((await book(desk, starts_at)).json()["id"])

    two_writes = {"slots": 1, "appointments": 1, "published": 1}
    assert await desk.cost(one) == two_writes
    there = (await free(desk))[0]["starts_at"]
    assert await desk.cost(lambda: act(desk, made[0], "move", {"starts_at": there})) == two_writes
    cost = await desk.cost(lambda: act(desk, made[0], "cancellation", {"reason": "other"}))
    assert cost == {"appointments": 1, "published": 1}


async def test_name_and_phone_stand_in_the_booking_only_s(desk: Desk) -> None:
    one = await booked(desk)
    await desk.settle()
    stored = await desk.stored()
    holding = [key for key, value in stored.items() if CALLER["name"] in str(value)]
    assert f"appointments/{one}" in holding
    assert all(key.startswith("appointments/") for key in holding)
    assert not [
        envelope
        for envelope in desk.stack.spy.envelopes
        if CALLER["name"] in envelope.model_dump_json()
        or CALLER["phone"] in envelope.model_dump_json()
    ]
    found = await desk.intake.appointments.get(one)
    assert found is not None
    assert isinstance(found.state, Appointment)
    assert INSTITUTION in str(found.state.held)
