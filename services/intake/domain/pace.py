"""The pace at which a partner is asked: one small document per partner owns it.

Invariant: who asks has written their turn into the document before, on the revision they read, so
two replicas never have the same turn; turns are evenly spaced, so nothing bursts, after an outage
either. Whatever time a call takes, up to its limit, no minute at the partner sees more than agreed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field

from services.intake.domain.requests import InteragencyRequest

MINUTE_SECONDS = 60.0
TURN_HELD = timedelta(seconds=10)
"""How long an attempt that was begun is left to whoever began it."""
PLACES = ("", "_2")
"""A case has a place in the queues of two bodies at a time, so that neither waits for the other's
pace: as many as there are kinds of requests that leave electronically. What the fields of a place
are called ends with it."""
MOST_TURNS = 64
"""What is forgotten sooner may be sent by two replicas at once, under one idempotency key."""


class Turn(BaseModel):
    """An attempt that somebody is making."""

    attempt: str
    until: AwareDatetime


class Pace(BaseModel):
    """What is known of one partner: when the next request may leave, and what was begun."""

    id: str
    next_at: AwareDatetime | None = None
    turns: list[Turn] = Field(default_factory=list)

    def wait(self, now: datetime) -> float:
        """Seconds until the next request may leave; 0 when it may now."""
        return max(0.0, (self.next_at - now).total_seconds()) if self.next_at else 0.0

    def begun(self, now: datetime) -> set[str]:
        """Attempts that somebody may be making."""
        return {turn.attempt for turn in self.turns if turn.until > now}

    def take_turn(self, attempt: str, spacing: timedelta, now: datetime) -> None:
        """The attempt is made now; the next one a spacing later."""
        held = [turn for turn in self.turns if turn.until > now]
        self.turns = [*held, Turn(attempt=attempt, until=now + TURN_HELD)][-MOST_TURNS:]
        self.next_at = now + spacing

    def pause(self, seconds: float, now: datetime) -> None:
        """The partner asked for a pause: nobody is sent meanwhile."""
        until = now + timedelta(seconds=seconds)
        self.next_at = max(until, self.next_at or until)


def spacing_of(per_minute: int, call_seconds: float) -> timedelta:
    """The pause between two turns. A call may arrive up to `call_seconds` after its turn, so turns
    are counted over a minute and that."""
    return timedelta(seconds=(MINUTE_SECONDS + call_seconds) / per_minute)


def attempt_of(request: InteragencyRequest) -> str:
    """What distinguishes this attempt at sending a request from those before it."""
    return f"{request.id}:{request.attempts}"


def places_of(waiting: Iterable[InteragencyRequest]) -> list[InteragencyRequest | None]:
    """Which of the requests that wait, the next one first, has which place."""
    first: dict[str, InteragencyRequest] = {}
    for request in waiting:
        first.setdefault(request.addressed_body, request)
    return [*first.values(), *([None] * len(PLACES))][: len(PLACES)]


def request_of(attempt: str) -> str:
    """The request that an attempt is of."""
    return attempt.rpartition(":")[0]
