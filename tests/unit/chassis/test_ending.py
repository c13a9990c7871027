"""Tasks end, however often they have to be told."""

from __future__ import annotations

import asyncio

from chassis.ending import end_all


async def test_task_that_loses_a_cancellation_is_told_again() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
        await asyncio.Event().wait()

    async def over() -> None:
        pass

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(over())]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end_all(*tasks)
    assert (lost, [task.done() for task in tasks]) == (2, [True, True])
    assert tasks[0].cancelled()


async def test_nothing_to_end_is_no_wait() -> None:
    await end_all()
