"""Citizens who may be one, as the tests of intake need them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import Clock, Desk
from tests.service.stack import until


async def compared(desk: Desk, clock: Clock) -> None:
    """Wait until every card was compared with those that are alike."""
    clock.forward(seconds=2)
    desk.intake.service.sweeper.nudge()
    soon = clock.now() + timedelta(minutes=1)  # a case that may still move is looked at later

    async def done() -> bool:
        waiting = [
            document.id
            async for document in desk.intake.citizens.each()
            if document.state.compare_at is not None and document.state.compare_at < soon
        ]
        return not waiting

    await until(done)


def moved(citizen: dict[str, Any]) -> dict[str, Any]:
    """The same name and birth date at another address: possibly the same person."""
    there = {"text": "652500, г. Ленинск-Кузнецкий, ул. Пушкина, д. 900, кв. 1"}
    return {**citizen, "address": there}


async def two_alike(
    desk: Desk, clock: Clock, one: dict[str, Any], other: dict[str, Any], **headers: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two referrals, about citizens who may be one; what was answered."""
    first = await desk.register(new_referral(citizen=one))
    clock.forward(seconds=5)  # which of the cases is the elder one has to be certain
    second = await desk.register(new_referral(citizen=other), **headers)
    await compared(desk, clock)
    return first, second


async def pair_of(desk: Desk, clock: Clock) -> str:
    """The id of a new pair that waits for a decision."""
    citizen = new_citizen()
    first, second = await two_alike(desk, clock, citizen, moved(citizen))
    return pair_id(first, second)


def pair_id(first: dict[str, Any], second: dict[str, Any]) -> str:
    """The id of the pair of two referrals' citizens."""
    return "-".join(sorted((first["citizen_id"], second["citizen_id"])))
