"""The circumstances of a decision, passed in so that the domain has no clock and no identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.regulation import RegulationPack, deadline
from contracts.terms import Deadline, WorkingCalendar
from contracts.values import Actor


@dataclass(frozen=True, slots=True)
class Context:
    """When, by whom and in which calendar something is done."""

    now: datetime
    by: Actor
    calendar: WorkingCalendar
    about: str = ""
    """On another service's event: what its stream is about, e.g. the complaint's id."""

    def deadline(
        self, pack: RegulationPack, code: str, started_at: datetime | None = None
    ) -> Deadline:
        """The due date of a pack's term that starts now, or started earlier."""
        return deadline(
            pack.term(code),
            started_at=started_at or self.now,
            calendar=self.calendar,
            pack=pack.code,
        )
