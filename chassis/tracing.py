"""Which request or event caused what: ids that travel from HTTP into events and on.

Kept in a context variable, so that no domain function has to pass them along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from chassis import chance

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Trace:
    """The chain of causes the present work belongs to."""

    correlation_id: str
    causation_id: str
    traceparent: str | None


def new_traceparent() -> str:
    """A W3C trace context of our own, for callers that bring none."""
    return f"00-{chance.token_hex(16)}-{chance.token_hex(8)}-01"


def begin(
    correlation_id: str | None = None,
    causation_id: str | None = None,
    traceparent: str | None = None,
) -> Trace:
    """A trace from what a caller sent; anything unfit is replaced, never passed on."""
    fresh = f"r{chance.token_hex(12)}"
    given = _fit(SAFE_ID, correlation_id) or fresh
    cause = _fit(SAFE_ID, causation_id) or given
    return Trace(given, cause, _fit(TRACEPARENT, traceparent) or new_traceparent())


def _fit(form: re.Pattern[str], text: str | None) -> str | None:
    return text if text is not None and form.fullmatch(text) else None


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The present trace; work that nobody asked for (a sweep) begins its own."""
    trace = _current.get()
    if trace is None:
        trace = begin()
        _current.set(trace)
    return trace


@contextmanager
def use(trace: Trace) -> Iterator[Trace]:
    """Do the enclosed work under this trace."""
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)
