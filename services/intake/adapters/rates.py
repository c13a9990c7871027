"""How often a partner may call: a sliding minute, counted by each replica for itself."""

from __future__ import annotations

import math

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from chassis import clock
from contracts.errors import Refusal
from services.intake.adapters.partners import Partner

MINUTE_MS = 60_000


class TooManyRequests(Refusal):
    """More calls than agreed; `seconds` says when to come again."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__("too-many-requests", f"more calls than agreed; again in {seconds} s")
        self.seconds = seconds


class Rates:
    """Counts the calls of every partner that has a bound."""

    def __init__(self, now: clock.Now = clock.now) -> None:
        self._now = now
        self._buckets: dict[str, InMemoryBucket] = {}

    def take(self, partner: Partner) -> None:
        """Count one call; raises TooManyRequests."""
        if partner.requests_per_minute is None:
            return
        name, now = partner.organization, clock.epoch_ms(self._now())
        rate = Rate(partner.requests_per_minute, MINUTE_MS)
        bucket = self._buckets.setdefault(name, InMemoryBucket([rate]))
        bucket.leak(now)
        item = RateItem(name, now)
        if not bucket.put(item):
            oldest = bucket.peek(partner.requests_per_minute - 1)
            wait = MINUTE_MS - (now - oldest.timestamp) if oldest else MINUTE_MS
            raise TooManyRequests(max(1, math.ceil(wait / 1000)))
