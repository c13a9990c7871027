"""How often a partner may call, counted by each replica for itself."""

from __future__ import annotations

from pyrate_limiter import Duration

from chassis import clock
from chassis.limits import Limit, TooMany
from services.intake.adapters.partners import Partner


class Rates:
    """Counts the calls of every partner that has a bound."""

    def __init__(self, now: clock.Now = clock.now) -> None:
        self._now = now
        self._limits: dict[str, Limit] = {}

    def take(self, partner: Partner) -> None:
        """Count one call; raises TooMany."""
        if partner.requests_per_minute is None:
            return
        name = partner.organization
        limit = self._limits.setdefault(name, Limit(partner.requests_per_minute, Duration.MINUTE))
        wait = limit.refused_for(name, self._now())
        if wait:
            raise TooMany("too-many-requests", f"more calls than agreed; again in {wait} s", wait)
