"""The working days of a district.

Invariant: a day is judged in the district's own time zone and by the official calendar, weekends,
public holidays, transferred days off and working Saturdays included. So two replicas, or the same
replica next year, answer the same for the same day, and no term is counted in the server's zone.

The official calendar is the `holidays` package, whose version is pinned: its data know a year's
transfers only once the Government has decreed them. For later years (2028 on, in 0.109) it knows
the holidays but no transfers, so an operator names the differing days in `overrides`, e.g.
`{date(2028, 11, 6): False}` for 4 November 2028, a holiday that falls on a Saturday.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

NO_OVERRIDES: Mapping[date, bool] = MappingProxyType({})


class DistrictCalendar:
    """Implements `contracts.terms.WorkingCalendar`. `overrides` maps a day to "is working"."""

    def __init__(self, zone: ZoneInfo, overrides: Mapping[date, bool] = NO_OVERRIDES) -> None:
        self._zone = zone
        self._overrides = dict(overrides)
        self._official: HolidayBase = country_holidays("RU")

    def local_date(self, moment: datetime) -> date:
        """Calendar date of a moment in the district."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone has no local date")
        return moment.astimezone(self._zone).date()

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day, transferred days included."""
        overridden = self._overrides.get(day)
        return self._official.is_working_day(day) if overridden is None else overridden

    def end_of_day(self, day: date) -> datetime:
        """The moment in UTC at which the district's day ends: the next local midnight."""
        return datetime.combine(day + timedelta(days=1), time.min, self._zone).astimezone(UTC)
