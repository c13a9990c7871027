"""How often the public may ask, per client address and per case number.

Invariant: a question refused spends nothing and says when to ask again; whether the number exists
is no matter. What is remembered is bounded, so that asking about many numbers fills no memory.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

from pyrate_limiter import GCRA, Duration, Rate

from chassis.clock import epoch_ms

KEYS_KEPT = 20_000


class Limit:
    """One rate, kept for each key; the time is an argument."""

    def __init__(self, questions: int, per: Duration, times: int = 1) -> None:
        self._algorithm = GCRA()
        self._rates = [Rate(questions, per * times)]
        self._states: dict[str, tuple[float, ...]] = {}

    def refused_for(self, key: str, now: datetime) -> int:
        """Spend one question of this key: 0 if there was one left, else the seconds to wait."""
        state = self._states.pop(key, None) or self._algorithm.initial(self._rates)
        state, decision = self._algorithm.step(self._rates, state, epoch_ms(now), 1)
        if len(self._states) >= KEYS_KEPT:
            self._make_room(now)
        self._states[key] = state
        if decision.allowed:
            return 0
        return max(1, ceil((decision.retry_after_ms or 1000) / 1000))

    def _make_room(self, now: datetime) -> None:
        """Forget whom no limit holds any more; if that is not enough, who asked longest ago."""
        micros = epoch_ms(now) * 1000
        held = {key: state for key, state in self._states.items() if max(state) > micros}
        for key in list(held)[: max(0, len(held) - KEYS_KEPT + 1)]:
            del held[key]
        self._states = held


class StatusLimits:
    """Both limits of the public question."""

    def __init__(self, per_address: int, per_number: int) -> None:
        self._addresses = Limit(per_address, Duration.MINUTE)
        self._numbers = Limit(per_number, Duration.MINUTE, times=10)

    def refused_for(self, address: str, number: str, now: datetime) -> int:
        """0, or the seconds to wait before this address may ask about this number."""
        return self._addresses.refused_for(address, now) or self._numbers.refused_for(number, now)
