"""Documents as this process wrote them last: they spare the next event its read.

Invariant: what is taken from here decides nothing by itself. It is written back by compare-and-set,
so one that somebody else has changed since loses its race and is read anew; and since a document
never forgets what it has read, an event that an old one knows is known to the present one too.
Where others write as well this costs lost races, so after one of them nothing is kept for a while.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

MOST_BYTES = 4 * 1024 * 1024
REST_SECONDS = 60.0


class Recent:
    """What one collection has written last, as it was stored; the oldest go when it is too much."""

    def __init__(
        self,
        clock: Callable[[], float],
        most_bytes: int = MOST_BYTES,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._rest_seconds = rest_seconds
        self._rests_until = float("-inf")
        self._kept: OrderedDict[str, tuple[Mapping[str, Any], int]] = OrderedDict()
        self._bytes = 0

    def keep(self, document_id: str, stored: Mapping[str, Any], size: int) -> None:
        """Keep what was just stored, in place of what was kept of this document before."""
        self.take(document_id)
        if self._clock() < self._rests_until:
            return
        self._kept[document_id] = (stored, size)
        self._bytes += size
        while self._bytes > self._most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= gone

    def take(self, document_id: str) -> Mapping[str, Any] | None:
        """What was kept, and keep it no longer: only a save that succeeds puts it back."""
        stored, size = self._kept.pop(document_id, (None, 0))
        self._bytes -= size
        return stored

    def forget(self) -> None:
        """The database was away: who knows what comes back."""
        self._kept.clear()
        self._bytes = 0

    def rest(self) -> None:
        """Somebody else writes here too: do without for a while."""
        self.forget()
        self._rests_until = self._clock() + self._rest_seconds
