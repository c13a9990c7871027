"""Registers without gaps: numbers 1, 2, 3… of each register, each given once.

Invariant: n + 1 is written only where n is known to be there, and the store refuses a number twice
(an entry's id is its number). What a sender repeats is found by its unique source.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from chassis.races import until_won
from chassis.store import AlreadyExists, Collection

T = TypeVar("T")


class Register:
    """The registers of one collection, which is indexed by `register_key` and `number`."""

    def __init__(self, entries: Collection[Any]) -> None:
        self._entries = entries
        self._last: dict[str, int] = {}

    @until_won("register", lost=(AlreadyExists,))
    async def enter(
        self,
        key: str,
        write: Callable[[int], Awaitable[T]],
        known: Callable[[], Awaitable[T | None]],
    ) -> tuple[T, bool]:
        """Write under the next number of a register; what is there, and whether it was before.

        `write` makes one write, whole under its number; `known` looks for what others wrote.
        """
        try:
            return await self._write_next(key, write), False
        except AlreadyExists:  # another replica wrote meanwhile, perhaps the very same
            found = await known()
            if found is None:
                raise
            return found, True

    async def _write_next(self, key: str, write: Callable[[int], Awaitable[T]]) -> T:
        async with self._entries.lock(key):
            number = 1 + await self._last_number(key)
            try:
                written = await write(number)
            except AlreadyExists:
                self._last.pop(key, None)
                raise
            self._last[key] = number
            return written

    async def _last_number(self, key: str) -> int:
        if key in self._last:
            return self._last[key]
        last = await self._entries.find({"register_key": key}, sort=[("number", -1)], limit=1)
        return int(self._entries.spec.index(last[0].state)["number"]) if last else 0
