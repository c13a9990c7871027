"""How often one may ask: a partner, and the public about a number whose secret they say they know.

Invariant: a question refused spends nothing and says when to ask again; whether the number exists
is no matter. What is remembered is bounded, so that asking about many numbers fills no memory.
Who guesses from many addresses shuts nobody out: an address that gave the right secret is not held
to what others spend, and each further address has a few questions of its own about every number.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from math import ceil

from pyrate_limiter import GCRA, Duration, Rate

from chassis.clock import epoch_ms
from contracts.errors import Refusal

KEYS_KEPT = 20_000
RESERVE_PER_DAY = 3
"""Questions about one number that an address may ask though others have spent the number's own."""

TRUST_DAYS = 30
ANSWER_SECONDS = 0.25
"""A wrong number and a wrong secret are answered this long after the question, whatever was found
meanwhile took: longer than any of it does."""


class TooMany(Refusal):
    """Asked more often than may be; in `seconds` it may be asked again."""

    status = 429

    def __init__(self, code: str, detail: str, seconds: int) -> None:
        super().__init__(code, detail)
        self.retry_after = seconds


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


class GuessLimits:
    """The limits of a question that is answered only to who knows a number and its secret.

    An address asks `per_address` times a minute. A number is asked about `per_number` times in ten
    minutes by all together; beyond that each address has its reserve, and one that gave the right
    secret within the last days is not held to the number's limit at all.
    """

    def __init__(
        self, per_address: int, per_number: int, reserve_per_day: int = RESERVE_PER_DAY
    ) -> None:
        self._addresses = Limit(per_address, Duration.MINUTE)
        self._numbers = Limit(per_number, Duration.MINUTE, times=10)
        self._reserves = Limit(reserve_per_day, Duration.DAY)
        self._trusted: dict[tuple[str, str], int] = {}

    def refused_for(self, address: str, number: str, now: datetime) -> int:
        """0, or the seconds to wait before this address may ask about this number."""
        asking = network_of(address)
        wait = self._addresses.refused_for(asking, now)
        if wait or self._trusted.get((asking, number), 0) > epoch_ms(now):
            return wait
        wait = self._numbers.refused_for(number, now)
        return wait and min(wait, self._reserves.refused_for(f"{asking} {number}", now))

    def check(self, address: str, number: str, now: datetime) -> None:
        """Raise TooMany if this address may not ask about this number now."""
        wait = self.refused_for(address, number, now)
        if wait:
            raise TooMany("too-many-questions", "ask again a little later", wait)

    def trust(self, address: str, number: str, now: datetime) -> None:
        """This address gave the number's right secret."""
        if len(self._trusted) >= KEYS_KEPT:
            del self._trusted[next(iter(self._trusted))]
        key = network_of(address), number
        self._trusted.pop(key, None)
        self._trusted[key] = epoch_ms(now) + int(Duration.DAY) * TRUST_DAYS


def network_of(address: str) -> str:
    """Whom an address stands for: of IPv6 one customer has a whole /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


class Evenly:
    """Waits until a wrong question may be answered: each the same time after it was asked."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self._at = asyncio.get_running_loop().time() + seconds

    async def wait(self) -> None:
        """Wait for the rest of the time."""
        await asyncio.sleep(max(0.0, self._at - asyncio.get_running_loop().time()))
