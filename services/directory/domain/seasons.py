"""Hours laid out in seasons: from when to when each entry holds, and which hold together.

What `contracts.hours` decides for a day, told for whole stretches of days: in a season the dated
entries hold, and those without dates on all other days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.directory import OpeningHours
from contracts.hours import WEEKDAYS, in_season, season_of

FIRST, LAST = date.min.toordinal(), date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Stretch:
    """An entry from its first day to its last (None: no end), and whether no weekday is free."""

    entry: OpeningHours
    valid_from: date | None
    valid_to: date | None
    every_day: bool


def stretches_of(hours: Sequence[OpeningHours]) -> Iterator[Stretch]:
    """Every entry for the days on which it holds, cut where other entries join it or leave."""
    for entry in hours:
        begun: tuple[int, int, bool] | None = None
        for first, last, holding in _parts(hours):
            every_day = {day for one in holding for day in one.days} == set(WEEKDAYS)
            holds = any(one is entry for one in holding)
            if holds and begun is not None and begun[1:] == (first - 1, every_day):
                begun = (begun[0], last, every_day)
                continue
            if begun is not None:
                yield _stretch(entry, *begun)
            begun = (first, last, every_day) if holds else None
        if begun is not None:
            yield _stretch(entry, *begun)


def _parts(hours: Sequence[OpeningHours]) -> Iterator[tuple[int, int, list[OpeningHours]]]:
    """All days from the first to the last, divided where what holds changes."""
    edges = {FIRST}
    for entry in hours:
        begins, ends = season_of(entry)
        edges |= {begins.toordinal(), ends.toordinal() + 1}
    firsts = sorted(edge for edge in edges if edge <= LAST)
    for first, following in zip(firsts, [*firsts[1:], LAST + 1], strict=True):
        yield first, following - 1, in_season(hours, date.fromordinal(first))


def _stretch(entry: OpeningHours, first: int, last: int, every_day: bool) -> Stretch:
    return Stretch(
        entry=entry,
        valid_from=date.fromordinal(first) if first > FIRST else None,
        valid_to=date.fromordinal(last) if last < LAST else None,
        every_day=every_day,
    )
