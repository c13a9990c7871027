"""Local copies of other services' records, kept from their events.

Invariant: a copy changes by its owner's events only, in their order, each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chassis.document import Handler
from contracts.context import Context
from contracts.event import Event


class Copy(Protocol):
    """A state that takes over what its owner says."""

    def keep(self, event: Event) -> None:
        """Take the event over."""


def _keep(copy: Copy, event: Event, _: Context) -> Sequence[Event]:
    copy.keep(event)
    return ()


def keeping(*events: type[Event]) -> Mapping[type[Event], Handler]:
    """Handlers that keep a copy from these events."""
    return dict.fromkeys(events, _keep)
