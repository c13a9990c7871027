"""Invented organizations and circumstances for the directory's unit tests."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.context import Context
from contracts.directory import OrganizationCard
from contracts.values import SYSTEM, Actor
from services.directory.domain.organization import Organization
from services.directory.domain.register_entry import Particulars
from services.directory.domain.rows import SourceRow

KEMEROVO = ZoneInfo("Asia/Novokuznetsk")
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
EDITOR = Actor(id="redaktor-1", role="directory_editor", organization="r-department")


class PlainCalendar:
    """Monday to Friday, with the named exceptions (day → is working)."""

    def __init__(self, **exceptions: bool) -> None:
        self._exceptions = {
            date.fromisoformat(name.removeprefix("d").replace("_", "-")): working
            for name, working in exceptions.items()
        }

    def local_date(self, moment: datetime) -> date:
        return moment.astimezone(KEMEROVO).date()

    def is_working(self, day: date) -> bool:
        return self._exceptions.get(day, day.weekday() < 5)

    def end_of_day(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time.min, KEMEROVO)


def at(now: datetime = NOW, by: Actor = SYSTEM) -> Context:
    return Context(now=now, by=by, calendar=PlainCalendar())


def row(**changes: Any) -> SourceRow:
    """A row of an invented file."""
    item: dict[str, Any] = {
        "key": "x-institution-01",
        "kind": "institution",
        "region": "RU-KEM",
        "source": {"document": "R", "place": "appendix 1, institutions, row 1"},
        "printed": {
            "name": "МБУ «Тёплый дом»",
            "phone": "(38456) 3-00-01",
            "address": "652500, г. Ленинск-Кузнецкий, ул. Мира, 1",
            "email": "teply-dom@example.org",
        },
        "municipality": "leninsk-kuznetsky",
        "serves": [{"municipality": "leninsk-kuznetsky"}],
        "parent": "r-authorised-body-07",
    }
    item["printed"] |= changes.pop("printed", {})
    return SourceRow.model_validate(item | changes)


def card(**changes: Any) -> OrganizationCard:
    """An invented card."""
    item: dict[str, Any] = {
        "id": "x-institution-01",
        "kind": "institution",
        "name": "МБУ «Тёплый дом»",
        "phones": ["+73845630001"],
        "region": "RU-KEM",
        "parent": "r-authorised-body-07",
        "serves": [{"municipality": "leninsk-kuznetsky"}],
        "source": "invented",
    }
    return OrganizationCard.model_validate(item | changes)


def provider(**changes: Any) -> Particulars:
    """What an invented provider claims; its numbers are nobody's."""
    item: dict[str, Any] = {
        "form": "private",
        "legal_form": "ООО",
        "inn": "4212000120",
        "ogrn": "1024200000000",
        "services": ["Уход на дому"],
    }
    return Particulars.model_validate(item | changes)


def organization(**changes: Any) -> Organization:
    """An organization that is in the directory."""
    return Organization(id="x-institution-01", card=card(**changes), changed_at=NOW)
