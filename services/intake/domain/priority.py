"""How pressing a referral is, by its sender's word (R 3.1.7)."""

from __future__ import annotations

from enum import StrEnum


class Priority(StrEnum):
    """How pressing a sender says a referral is; the codes are FHIR's, the least pressing first."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"

    @property
    def is_danger(self) -> bool:
        """Whether it is looked at like a reported danger: the same day (R 3.1.7)."""
        return self in {Priority.ASAP, Priority.STAT}


def most_pressing(*said: Priority | None) -> Priority | None:
    """The most pressing of what was said; None where nothing was."""
    known = [one for one in said if one is not None]
    return max(known, key=list(Priority).index, default=None)
