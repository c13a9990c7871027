"""What the hours of a card must fulfil, so that "open now?" can be answered (K, M, S, R 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from itertools import combinations

from contracts.directory import Closure, OpeningHours
from contracts.errors import InvalidInput
from contracts.hours import DAY, WEEKDAYS, is_dated, minutes_of, not_before, season_of

NEXT = dict(zip(WEEKDAYS, (*WEEKDAYS[1:], WEEKDAYS[0]), strict=True))

Piece = tuple[str, int, int]


def check_hours(hours: Sequence[OpeningHours]) -> None:
    """Refuse hours that contradict themselves or one another (R 1.3).

    An entry that closes before it opens ends on the next day; 00:00 to 00:00 is the whole day.
    Times are whole minutes where the organization is: that is refused here and not where hours are
    read, for what was stored before stays readable.
    """
    for entry in hours:
        _check_clock(entry)
        if not entry.days or (entry.opens == entry.closes != time()):
            raise _wrong("hours-not-in-order", "opens and closes at two times, on a day")
        if season_of(entry)[0] > season_of(entry)[1]:
            raise _wrong("season-not-in-order", "a season begins before it ends")
        _check_breaks(entry)
    for one, other in combinations(hours, 2):
        if _same_season(one, other) and _overlap(_pieces(one), _pieces(other)):
            raise _wrong("hours-overlap", "two entries for the same day overlap")


def check_closures(closures: Sequence[Closure]) -> None:
    """Refuse a closure that ends before it begins."""
    if any(item.first > item.last for item in closures):
        raise InvalidInput(
            "closure-not-in-order",
            "a closure ends on or after its first day",
            field="card.closures",
            clause="R 1.3",
        )


def _check_clock(entry: OpeningHours) -> None:
    """A time of day is one of the organization's own clock, to the minute: more is not shown."""
    breaks = [clock for item in entry.breaks for clock in (item.begins, item.ends)]
    for clock in (entry.opens, entry.closes, entry.lunch_from, entry.lunch_to, *breaks):
        if clock is not None and (clock.tzinfo or clock.second or clock.microsecond):
            raise _wrong("hours-not-in-minutes", "hours are whole minutes, without an offset")


def _check_breaks(entry: OpeningHours) -> None:
    if (entry.lunch_from is None) != (entry.lunch_to is None):
        raise _wrong("lunch-not-in-hours", "a break has a beginning and an end")
    opens = minutes_of(entry.opens)
    closes = not_before(minutes_of(entry.closes), opens + 1)
    before = opens
    laid = sorted(
        (not_before(minutes_of(item.begins), opens), minutes_of(item.ends))
        for item in entry.all_breaks
    )
    for begins, ends in laid:
        end = not_before(ends, begins)
        if not before <= begins < end < closes or begins == opens:
            raise _wrong("lunch-not-in-hours", "breaks lie within the hours, one after another")
        before = end


def _same_season(one: OpeningHours, other: OpeningHours) -> bool:
    if is_dated(one) != is_dated(other):
        return False  # in a season only the dated entries hold
    (first, last), (begins, ends) = season_of(one), season_of(other)
    return max(first, begins) <= min(last, ends)


def _pieces(entry: OpeningHours) -> list[Piece]:
    """The entry on each of its days; what runs past midnight is a piece of the next day."""
    opens, closes = minutes_of(entry.opens), minutes_of(entry.closes)
    if closes > opens:
        return [(day, opens, closes) for day in entry.days]
    return [(day, opens, DAY) for day in entry.days] + [
        (NEXT[day], 0, closes) for day in entry.days if closes
    ]


def _overlap(ones: list[Piece], others: list[Piece]) -> bool:
    return any(
        one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
        for one in ones
        for other in others
    )


def _wrong(code: str, detail: str) -> InvalidInput:
    return InvalidInput(code, detail, field="card.hours", clause="R 1.3")
