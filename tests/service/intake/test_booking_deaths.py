"""No time is booked twice or lost when a process dies between two writes (S)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis import failpoints
from contracts.appointments import AppointmentMoved
from tests.service.intake.bureau import (
    SUNDAY,
    act,
    book,
    booked,
    free,
    nothing_overlaps,
    seen,
    set_schedule,
)
from tests.service.intake.desk import Clock, Desk


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


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
