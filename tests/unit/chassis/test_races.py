"""Whoever was slower looks again and decides again; a lock is held only while they do."""

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from chassis import chance
from chassis.races import STEP_SECONDS, TRIES, until_won
from chassis.store import AlreadyExists, LostRace, StoreUnavailable
from contracts.errors import Refusal


class Hurried(random.Random):
    """Dice by which no pause takes time, and which know how long each could have been."""

    def __init__(self) -> None:
        super().__init__(0)
        self.longest: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def uniform(self, a: float, b: float) -> float:
        self.longest.append(b)
        self.meanwhile()
        return a


@pytest.fixture
def dice() -> Iterator[Hurried]:
    hurried = Hurried()
    before = chance.dice.set(hurried)
    yield hurried
    chance.dice.reset(before)


class Contested:
    """A record that others write first, as often as told."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.reads = 0
        self.lock = asyncio.Lock()

    async def change(self, to: str) -> str:
        self.reads += 1
        async with self.lock:
            if self.errors:
                raise self.errors.pop(0)
        return f"{to} {self.reads}"


async def test_first_try_that_wins_is_the_only_one(dice: Hurried) -> None:
    record = Contested()
    assert await until_won()(record.change)("новый") == "новый 1"
    assert dice.longest == []


async def test_lost_race_is_begun_anew_until_it_is_won(dice: Hurried) -> None:
    record = Contested(LostRace("C1"), AlreadyExists("C1"), LostRace("C1"))
    assert await until_won()(record.change)(to="новый") == "новый 4"


async def test_pauses_grow_and_differ_by_chance(dice: Hurried) -> None:
    record = Contested(*[LostRace("C1")] * 3)
    await until_won()(record.change)("новый")
    assert dice.longest == [STEP_SECONDS, 2 * STEP_SECONDS, 3 * STEP_SECONDS]


async def test_race_lost_every_time_is_refused_and_names_what_was_busy(dice: Hurried) -> None:
    record = Contested(*[LostRace("C1")] * (TRIES + 1))
    with pytest.raises(Refusal, match="the schedule is being changed by others") as refused:
        await until_won("schedule")(record.change)("новый")
    assert refused.value.code == "too-busy"
    assert (record.reads, len(record.errors)) == (TRIES, 1)


async def test_any_other_error_ends_it_at_once(dice: Hurried) -> None:
    record = Contested(LostRace("C1"), StoreUnavailable(), LostRace("C1"))
    with pytest.raises(StoreUnavailable):
        await until_won()(record.change)("новый")
    assert record.reads == 2


async def test_only_what_is_named_counts_as_lost(dice: Hurried) -> None:
    record = Contested(LostRace("C1"), AlreadyExists("C1"))
    with pytest.raises(AlreadyExists):
        await until_won(lost=(LostRace,))(record.change)("новый")
    assert record.reads == 2


async def test_lock_is_free_for_others_during_the_pause(dice: Hurried) -> None:
    record = Contested(LostRace("C1"))
    held: list[bool] = []
    dice.meanwhile = lambda: held.append(record.lock.locked())
    await until_won()(record.change)("новый")
    assert held == [False]
