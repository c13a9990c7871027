"""Searches for Tasks: what is asked, and what is found of the caller's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

from chassis.clock import epoch_ms
from chassis.paging import merged
from contracts.errors import InvalidInput
from contracts.values import CitizenCard
from services.intake.adapters.fhir import key_of_identifier
from services.intake.adapters.fhir_patient import SNILS_SYSTEMS
from services.intake.api.fhir_protocol import MalformedSearch
from services.intake.api.fhir_sender import Sender
from services.intake.domain.task import FollowedTask
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake
from services.intake.notifying import keep_shown, shown_to

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
    "_cursor": "as the next link has it",
}
BY_FORM = {"patient.identifier": "<system of SNILS>|<SNILS>: posted only"}
PARAMETERS = (*SEARCHED, "_count")
BESIDES = ("_cursor", "_format", "_pretty", "_sort")
"""Understood, though they ask for nothing that is not done anyway."""
BY_POST = "patient.identifier"
MOST, USUAL = 100, 50
DATE = re.compile(
    r"(eq|ge|gt|le|lt)?([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
)
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""No task was ever updated before or after: what lies beyond is as good as these."""
PERSONAL = re.compile(r"snils|1\.2\.643\.100\.3|1\.2\.643\.2\.69\.1\.1\.1\.6\.223", re.I)


@dataclass(slots=True)
class Search:
    """What is asked for, read; `asked` are the parameters as they came."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    ids: set[str] | None = None
    identifier: tuple[str, str] | None = None
    status: set[TaskStatus] | None = None
    patient: str | None = None
    snils: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    count: int = USUAL
    cursor: str | None = None


@dataclass(slots=True)
class Found:
    """A page of what was found."""

    tasks: list[FollowedTask]
    next: str | None
    asked: list[tuple[str, str]]

    def query(self, cursor: str | None = None) -> str:
        """The search as an address says it: without anything personal."""
        kept = [(name, value) for name, value in self.asked if name not in {"_cursor", BY_POST}]
        return urlencode([*kept, ("_cursor", cursor)] if cursor else kept)


def read_form(body: bytes, *, strict: bool) -> Search:
    """A search posted as a form; it may name a person by SNILS."""
    try:
        asked = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        _wrong("body", "is a form with at most 50 parameters")
    return read_search(asked, strict=strict, posted=True)


def read_search(asked: Iterable[tuple[str, str]], *, strict: bool, posted: bool = False) -> Search:
    """Read the parameters; raises MalformedSearch naming the one that is wrong.

    One that is not known is passed over, unless the caller asked for strictness.
    """
    search = Search()
    for name, value in asked:
        if not posted and (name.startswith("patient.") or PERSONAL.search(f"{name}={value}")):
            _wrong(name, "is personal data: search with POST /fhir/Task/_search")
        if name == BY_POST:
            search.snils = _snils(value)
        elif name in PARAMETERS or name == "_cursor":
            _read(search, name, value)
        elif name not in BESIDES:
            if strict:
                _wrong(name, f"is not searched by; {', '.join(PARAMETERS)}")
            continue
        search.asked.append((name, value))
    return search


def _read(search: Search, name: str, value: str) -> None:
    if name in {"_id", "focus"}:
        ids = {one.removeprefix("ServiceRequest/") for one in value.split(",")}
        search.ids = ids if search.ids is None else search.ids & ids
    elif name == "identifier":
        system, bar, number = value.partition("|")
        if not (system and bar and number):
            _wrong(name, "is system|value, as the ServiceRequest has it")
        search.identifier = system, number
    elif name == "status":
        known = {status.value for status in TaskStatus}
        if not set(value.split(",")) <= known:
            _wrong(name, f"one or several of {', '.join(sorted(known))}")
        search.status = {TaskStatus(one) for one in value.split(",")}
    elif name == "patient":
        search.patient = value.removeprefix("Patient/")
    elif name == "_lastUpdated":
        _read_date(search, value)
    elif name == "_count":
        if not re.fullmatch("[0-9]{1,6}", value) or not 1 <= int(value) <= 10_000:
            _wrong(name, f"is a number; a page has at most {MOST}")
        search.count = min(int(value), MOST)
    else:
        search.cursor = value[:400]


def _read_date(search: Search, value: str) -> None:
    """FHIR's prefixes; a day is meant whole, in UTC."""
    read = DATE.fullmatch(value)
    try:
        moment = datetime.fromisoformat((read[2] + (read[3] or "T00:00:00Z")) if read else "")
    except ValueError:
        _wrong("_lastUpdated", "is a date or a moment with its zone, ge, gt, le, lt before it")
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
        _wrong(BY_POST, "is <system of SNILS>|<SNILS>")
    try:
        return CitizenCard(snils=number).snils or ""
    except ValueError:
        return _wrong(BY_POST, "is no SNILS: eleven digits with fitting check digits")


async def found(intake: Intake, sender: Sender, search: Search) -> Found:
    """A page of the caller's own tasks, as they were shown last; nobody else's is ever found."""
    requester = sender.actor.organization
    if requester is None:
        return Found([], None, search.asked)
    if search.identifier is not None or search.ids is not None:
        tasks = await _by_name(intake, sender, requester, search)
        return Found([one for one in tasks if _fits(one, sender, search)], None, search.asked)
    query: dict[str, Any] = {"requester": requester}
    if search.snils is not None:
        key = intake.identity.snils_key(CitizenCard(snils=search.snils))
        person = await intake.citizens.find_one(snils_key=key) if key else None
        if person is None:
            return Found([], None, search.asked)
        query["citizen"] = person.id
        search.asked.append(("patient", f"Patient/{person.id}"))
    if search.patient is not None:
        query["citizen"] = search.patient
    moments = {"$gte": epoch_ms(search.since)} if search.since else {}
    if search.until is not None:
        moments["$lte"] = epoch_ms(search.until)
    if moments:
        query["updated"] = moments
    listed, following = await _listed(intake, query, sender, search)
    return Found(listed, following, search.asked)


async def _listed(
    intake: Intake, query: dict[str, Any], sender: Sender, search: Search
) -> tuple[list[FollowedTask], str | None]:
    """A page of each state that is asked for, as one; each is a list of its own."""
    wanted: list[dict[str, Any]] = [{}]
    if search.status is not None:
        wanted = [{"status": status} for status in sorted(_stored(search.status, sender))]
    queries = [query | one for one in wanted]
    try:
        part = await merged(
            intake.tasks, queries, "updated", search.cursor, search.count, lambda kept: kept.state
        )
    except InvalidInput:
        _wrong("_cursor", "is as the next link has it")
    return part.items, part.next


def _stored(wanted: set[TaskStatus], sender: Sender) -> set[str]:
    """States as they are kept: a Gravity-strict partner's `requested` is our `received`."""
    if not sender.partner.gravity_strict:
        return {status.value for status in wanted}
    named = {TaskStatus.RECEIVED if s is TaskStatus.REQUESTED else s for s in wanted}
    kept = named if TaskStatus.REQUESTED in wanted else named - {TaskStatus.RECEIVED}
    return {status.value for status in kept}


async def _by_name(
    intake: Intake, sender: Sender, requester: str, search: Search
) -> list[FollowedTask]:
    """The one task of an identifier, or those of some ids: there the moment it was pushed."""
    wanted = sorted(search.ids or ())[:USUAL]
    if search.identifier is not None:
        key = key_of_identifier(requester, *search.identifier)
        entry = await intake.journal.find_one(source_key=key)
        both = entry is not None and (search.ids is None or entry.id in search.ids)
        wanted = [entry.id] if entry is not None and both else []
    tasks = []
    for task_id in wanted:
        task = await _one(intake, task_id, sender)
        if task is not None:
            tasks.append(task)
    return tasks


async def _one(intake: Intake, task_id: str, sender: Sender) -> FollowedTask | None:
    kept = await intake.tasks.get(task_id)
    if kept is not None:
        return kept.state if sender.sent(kept.state.requester) else None
    entry = await intake.journal.get(task_id)
    if entry is None or entry.state.placed is None or not sender.sent(entry.state.requester):
        return None
    case = await intake.cases.get(entry.state.placed.case_id)
    return await keep_shown(intake, task_id, case.state) if case is not None else None


def _fits(task: FollowedTask, sender: Sender, search: Search) -> bool:
    """Whether a task that was found by name fits what else is asked for."""
    version, updated = task.present, task.updated_at
    if version is None or updated is None:
        return False
    shown = shown_to(sender.partner, version.state).status
    return (
        (search.status is None or shown in search.status)
        and (search.patient is None or task.citizen_id == search.patient)
        and (search.since is None or updated >= search.since)
        and (search.until is None or updated <= search.until)
    )


def _wrong(name: str, rule: str) -> NoReturn:
    raise MalformedSearch("invalid-search", f"{name} {rule}", field=name) from None
