"""Searches for Tasks: what is asked (`fhir_found.py`: what is found)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl

from contracts.values import CitizenCard
from services.intake.adapters.fhir_patient import SNILS_SYSTEMS
from services.intake.api.fhir_protocol import MalformedSearch
from services.intake.domain.task_states import TaskStatus

SEARCHED: dict[str, tuple[str, str]] = {
    "_id": ("token", "ids with commas between them"),
    "identifier": ("token", "system|value of the ServiceRequest: the task of one's own number"),
    "status": ("token", "one or several, with commas between them"),
    "focus": ("reference", "ServiceRequest/<id>"),
    "patient": ("reference", "Patient/<id>"),
    "_lastUpdated": ("date", "ge, gt, le, lt before a date or a moment with its zone"),
}
"""What is searched by, with FHIR's kind of parameter."""
DESCRIBED = {name: text for name, (_, text) in SEARCHED.items()} | {
    "_count": "at most 100 on a page",
    "_sort": "_lastUpdated, or -_lastUpdated: the last change first",
    "_cursor": "as the next link has it",
}
BY_FORM = {"patient.identifier": "<system of SNILS>|<SNILS>: posted only"}
PARAMETERS = (*SEARCHED, "_count")
BESIDES = ("_format", "_pretty")
"""Understood, though they ask for nothing that is not done anyway."""
SORTS = {"_lastUpdated": False, "-_lastUpdated": True}
"""Orders there are, and whether the last comes first."""
BY_POST = "patient.identifier"
MOST, USUAL = 100, 50
DATE = re.compile(
    r"(eq|ge|gt|le|lt)?([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
)
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""No task was ever updated before or after: what lies beyond is as good as these."""
T = TypeVar("T")
PERSONAL = re.compile(r"snils|1\.2\.643\.100\.3|1\.2\.643\.2\.69\.1\.1\.1\.6\.223", re.I)


@dataclass(slots=True)
class Search:
    """What is asked for, read; `asked` are the parameters as they came, but for those passed over.

    Values with commas between them are one or another; a parameter that is repeated narrows.
    """

    asked: list[tuple[str, str]] = field(default_factory=list)
    ids: set[str] | None = None
    identifiers: set[tuple[str, str]] | None = None
    status: set[TaskStatus] | None = None
    patients: set[str] | None = None
    snils: set[str] | None = None
    last_first: bool = False
    since: datetime | None = None
    until: datetime | None = None
    count: int = USUAL
    cursor: str | None = None


def read_form(body: bytes, *, strict: bool) -> Search:
    """A search posted as a form; it may name a person by SNILS."""
    try:
        asked = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        wrong("body", "is a form with at most 50 parameters")
    return read_search(asked, strict=strict, posted=True)


def read_search(asked: Iterable[tuple[str, str]], *, strict: bool, posted: bool = False) -> Search:
    """Read the parameters; raises MalformedSearch naming the one that is wrong.

    One that is not known is passed over, unless the caller asked for strictness; but none with a
    modifier, which would find the opposite.
    """
    search = Search()
    for name, value in asked:
        if not posted and (name.startswith("patient.") or PERSONAL.search(f"{name}={value}")):
            wrong(name, "is personal data: search with POST /fhir/Task/_search")
        if name == BY_POST:
            search.snils = narrowed(search.snils, {_snils(one) for one in _values(value)})
        elif name in PARAMETERS or name == "_cursor":
            _read(search, name, value)
        elif name == "_sort" and value in SORTS:
            search.last_first = SORTS[value]
        elif name not in BESIDES:
            if strict or name.partition(":")[0] in SEARCHED:
                known = ", ".join(SORTS if name == "_sort" else PARAMETERS)
                wrong(name, f"is not understood so; {known}")
            continue
        search.asked.append((name, value))
    return search


def _read(search: Search, name: str, value: str) -> None:
    values = _values(value)
    if name in {"_id", "focus"}:
        ids = {one.removeprefix("ServiceRequest/") for one in values}
        search.ids = narrowed(search.ids, ids)
    elif name == "identifier":
        search.identifiers = narrowed(search.identifiers, {_identifier(one) for one in values})
    elif name == "status":
        known = {status.value for status in TaskStatus}
        if not set(values) <= known:
            wrong(name, f"one or several of {', '.join(sorted(known))}")
        search.status = narrowed(search.status, {TaskStatus(one) for one in values})
    elif name == "patient":
        people = {one.removeprefix("Patient/") for one in values}
        search.patients = narrowed(search.patients, people)
    elif name == "_lastUpdated":
        _read_date(search, value)
    elif name == "_count":
        if not re.fullmatch("[0-9]{1,6}", value) or not 1 <= int(value) <= 10_000:
            wrong(name, f"is a number; a page has at most {MOST}")
        search.count = min(int(value), MOST)
    else:
        search.cursor = value[:400]


def _values(text: str) -> list[str]:
    """What stands between commas; one after a backslash belongs to the value."""
    return [re.sub(r"\\(.)", r"\1", one) for one in re.split(r"(?<!\\),", text)]


def narrowed(known: set[T] | None, more: set[T]) -> set[T]:
    """What is in both, where something was asked for before."""
    return more if known is None else known & more


def _identifier(text: str) -> tuple[str, str]:
    system, bar, number = text.partition("|")
    if not (system and bar and number):
        wrong("identifier", "is system|value, as the ServiceRequest has it")
    return system, number


def _read_date(search: Search, value: str) -> None:
    """FHIR's prefixes; a day is meant whole, in UTC."""
    read = DATE.fullmatch(value)
    try:
        moment = datetime.fromisoformat((read[2] + (read[3] or "T00:00:00Z")) if read else "")
    except ValueError:
        wrong("_lastUpdated", "is a date or a moment with its zone, ge, gt, le, lt before it")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment = min(max(moment, EARLIEST), LATEST)
    prefix = (read[1] if read else None) or "eq"
    step = timedelta(milliseconds=1)
    whole = step if read and read[3] else timedelta(days=1)
    if prefix in {"ge", "eq"}:
        search.since = max(moment, search.since or moment)
    if prefix == "gt":
        search.since = max(moment + whole, search.since or moment)
    if prefix in {"le", "eq"}:
        search.until = min(moment + whole - step, search.until or moment + whole)
    if prefix == "lt":
        search.until = min(moment - step, search.until or moment)


def _snils(value: str) -> str:
    system, _, number = value.partition("|")
    if system not in SNILS_SYSTEMS:
        wrong(BY_POST, "is <system of SNILS>|<SNILS>")
    try:
        return CitizenCard(snils=number).snils or ""
    except ValueError:
        return wrong(BY_POST, "is no SNILS: eleven digits with fitting check digits")


def wrong(name: str, rule: str) -> NoReturn:
    """Refuse a parameter; raises MalformedSearch."""
    raise MalformedSearch("invalid-search", f"{name} {rule}", field=name) from None
