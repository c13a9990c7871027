"""What a search for Tasks finds of the caller's own."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chassis.clock import epoch_ms
from chassis.paging import merged
from contracts.errors import InvalidInput
from contracts.values import CitizenCard
from services.intake.adapters.fhir import key_of_identifier
from services.intake.api.fhir_following import case_of
from services.intake.api.fhir_search import BY_POST, EARLIEST, MOST, Search, narrowed, wrong
from services.intake.api.fhir_sender import Sender
from services.intake.domain.task import FollowedTask
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake
from services.intake.notifying import keep_shown, shown_to
from services.intake.survivors import same_people

NOBODY = "Patient/nobody"
"""How an address says that nobody is known by the SNILS that was asked for."""


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


async def found(intake: Intake, sender: Sender, search: Search) -> Found:
    """A page of the caller's own tasks, as they were shown last; nobody else's is ever found."""
    requester = sender.actor.organization
    nothing: Found = Found([], None, search.asked)
    if requester is None:
        return nothing
    people = await _people(intake, search)
    if search.identifiers is not None or search.ids is not None:
        tasks = await _by_name(intake, sender, requester, search)
        fitting = [one for one in tasks if _fits(one, sender, search, people)]
        fitting.sort(key=lambda one: (epoch_ms(one.updated_at or EARLIEST), one.id))
        return Found(fitting[:: -1 if search.last_first else 1], None, search.asked)
    query: dict[str, Any] = {"requester": requester}
    moments = {"$gte": epoch_ms(search.since)} if search.since else {}
    if search.until is not None:
        moments["$lte"] = epoch_ms(search.until)
    if moments:
        query["updated"] = moments
    queries = [query] if people is None else [query | {"citizen": one} for one in sorted(people)]
    listed, following = await _listed(intake, queries, sender, search)
    return Found(listed, following, search.asked)


async def _people(intake: Intake, search: Search) -> set[str] | None:
    """Whom the search is about, by their ids here; None where it names nobody. By SNILS it is every
    id that a sender may have been told of the same person (L 5.1)."""
    if search.snils is None:
        return search.patients
    _check_number(BY_POST, search.snils, search)
    known: set[str] = set()
    for snils in sorted(search.snils):
        key = intake.identity.snils_key(CitizenCard(snils=snils))
        person = await intake.citizens.find_one(snils_key=key) if key else None
        if person is not None:
            known.add(person.id)
    people = narrowed(search.patients, await same_people(intake.citizens, known))
    search.asked.append(("patient", ",".join(f"Patient/{one}" for one in sorted(people)) or NOBODY))
    return people


async def _listed(
    intake: Intake, queries: list[dict[str, Any]], sender: Sender, search: Search
) -> tuple[list[FollowedTask], str | None]:
    """A page of each person and state that is asked for, as one; each is a list of its own."""
    if search.status is not None:
        states = sorted(_stored(search.status, sender))
        queries = [query | {"status": status} for query in queries for status in states]
    if len(queries) > MOST:
        wrong("patient", f"and status ask for more than {MOST} lists at once")
    try:
        part = await merged(
            intake.tasks,
            queries,
            "updated",
            search.cursor,
            search.count,
            lambda kept: kept.state,
            last_first=search.last_first,
        )
    except InvalidInput:
        wrong("_cursor", "is as the next link has it")
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
    """The tasks of some identifiers, or of some ids: there the moment they were pushed."""
    wanted = search.ids
    if wanted is not None:
        _check_number("_id", wanted, search)
    if search.identifiers is not None:
        _check_number("identifier", search.identifiers, search)
        keys = [key_of_identifier(requester, *one) for one in sorted(search.identifiers)]
        entries = [await intake.journal.find_one(source_key=key) for key in keys]
        wanted = narrowed(wanted, {entry.id for entry in entries if entry is not None})
    tasks = []
    for task_id in sorted(wanted or ()):
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
    case = await case_of(intake, entry.state.placed.case_id, task_id)
    return await keep_shown(intake, task_id, case) if case is not None else None


def _check_number(name: str, values: Sized, search: Search) -> None:
    """Refuse more by name than a page holds: nothing that is asked for is dropped unsaid."""
    if len(values) > search.count:
        wrong(name, f"asks for more than the {search.count} of a page (_count, at most {MOST})")


def _fits(task: FollowedTask, sender: Sender, search: Search, people: set[str] | None) -> bool:
    """Whether a task that was found by name fits what else is asked for."""
    version, updated = task.present, task.updated_at
    if version is None or updated is None:
        return False
    shown = shown_to(sender.partner, version.state).status
    return (
        (search.status is None or shown in search.status)
        and (people is None or task.citizen_id in people)
        and (search.since is None or updated >= search.since)
        and (search.until is None or updated <= search.until)
    )
