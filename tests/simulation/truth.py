"""What must be true at the end, when the faults are over and nothing is on its way.

Everything is read from the databases as they lie, by nobody's API but the register's own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.envelope import Envelope
from contracts.terms import TermBook
from services.careplan.domain.case import Case as Plan
from services.careplan.domain.terms import TERM_OF
from services.intake.domain.case import Case
from services.intake.domain.notices import followed, task_state
from services.intake.domain.task import DeliveryState, FollowedTask
from services.registry.domain.case import CaseRecord
from services.registry.domain.log import entry_id
from services.registry.domain.stages import OVER, Owner
from tests.simulation.register import strangers
from tests.simulation.worklists import strayed
from tests.simulation.world import World

OWNERS = ("intake", "assessment", "careplan")
Stored = Mapping[str, Any]


def contradictions(world: World) -> list[str]:
    """Everything that is not as it must be; empty if all is well."""
    return [
        *world.model.findings,
        *_nothing_waits(world),
        *_log_is_whole(world),
        *_readers_are_up_to_date(world),
        *_terms_rang(world),
        *_cases_have_one_owner_and_term(world),
        *strayed(_books(world)),
        *strangers(_books(world), _records(world)),
        *_citizens_have_one_open_case(world),
        *_registers_have_no_gaps(world),
        *_hospital_was_told(world),
    ]


def _nothing_waits(world: World) -> Iterator[str]:
    yield from world.model.unsent()
    for reader, queue in world.broker.queues.items():
        if queue.waiting:
            yield f"{reader}: {queue.waiting} messages wait"
        if queue.dead:
            yield f"{reader}: {len(queue.dead)} messages are dead"
    for service, tables in world.tables.items():
        for name in tables.names:
            for document in tables[name]:
                if document["blocked"] or document["outbox"] or document["relay_due"]:
                    yield f"{service}.{name} {document['_id']} is not at rest"


def _log_is_whole(world: World) -> Iterator[str]:
    """No event lost, none written down twice, none that nobody issued."""
    logged: Counter[str] = Counter()
    entries = {entry["_id"]: entry["state"] for entry in world.tables["registry"]["log"]}
    for entry in entries.values():
        logged[entry["envelope"]["id"]] += 1
    for event_id, issued in world.model.issued.items():
        if logged[event_id] != 1:
            yield f"{event_id} is in the log {logged[event_id]} times"
        elif _plain(entries[entry_id(event_id)]["envelope"]) != _plain(issued):
            yield f"{event_id} is in the log with another content"
    for event_id in logged.keys() - world.model.issued.keys():
        yield f"{event_id} is in the log and was never issued"


def _plain(envelope: Stored) -> Stored:
    return {name: value for name, value in envelope.items() if value is not None}


def _readers_are_up_to_date(world: World) -> Iterator[str]:
    """Every event was read by every document that reads its stream."""
    for event_id, issued in world.model.issued.items():
        stream, number = issued["stream"], int(issued["sequence"])
        if world.model.last[stream] != number:
            continue  # whoever has read the last one has read all
        envelope = Envelope.model_validate(issued)
        for service, readers in world.model.readers.items():
            for reader in readers:
                target = reader.streams.get(envelope.stream_kind)
                document_id = target(envelope) if target is not None else None
                if document_id is None:
                    continue
                place = service, reader.collection.spec.name, document_id
                row = world.model.rows.get(place)
                if row is None or row.streams.get(stream) != number:
                    yield f"{place} has not read {event_id}"


def _terms_rang(world: World) -> Iterator[str]:
    """P8: whatever had to ring by now has rung; that it rang once and in time the model knows."""
    yield from (f"{place} should have rung" for place in world.model.due(world.clock()))


def _cases_have_one_owner_and_term(world: World) -> Iterator[str]:
    """Every open case has one owner, and a next due term wherever the regulation sets one (some
    states of care planning have none); the register's are the services' own."""
    books = _books(world)
    records = _records(world)
    for case_id, found in books["intake"].items():
        if found["state"]["ref"] is not None and case_id not in records:
            yield f"{case_id} is not in the register"
    for case_id, found in records.items():
        record = CaseRecord.model_validate(found["state"])
        standing = record.standing
        if (standing.owner is None) != (standing.stage in OVER):
            yield f"{case_id} in {standing.stage} is owned by {standing.owner}"
        if standing.owner is not None and record.next_due() is None:
            planned = books["careplan"].get(case_id)
            status = Plan.model_validate(planned["state"]).status if planned is not None else None
            if standing.owner is not Owner.CAREPLAN or status in TERM_OF:
                yield f"{case_id} in {standing.stage} has no next due term"
        running = {(term.service, term.code, term.due_at) for term in record.running()}
        said = set()
        for service, book in books.items():
            if case_id in book:
                terms = TermBook.model_validate(book[case_id]["state"]["terms"])
                said |= {(service, term.code, term.due_at) for term in terms.deadlines}
        running = {term for term in running if term[0] in OWNERS}
        if running != said:
            yield f"{case_id}: terms {sorted(map(str, running ^ said))} run in one place only"


def _books(world: World) -> dict[str, dict[str, Stored]]:
    """The cases of each service, by id."""
    return {
        service: {found["_id"]: found for found in world.tables[service]["cases"]}
        for service in OWNERS
    }


def _records(world: World) -> dict[str, Stored]:
    return {found["_id"]: found for found in world.tables["registry"]["cases"]}


def _citizens_have_one_open_case(world: World) -> Iterator[str]:
    """L 5.1: however many referrals come at once."""
    cases = [Case.model_validate(found["state"]) for found in world.tables["intake"]["cases"]]
    going_on = Counter(
        case.ref.citizen_id for case in cases if case.ref is not None and not case.over
    )
    yield from (f"{citizen} has {n} open cases" for citizen, n in going_on.items() if n > 1)
    known = Counter(found["snils_key"] for found in world.tables["intake"]["citizens"])
    yield from (f"a citizen is there {n} times" for n in known.values() if n > 1)


def _registers_have_no_gaps(world: World) -> Iterator[str]:
    """Numbers 1, 2, 3 … in every journal, each once."""
    numbers: dict[str, list[int]] = {}
    for service, name in (("intake", "journal"), ("complaints", "complaints")):
        for found in world.tables[service][name]:
            register = f"{service}'s {found['register_key']}"
            numbers.setdefault(register, []).append(found["number"])
    for key, given in numbers.items():
        if sorted(given) != list(range(1, len(given) + 1)):
            yield f"the register {key} has the numbers {sorted(given)}"


def _hospital_was_told(world: World) -> Iterator[str]:
    """Whoever referred a citizen knows how the case stands, unless they are still being called;
    each referral's task shows what its case says."""
    tasks = {
        found["_id"]: FollowedTask.model_validate(found["state"])
        for found in world.tables["intake"]["tasks"]
    }
    for found in world.tables["intake"]["cases"]:
        case = Case.model_validate(found["state"])
        for referral, notice in followed(case):
            if notice.next_attempt_at is not None:
                continue
            task, status = tasks.get(referral), task_state(case, referral).text
            if task is None or task.present is None or task.present.state.text != status:
                yield f"{referral} is {status}, its task shows something else"
                continue
            last = task.delivery
            if last is None or last.state is DeliveryState.WAITING:
                continue
            if last.status != status or world.outside.notices.get(last.id) != status:
                yield f"{referral} is {status}, the hospital was told {last.status}"
