"""The working days of a district.

Invariant: a day is judged in the district's own time zone and by the official calendar, weekends,
public holidays, transferred days off and working Saturdays included. So two replicas, or the same
replica next year, answer the same for the same day, and no term is counted in the server's zone.

The official calendar is the `holidays` package, whose version is pinned: its data know a year's
transfers only once the Government has decreed them. For later years (2028 on, in 0.109) it knows
the holidays but no transfers, so an operator names the differing days in `OPORA_MOVED_DAYS`, e.g.
`2028-11-06=off` for 4 November 2028, a holiday that falls on a Saturday. Every calendar that a
service reckons with comes from its `Calendars`, so that none is left without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays
from holidays.countries.russia import RussiaStaticHolidays

from contracts.hours import zone_of

LAST_DECREED = max(RussiaStaticHolidays.special_public_holidays)
"""The last year whose transferred days off the data know."""
NO_OVERRIDES: Mapping[date, bool] = MappingProxyType({})


class DistrictCalendar:
    """Implements `contracts.terms.WorkingCalendar`. `overrides` maps a day to "is working"."""

    def __init__(self, zone: ZoneInfo, overrides: Mapping[date, bool] = NO_OVERRIDES) -> None:
        self._zone = zone
        self._overrides = dict(overrides)
        self._official: HolidayBase = country_holidays("RU")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone whose days these are."""
        return self._zone

    def local_date(self, moment: datetime) -> date:
        """Calendar date of a moment in the district."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone has no local date")
        return moment.astimezone(self._zone).date()

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day, transferred days included."""
        overridden = self._overrides.get(day)
        return self._official.is_working_day(day) if overridden is None else overridden

    def knows_transfers(self, year: int) -> bool:
        """Whether the days that are moved in a year are known, from the data or the operator."""
        return year <= LAST_DECREED or any(day.year == year for day in self._overrides)

    def end_of_day(self, day: date) -> datetime:
        """The moment in UTC at which the district's day ends: the next local midnight."""
        return datetime.combine(day + timedelta(days=1), time.min, self._zone).astimezone(UTC)


class Calendars:
    """The calendars of a service: its district's, and those of the regions it tells of."""

    def __init__(self, zone: ZoneInfo, overrides: Mapping[date, bool] = NO_OVERRIDES) -> None:
        self._zone = zone
        self._overrides = overrides
        self._made: dict[ZoneInfo, DistrictCalendar] = {}

    def of(self, region: str | None) -> DistrictCalendar:
        """The calendar of a region by its ISO 3166-2 code; the district's where it has no zone."""
        zone = zone_of(region) or self._zone
        if zone not in self._made:
            self._made[zone] = DistrictCalendar(zone, self._overrides)
        return self._made[zone]
