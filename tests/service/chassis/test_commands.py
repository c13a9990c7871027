"""A command takes effect once per key, on the version its caller has seen."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from chassis import clock
from chassis.calendar import DistrictCalendar
from chassis.commands import Commands, KeyReused, Request, StaleVersion
from chassis.document import Document
from chassis.store import AlreadyExists, Collection, StoreUnavailable
from contracts.context import Context
from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from contracts.values import SYSTEM
from tests.service.chassis.sample import THINGS, Thing, ThingMade, ThingRenamed
from tests.service.chassis.test_store import LosingReplies, stored
from tests.unit.chassis.test_document import CALENDAR

STREAM = "sample.thing"


def collection_of(database: Any) -> Collection[Thing]:
    return Collection(database, THINGS, clock_ms=lambda: 1000)


@pytest.fixture
async def things(database: AsyncDatabase[Any]) -> Collection[Thing]:
    made = collection_of(database)
    await made.prepare()
    return made


@pytest.fixture
def commands() -> Commands:
    return Commands("sample", "leninsk-kuznetsky")


def now() -> Context:
    calendar: DistrictCalendar = CALENDAR
    return Context(now=clock.now(), by=SYSTEM, calendar=calendar)


def request(key: str, body: str = "", version: int | None = None) -> Request:
    return Request(key=key, fingerprint=body, version=version)


def rename(thing: Thing) -> Sequence[Event]:
    thing.renamed += 1
    return [ThingRenamed(by=SYSTEM, name="имя")]


async def create(
    commands: Commands, things: Collection[Thing], key: str = "k0", body: str = "", **fields: Any
) -> Any:
    document = Document(id=f"t{key}", state=Thing(**fields))
    made = [ThingMade(by=SYSTEM, name="имя")]
    return await commands.create(things, document, STREAM, request(key, body), now(), made)


async def run(
    commands: Commands,
    things: Collection[Thing],
    asked: Request,
    decide: Any = rename,
    document_id: str = "tk0",
    visible: Any = lambda thing: True,
) -> Any:
    return await commands.execute(
        things, document_id, STREAM, asked, now(), decide, visible=visible, what="thing"
    )


async def test_created_document_carries_its_event_and_answer(
    commands: Commands, things: Collection[Thing]
) -> None:
    answered = await create(commands, things)
    document = await stored(things, "tk0")
    assert (document.version, document.seq, len(document.outbox)) == (1, 1, 1)
    assert answered.answer == {"id": "tk0", "version": 1, "events": [ThingMade.type]}
    assert things.counts.writes == 1


async def test_repeated_creation_gets_the_first_answer_and_leaves_one_document(
    commands: Commands, things: Collection[Thing]
) -> None:
    first = await create(commands, things)
    await run(commands, things, request("k1"))
    assert await create(commands, things) == first
    assert (await stored(things, "tk0")).version == 2


async def test_creation_under_a_used_key_with_another_body_is_refused(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things, body="a")
    with pytest.raises(KeyReused):
        await create(commands, things, body="b")


async def test_creation_with_a_taken_unique_value_is_no_repetition(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things, key="k0", code="c1")
    with pytest.raises(AlreadyExists):
        await create(commands, things, key="k1", code="c1")


async def test_twenty_equal_creations_at_once_make_one_document(
    commands: Commands, things: Collection[Thing]
) -> None:
    answers = await asyncio.gather(*(create(commands, things) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert (await stored(things, "tk0")).rev == 1


async def test_repeated_command_gets_the_first_answer_without_a_write(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things)
    first = await run(commands, things, request("k1", "a", version=1))
    await run(commands, things, request("k2", "b", version=2))
    writes = things.counts.writes
    assert await run(commands, things, request("k1", "a", version=1)) == first
    assert things.counts.writes == writes
    assert (await stored(things, "tk0")).state.renamed == 2


async def test_used_key_with_another_request_is_refused(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things)
    await run(commands, things, request("k1", "a"))
    with pytest.raises(KeyReused) as refusal:
        await run(commands, things, request("k1", "b"))
    assert refusal.value.status == 422
    assert (await stored(things, "tk0")).state.renamed == 1


async def test_command_on_a_stale_version_is_refused(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things)
    await run(commands, things, request("k1", version=1))
    with pytest.raises(StaleVersion) as refusal:
        await run(commands, things, request("k2", version=1))
    assert refusal.value.status == 412
    assert (await stored(things, "tk0")).state.renamed == 1


async def test_twenty_commands_at_once_through_two_processes_all_take_effect_once(
    commands: Commands, things: Collection[Thing], database: AsyncDatabase[Any]
) -> None:
    """Two collections share no lock: between them there is only compare-and-set."""
    await create(commands, things)
    other = collection_of(database)
    answers = await asyncio.gather(
        *(
            run(commands, collection, request(f"k{number}-{name}"))
            for number in range(10)
            for name, collection in (("a", things), ("b", other))
        )
    )
    document = await stored(things, "tk0")
    assert document.state.renamed == 20
    assert sorted(answer.version for answer in answers) == list(range(2, 22))
    assert [event.number for event in document.outbox] == list(range(1, 22))


async def test_same_command_at_once_in_two_processes_takes_effect_once(
    commands: Commands, things: Collection[Thing], database: AsyncDatabase[Any]
) -> None:
    await create(commands, things)
    other = collection_of(database)
    answers = await asyncio.gather(
        *(run(commands, c, request("k1")) for c in (things, other) for _ in range(5))
    )
    assert all(answer == answers[0] for answer in answers)
    assert (await stored(things, "tk0")).state.renamed == 1


async def test_invisible_record_answers_exactly_like_a_missing_one(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things)
    refusals = []
    for document_id, visible in (("tk0", False), ("t404", True)):
        with pytest.raises(NotFound) as refusal:
            await run(
                commands,
                things,
                request("k1", version=7),
                document_id=document_id,
                visible=lambda thing, seen=visible: seen,
            )
        refusals.append((refusal.value.status, refusal.value.code, refusal.value.detail))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 404


async def test_invisible_record_does_not_even_answer_a_known_key(
    commands: Commands, things: Collection[Thing]
) -> None:
    await create(commands, things)
    await run(commands, things, request("k1"))
    with pytest.raises(NotFound):
        await run(commands, things, request("k1"), visible=lambda thing: False)


async def test_refused_command_stores_nothing_and_may_be_tried_again_under_its_key(
    commands: Commands, things: Collection[Thing]
) -> None:
    def refuse(thing: Thing) -> Sequence[Event]:
        thing.renamed = 99
        raise NotAllowedInState("not-now", "later")

    await create(commands, things)
    with pytest.raises(NotAllowedInState):
        await run(commands, things, request("k1"), decide=refuse)
    assert (await stored(things, "tk0")).state.renamed == 0
    await run(commands, things, request("k1"))
    assert (await stored(things, "tk0")).state.renamed == 1


async def test_command_whose_reply_was_lost_is_not_carried_out_again(
    commands: Commands, database: AsyncDatabase[Any]
) -> None:
    broken = LosingReplies(database, written=True)
    things = collection_of(broken)
    await create(commands, things)
    broken.broken = True
    first = await run(commands, things, request("k1"))
    broken.broken = False
    assert await run(commands, things, request("k1")) == first
    assert (await stored(things, "tk0")).state.renamed == 1


async def test_command_that_did_not_reach_the_store_may_be_repeated(
    commands: Commands, database: AsyncDatabase[Any]
) -> None:
    broken = LosingReplies(database, written=False)
    things = collection_of(broken)
    await create(commands, things)
    broken.broken = True
    with pytest.raises(StoreUnavailable):
        await run(commands, things, request("k1"))
    broken.broken = False
    await run(commands, things, request("k1"))
    document = await stored(things, "tk0")
    assert (document.state.renamed, document.seq) == (1, 2)
