"""No time is booked twice: in parallel, on two replicas, over a death between two writes (S)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis import failpoints
from contracts.appointments import AppointmentBooked, AppointmentMoved
from services.intake.domain.appointments import Appointment
from services.intake.domain.slots import Slot
from tests.service.intake.bureau import CALLER, act, book, booked, free, seen, set_schedule
from tests.service.intake.desk import Clock, Desk, open_desk
from tests.service.intake.outside import Outside
from tests.service.stack import INSTITUTION, Stack
from tests.unit.intake.bureau import at

SUNDAY = at("12:00").replace(month=3, day=1)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(stack: Stack, desk: Desk, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    """Another replica on the same store and queue."""
    yield await open_desk(stack, clock, outside)


class Died(BaseException):
    """The process is gone; nothing below catches it."""


@contextmanager
def dying(point: str, about: str) -> Iterator[None]:
    """This task dies at the first such point."""

    def watch(reached: str, subject: str) -> None:
        if reached == point and subject.startswith(about):
            raise Died

    token = failpoints.watched_by.set(watch)
    try:
        yield
    finally:
        failpoints.watched_by.reset(token)


async def holders(desk: Desk) -> dict[Slot, list[str]]:
    """Who holds which slot, by the appointments themselves."""
    found: dict[Slot, list[str]] = {}
    async for document in desk.intake.appointments.each():
        if document.state.holds:
            found.setdefault(document.state.held, []).append(document.id)
    return found


async def nothing_overlaps(desk: Desk) -> None:
    slots = list(await holders(desk))
    assert all(len(ids) == 1 for ids in (await holders(desk)).values())
    for one in slots:
        for other in slots:
            same_desk = (one.organization, one.desk) == (other.organization, other.desk)
            assert one == other or not same_desk or not one.overlaps(other)


def outcomes(answers: list[httpx.Response]) -> Counter[Any]:
    return Counter((one.status_code, one.json().get("code")) for one in answers)


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
    assert all(len(ids) == 1 for ids in (await holders(desk)).values())


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


Do = Callable[[Desk], Awaitable[httpx.Response]]


@pytest.mark.parametrize("point", ["before-save", "after-save"])
async def test_death_after_a_claim_costs_nobody_the_time_s(
    desk: Desk, second: Desk, clock: Clock, point: str
) -> None:
    """The claim binds nobody once its seconds are over; who died finds the time taken."""
    await set_schedule(desk, desks=1)
    starts_at = (await free(desk))[0]["starts_at"]
    key = f"died-{point}"
    with dying(point, "appointments/" if point == "before-save" else "slots/"), pytest.raises(Died):
        await book(desk, starts_at, key=key)
    assert starts_at in {slot["starts_at"] for slot in await free(desk)}
    assert (await book(second, starts_at)).json()["code"] == "slot-taken"
    clock.forward(seconds=6)
    other = await book(second, starts_at)
    assert other.status_code == 201, other.text
    again = await book(desk, starts_at, key=key)
    assert (again.status_code, again.json()["code"]) == (409, "slot-taken")
    elsewhere = await book(desk, (await free(desk))[0]["starts_at"], key=f"{key}-2")
    assert elsewhere.status_code == 201
    await nothing_overlaps(desk)


async def test_who_died_before_booking_books_by_repeating_s(desk: Desk) -> None:
    await set_schedule(desk, desks=1)
    starts_at = (await free(desk))[0]["starts_at"]
    with dying("before-save", "appointments/"), pytest.raises(Died):
        await book(desk, starts_at, key="died-and-repeats")
    again = await book(desk, starts_at, key="died-and-repeats")
    assert again.status_code == 201, again.text
    await nothing_overlaps(desk)


async def test_one_who_was_slow_finds_its_claim_given_up_and_begins_anew_s(
    desk: Desk, second: Desk, clock: Clock
) -> None:
    """It stood still between its two writes for longer than a claim is waited for."""
    await set_schedule(desk, desks=1)
    starts_at = (await free(desk))[0]["starts_at"]
    between, go_on = asyncio.Event(), asyncio.Event()
    store = desk.intake.service.commands.store

    async def slow(*arguments: Any, **named: Any) -> Any:
        between.set()
        await go_on.wait()
        return await store(*arguments, **named)

    desk.intake.service.commands.store = slow  # type: ignore[method-assign]
    try:
        late = asyncio.create_task(book(desk, starts_at))
        await between.wait()
        clock.forward(seconds=6)
        other = await book(second, starts_at)
        assert other.status_code == 201, other.text
        go_on.set()
        answered = await late
    finally:
        del desk.intake.service.commands.store
    assert (answered.status_code, answered.json()["code"]) == (409, "slot-taken")
    await nothing_overlaps(desk)


@pytest.mark.parametrize(
    ("point", "about"),
    [
        ("before-save", "slots/"),
        ("after-save", "slots/"),
        ("before-save", "appointments/"),
        ("after-save", "appointments/"),
    ],
)
async def test_death_while_moving_leaves_one_appointment_at_one_time_s(
    desk: Desk, clock: Clock, point: str, about: str
) -> None:
    await set_schedule(desk, desks=1)
    one = await booked(desk)
    before = (await seen(desk, one))["starts_at"]
    there = (await free(desk))[0]["starts_at"]
    with dying(point, about), pytest.raises(Died):
        await act(desk, one, "move", {"starts_at": there}, key=f"move-{point}-{about}")
    moved = (point, about) == ("after-save", "appointments/")
    now = (await seen(desk, one))["starts_at"]
    assert now == (there if moved else before)
    await nothing_overlaps(desk)
    left = {slot["starts_at"] for slot in await free(desk)}
    assert now not in left
    assert (before if moved else there) in left
    clock.forward(seconds=6)
    assert (await book(desk, now)).json()["code"] == "slot-taken"
    assert (await book(desk, before if moved else there)).status_code == 201
    await nothing_overlaps(desk)
    if moved:  # told though the process died before it could tell
        desk.intake.service.sweeper.nudge()
        told = await desk.stack.spy.wait_for(AppointmentMoved, one)
        assert told.starts_at == datetime.fromisoformat(there)


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


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_bookings_moves_and_cancellations_at_random_with_deaths_never_overlap_s(
    desk: Desk, second: Desk, clock: Clock, seed: int
) -> None:
    """Eight people at two replicas want the same dozen times at two desks, and keep dying."""
    dice = random.Random(seed)
    await set_schedule(desk, desks=2)
    day = str(SUNDAY.date() + timedelta(days=9 + seed))
    times = [slot["starts_at"] for slot in await free(desk, **{"from": day, "to": day})][:12]
    assert len(times) == 12
    held: dict[str, int] = {}

    async def one_step(where: Desk, number: int, step: int) -> None:
        mine = [one for one, owner in held.items() if owner == number]
        if not mine or dice.random() < 0.4:
            made = await book(where, dice.choice(times), key=f"r{seed}-{number}-{step}")
            if made.status_code == 201:
                held[made.json()["id"]] = number
        elif dice.random() < 0.7:
            await act(where, mine[0], "move", {"starts_at": dice.choice(times)})
        else:
            gone = await act(where, mine[0], "cancellation", {"reason": "other"})
            if gone.status_code == 200:
                del held[mine[0]]

    async def person(number: int) -> None:
        points = [("after-save", "slots/"), ("before-save", "appointments/"), ("-", "-")]
        for step in range(8):
            with suppress(Died), dying(*dice.choice(points)):
                await one_step(dice.choice([desk, second]), number, step)
            if dice.random() < 0.1:
                clock.forward(seconds=6)

    await asyncio.gather(*[person(number) for number in range(8)])
    await nothing_overlaps(desk)
    for one in held:  # what was answered is so
        found = await desk.intake.appointments.get(one)
        assert found is not None
        assert found.state.holds
    assert held
    clock.forward(seconds=6)
    for slot in await free(desk, **{"from": day, "to": day}):  # what seems to be free is
        if slot["starts_at"] in times:
            assert (await book(second, slot["starts_at"])).status_code == 201
    await nothing_overlaps(desk)
