"""What happened, counted and hashed: the same seed must give the same hash."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

from chassis.failpoints import POINTS
from contracts.envelope import Envelope


class Steps:
    """Every decision of the scheduler: one delivery, save, publish, crash, request, sweep …"""

    def __init__(self, time: Callable[[], float], keep: int = 0) -> None:
        self._time = time
        self._hash = hashlib.blake2b(digest_size=16)
        self._keep = keep
        self.kinds: Counter[str] = Counter()
        self.lines: list[str] = []

    def take(self, kind: str, service: str, about: str = "") -> None:
        """Note one step."""
        self.kinds[kind] += 1
        line = f"{self._time():.6f} {kind} {service} {about}"
        self._hash.update(line.encode())
        if self._keep:
            self.lines.append(line)
            if len(self.lines) > self._keep:
                del self.lines[: self._keep // 2]

    @property
    def count(self) -> int:
        """How many steps there were; coming by a fail point is none of its own."""
        return self.kinds.total() - sum(self.kinds[point] for point in POINTS)

    @property
    def digest(self) -> str:
        """Stands for the whole run."""
        return self._hash.hexdigest()


class Arrivals:
    """In which order the readers were handed the events of each stream."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._furthest: dict[tuple[str, str], int] = {}
        self.duplicates = 0
        self.reordered = 0

    def note(self, service: str, envelope: Envelope) -> None:
        """A process begins to handle an event."""
        furthest = self._furthest.get((service, envelope.stream), 0)
        if (service, envelope.id) in self._seen:
            self.duplicates += 1
        elif envelope.number != furthest + 1:
            self.reordered += 1
        self._seen.add((service, envelope.id))
        self._furthest[service, envelope.stream] = max(furthest, envelope.number)
