"""Registers without gaps: numbers 1, 2, 3… of each register, each given once.

Invariant: n + 1 is written only where n is known to be there, and the store refuses a number twice
(an entry's id is its number). What a sender repeats is found by its unique source.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from chassis.store import AlreadyExists, Collection
from contracts.errors import Refusal

T = TypeVar("T")

TRIES = 50


class Register:
    """The registers of one collection, which is indexed by `register_key` and `number`."""

    def __init__(self, entries: Collection[Any]) -> None:
        self._entries = entries
        self._last: dict[str, int] = {}

    async def enter(
        self,
        key: str,
        write: Callable[[int], Awaitable[T]],
        known: Callable[[], Awaitable[T | None]],
    ) -> tuple[T, bool]:
        """Write under the next number of a register; what is there, and whether it was before.

        `write` makes one write, whole under its number; `known` looks for what others wrote.
        """
        for _ in range(TRIES):
            async with self._entries.lock(key):
                number = 1 + await self._last_number(key)
                try:
                    written = await write(number)
                except AlreadyExists:
                    self._last.pop(key, None)  # another replica wrote meanwhile
                else:
                    self._last[key] = number
                    return written, False
            found = await known()
            if found is not None:
                return found, True
        raise Refusal("too-busy", "the register is being written by others; try again")

    async def _last_number(self, key: str) -> int:
        if key in self._last:
            return self._last[key]
        last = await self._entries.find({"register_key": key}, sort=[("number", -1)], limit=1)
        return int(self._entries.spec.index(last[0].state)["number"]) if last else 0
