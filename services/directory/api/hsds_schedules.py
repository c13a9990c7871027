"""Hours as HSDS schedules: one entry for each stretch between breaks (K, M, S).

A stretch past midnight is said by an hour of closing before that of opening, as iCal's readers
expect. Public holidays cannot be said: each entry notes that they are days off, unless those that
hold together leave no weekday free. Readers unite what is valid on a day: hours without dates are
said for the days outside all seasons only.
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from contracts.directory import OpeningHours
from contracts.hours import time_of, without_breaks
from services.directory.api.hsds_models import Schedule
from services.directory.domain.hours import WEEKDAYS_RU
from services.directory.domain.hours_pattern import HoursPattern
from services.directory.domain.seasons import stretches_of
from services.directory.hsds_ids import hsds_id

HOLIDAYS = "В государственные праздники закрыто."
EVERY_DAY = "Без выходных."


def schedules(
    owner: str, owner_id: str, pattern: HoursPattern, zone: ZoneInfo, now: datetime
) -> list[Schedule]:
    """The schedules of a service, a location, or a service at a location."""
    offset = now.astimezone(zone)
    hours = offset.utcoffset()
    seconds = hours.total_seconds() if hours is not None else 0.0
    marked = f"{offset:%z}"[:3] + ":" + f"{offset:%z}"[3:]
    found = []
    for part in stretches_of(pattern.hours):
        listed = ",".join(part.entry.days)
        for number, (opens, closes) in enumerate(pieces(part.entry)):
            key = (listed, f"{opens:%H%M}", str(part.valid_from), str(number))
            found.append(
                Schedule(
                    id=hsds_id("schedule", owner, owner_id, *key),
                    byday=listed,
                    opens_at=f"{opens:%H:%M}{marked}",
                    closes_at=f"{closes:%H:%M}{marked}",
                    timezone=seconds / 3600,
                    valid_from=part.valid_from.isoformat() if part.valid_from else None,
                    valid_to=part.valid_to.isoformat() if part.valid_to else None,
                    description=_words(part.entry),
                    notes=EVERY_DAY if part.every_day else HOLIDAYS,
                    **{f"{owner}_id": owner_id},
                )
            )
    return found


def pieces(entry: OpeningHours) -> list[tuple[time, time]]:
    """The hours of an entry without its breaks, in their order."""
    return [(time_of(begins), time_of(ends)) for begins, ends in without_breaks(entry)]


def _words(entry: OpeningHours) -> str:
    days = ", ".join(WEEKDAYS_RU[day] for day in entry.days)
    lunch = ""
    if entry.lunch_from is not None and entry.lunch_to is not None:
        lunch = f", обед {entry.lunch_from:%H:%M}–{entry.lunch_to:%H:%M}"
    return f"{days}: {entry.opens:%H:%M}–{entry.closes:%H:%M}{lunch}"
