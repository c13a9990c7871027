"""The store, on the real server: compare-and-set, uniqueness, ranges, and what fails in between."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from chassis import logs
from chassis.database import connect
from chassis.document import MAX_BYTES, WARN_BYTES, Document, DocumentTooLarge, Parked
from chassis.store import FOUND_BY, AlreadyExists, Collection, Counts, LostRace, StoreUnavailable
from chassis.stored import Spec
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import THINGS, Thing, fresh
from tests.simulation.database import Database, Straight, Tables
from tests.unit.chassis.test_relay import envelope


def collection_of(database: Any, spec: Spec[Thing] = THINGS) -> Collection[Thing]:
    return Collection(database, spec, clock_ms=lambda: 1000)


@pytest.fixture(params=["server", "simulation"])
async def things(request: pytest.FixtureRequest, database: AsyncDatabase[Any]) -> Collection[Thing]:
    """On the real server, and on the simulation's tables: what they do must not differ."""
    simulated = request.param == "simulation"
    made = collection_of(Database(Tables(), Straight()) if simulated else database)
    await made.prepare()
    return made


def thing(**fields: Any) -> Document[Thing]:
    return Document(id=fresh("t"), state=Thing(**{"name": "Стол", **fields}))


async def stored(things: Collection[Thing], document_id: str) -> Document[Thing]:
    found = await things.get(document_id)
    assert found is not None
    return found


async def answers(things: Collection[Thing]) -> bool:
    """Whether the store is there for it."""
    try:
        await things.find({"size": 0}, limit=1)
    except StoreUnavailable:
        return False
    return True


async def test_whatever_is_asked_of_every_document_has_an_index() -> None:
    """Pages by `id` above all: without, each would have all documents read and sorted."""
    tables = Tables()
    things = collection_of(Database(tables, Straight()))
    await things.prepare()
    indexed = set(tables["things"]._indexes)
    assert indexed == {*FOUND_BY, *things.lists.indexed, *THINGS.unique}
    assert {"id", "unsent_since"} < indexed


async def test_document_comes_back_as_it_was_saved(things: Collection[Thing]) -> None:
    document = thing(owner="anna", size=3, code="c1")
    document.streams = {"sample.thing.t1": 4}
    document.parked = [Parked(envelope=envelope("t1", 6), since=5, reason="no", attempts=2)]
    document.outbox = [envelope(document.id, 1)]
    document.seq = 1
    await things.save(document)
    assert await stored(things, document.id) == document
    assert document.rev == 1


async def test_missing_document_is_none(things: Collection[Thing]) -> None:
    assert await things.get("t0") is None


async def test_second_of_two_writers_loses_the_race(things: Collection[Thing]) -> None:
    await things.save(document := thing())
    first, second = await stored(things, document.id), await stored(things, document.id)
    first.state.name, second.state.name = "первый", "второй"
    await things.save(first)
    with pytest.raises(LostRace):
        await things.save(second)
    assert (await stored(things, document.id)).state.name == "первый"
    assert (await stored(things, document.id)).rev == 2


async def test_parallel_writers_on_one_document_all_take_effect_once(
    things: Collection[Thing],
) -> None:
    await things.save(document := thing())

    async def rename() -> None:
        while True:
            read = await stored(things, document.id)
            read.state.renamed += 1
            try:
                return await things.save(read)
            except LostRace:
                await asyncio.sleep(0)

    await asyncio.gather(*(rename() for _ in range(8)))
    assert (await stored(things, document.id)).state.renamed == 8


async def test_new_document_with_a_taken_id_already_exists(things: Collection[Thing]) -> None:
    await things.save(document := thing())
    with pytest.raises(AlreadyExists):
        await things.save(Document(id=document.id, state=Thing(name="другой")))
    assert (await stored(things, document.id)).state.name == "Стол"


async def test_unique_value_is_taken_once_by_new_and_by_changed_documents(
    things: Collection[Thing],
) -> None:
    await things.save(thing(code="c1"))
    with pytest.raises(AlreadyExists):
        await things.save(thing(code="c1"))
    await things.save(changing := thing(code="c2"))
    changing.state.code = "c1"
    with pytest.raises(AlreadyExists):
        await things.save(changing)
    assert (await stored(things, changing.id)).state.code == "c2"


async def test_fifty_at_once_with_one_unique_value_leave_one(things: Collection[Thing]) -> None:
    ends = await asyncio.gather(
        *(things.save(thing(code="c1")) for _ in range(50)), return_exceptions=True
    )
    assert ends.count(None) == 1
    assert sum(isinstance(end, AlreadyExists) for end in ends) == 49


async def test_unique_value_may_be_absent_in_many_and_is_free_again_once_given_up(
    things: Collection[Thing],
) -> None:
    await things.save(thing())
    await things.save(thing())
    await things.save(holder := thing(code="c1"))
    holder.state.code = None
    await things.save(holder)
    await things.save(thing(code="c1"))


async def test_find_takes_ranges_of_whole_numbers_sorted_and_limited(
    things: Collection[Thing],
) -> None:
    for size in (9, 100, 20, 3):
        await things.save(thing(size=size))
    found = await things.find({"size": {"$gt": 3, "$lte": 100}}, sort=[("size", 1)], limit=2)
    assert [document.state.size for document in found] == [9, 20]
    down = await things.find({"size": {"$gte": 3}}, sort=[("size", -1)])
    assert [document.state.size for document in down] == [100, 20, 9, 3]


async def test_find_one_goes_by_all_given_fields(things: Collection[Thing]) -> None:
    await things.save(thing(owner="anna", size=1))
    await things.save(thing(owner="vera", size=1))
    found = await things.find_one(owner="vera", size=1)
    assert found is not None
    assert found.state.owner == "vera"
    assert await things.find_one(owner="vera", size=2) is None


async def test_each_gives_every_document_once_whatever_the_batch(
    things: Collection[Thing],
) -> None:
    saved = [thing() for _ in range(7)]
    for document in saved:
        await things.save(document)
    for batch in (1, 3, 7, 50):
        seen = [document.id async for document in things.each(batch)]
        assert seen == sorted(document.id for document in saved)


async def test_growing_document_is_warned_of(
    things: Collection[Thing], capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("sample", "INFO")
    await things.save(thing(name="x" * (WARN_BYTES - 2000)))
    assert "document-grows" not in "".join(capfd.readouterr())
    await things.save(thing(name="x" * WARN_BYTES))
    assert "document-grows" in "".join(capfd.readouterr())


async def test_document_over_its_bound_is_refused_and_not_written(
    things: Collection[Thing],
) -> None:
    await things.save(document := thing())
    document.state.name = "x" * MAX_BYTES
    with pytest.raises(DocumentTooLarge):
        await things.save(document)
    assert (await stored(things, document.id)).state.name == "Стол"
    assert things.counts.writes == 1


async def test_parked_events_are_kept_even_where_the_document_is_at_its_bound(
    things: Collection[Thing],
) -> None:
    document = thing(name="x" * (MAX_BYTES - 3000))
    large = envelope("t1", 9).model_copy(update={"data": {"text": "x" * 5000}})
    document.parked = [Parked(envelope=large, since=5)]
    await things.save(document)
    assert len((await stored(things, document.id)).parked) == 1


def test_index_on_the_servers_own_id_is_refused(database: AsyncDatabase[Any]) -> None:
    """The embedded server accepts the index and then refuses every write."""
    spec = Spec("things", Thing, lambda _: Thing(), indexed=(("size", "_id"),))
    with pytest.raises(ValueError, match="_id"):
        collection_of(database, spec)


async def test_every_call_is_one_round_trip_and_counted(things: Collection[Thing]) -> None:
    await things.save(document := thing())
    await things.get(document.id)
    await things.find({"size": 0})
    await things.save(document)
    assert things.counts == Counts(reads=1, writes=2, queries=1)


class Wire(CommandListener):
    """What the driver has sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append((event.command_name, dict(event.command)))

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


async def test_every_write_on_the_wire_asks_for_majority_and_journal(servers: ServerUrls) -> None:
    wire = Wire()
    client, database = connect(servers.mongo_url, fresh("test_"), [wire])
    things = collection_of(database)
    await things.save(document := thing())
    await things.save(document)
    writes = [(name, sent) for name, sent in wire.sent if name in {"insert", "update"}]
    assert [name for name, _ in writes] == ["insert", "update"]
    for _, sent in writes:
        assert sent["writeConcern"] == {"w": "majority", "j": True}
    assert len(wire.sent) == 2
    await client.drop_database(database.name)
    await client.close()


class LosingReplies:
    """The driver's database, whose connection breaks after a write, or before it."""

    def __init__(self, database: AsyncDatabase[Any], *, written: bool) -> None:
        self._database = database
        self._written = written
        self.broken = False

    def __getitem__(self, name: str) -> "LosingReplies":
        self._stored = self._database[name]
        return self

    async def _lose(self, write: Any) -> Any:
        if not self.broken:
            return await write
        if self._written:
            await write
        else:
            write.close()
        raise AutoReconnect("connection closed")

    async def insert_one(self, *arguments: Any) -> Any:
        return await self._lose(self._stored.insert_one(*arguments))

    async def replace_one(self, *arguments: Any) -> Any:
        return await self._lose(self._stored.replace_one(*arguments))

    async def find_one(self, *arguments: Any) -> Any:
        return await self._stored.find_one(*arguments)


async def test_write_whose_reply_was_lost_is_settled_as_written(
    database: AsyncDatabase[Any],
) -> None:
    broken = LosingReplies(database, written=True)
    broken.broken = True
    told: list[int] = []
    things = Collection(
        broken, THINGS, clock_ms=lambda: 0, saved=lambda _, saved: told.append(saved.rev)
    )
    await things.save(document := thing())
    document.state.renamed = 1
    await things.save(document)
    assert (await stored(things, document.id)).state.renamed == 1
    assert (document.rev, told) == (2, [1, 2])


async def test_write_that_did_not_arrive_is_settled_as_not_written(
    database: AsyncDatabase[Any],
) -> None:
    broken = LosingReplies(database, written=False)
    told: list[int] = []
    things = Collection(
        broken, THINGS, clock_ms=lambda: 0, saved=lambda _, saved: told.append(saved.rev)
    )
    await things.save(document := thing())
    broken.broken = True
    document.state.renamed = 1
    with pytest.raises(StoreUnavailable):
        await things.save(document)
    assert (await stored(things, document.id)).state.renamed == 0
    with pytest.raises(StoreUnavailable):
        await things.save(thing())
    assert told == [1]


async def test_store_that_is_away_says_so_in_every_call(servers: ServerUrls) -> None:
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="200") as (proxy, url):
        client, database = connect(url, fresh("test_"))
        things = collection_of(database)
        await until(lambda: answers(things))
        await things.save(document := thing())
        proxy.shut()
        for call in (things.get("t1"), things.save(document), things.find({}), things.prepare()):
            with pytest.raises(StoreUnavailable):
                await call
        await proxy.start()
        await until(lambda: answers(things))
        assert await things.get(document.id) is not None
        await client.drop_database(database.name)
        await client.close()


async def test_store_that_hangs_counts_as_away(servers: ServerUrls) -> None:
    limits = {"serverSelectionTimeoutMS": "1000", "socketTimeoutMS": "1000"}
    async with proxied(servers.mongo_url, **limits) as (proxy, url):
        client, database = connect(url, fresh("test_"))
        things = collection_of(database)
        await until(lambda: answers(things))
        await things.save(document := thing())
        proxy.freeze()
        async with asyncio.timeout(9):  # one try of ten seconds is what it would take without
            with pytest.raises(StoreUnavailable):
                await things.get(document.id)
        proxy.thaw()
        await client.close()


async def test_limits_of_patience_are_set_where_the_url_sets_none(servers: ServerUrls) -> None:
    client, _ = connect(servers.mongo_url, "test_")
    assert client.options.pool_options.socket_timeout == 10
    assert client.options.server_selection_timeout == 5
    await client.close()


async def test_list_is_one_range_of_one_index_whatever_it_is_found_by(
    things: Collection[Thing],
) -> None:
    for number in range(12):
        await things.save(
            thing(owner="2026-03-01" if number % 2 else "anna", size=number // 4, code=f"c{number}")
        )
    page = await things.find({"owner": "2026-03-01"}, sort=[("size", 1)], limit=2)
    assert {document.state.code for document in page} == {"c1", "c3"}
    after = (page[-1].state.size, page[-1].id)
    rest = await things.find({"owner": "2026-03-01"}, sort=[("size", 1)], after=after)
    assert {document.state.code for document in rest} == {"c5", "c7", "c9", "c11"}
    down = await things.find({"owner": "anna", "size": {"$lt": 2}}, sort=[("size", -1)], limit=1)
    assert down[0].state.code in {"c4", "c6"}


async def test_document_of_a_version_without_the_list_is_listed(
    database: AsyncDatabase[Any],
) -> None:
    older = collection_of(database, replace(THINGS, indexed=()))
    await older.save(document := thing(owner="boris", size=7))
    things = collection_of(database)
    await things.prepare()
    assert await things.find({"owner": "boris"}, sort=[("size", 1)]) == []
    assert await things.relist() == 1
    (found,) = await things.find({"owner": "boris"}, sort=[("size", 1)])
    assert (found.id, found.version, found.rev) == (document.id, document.version, 2)
    assert await things.relist() == 0
    assert things.counts.queries == 2, "what belongs to no operation is not counted"


async def test_alternatives_are_a_query_each_and_a_document_comes_once(
    things: Collection[Thing],
) -> None:
    for owner, size, code in (("vera", 1, "v1"), ("vera", 2, "v2"), ("gleb", 2, "g2")):
        await things.save(thing(owner=owner, size=size, code=code))
    before = things.counts.queries
    either = [{"code": "v1"}, {"code": "g2"}, {"code": "v1"}]
    assert {found.state.code for found in await things.find_any(either)} == {"v1", "g2"}
    assert things.counts.queries == before + 3


async def test_every_document_comes_once_by_id_and_so_does_what_lacks_a_field(
    database: AsyncDatabase[Any],
) -> None:
    older = collection_of(database, replace(THINGS, index=lambda _: {}, indexed=(), unique=()))
    begun = [thing(owner="old", size=n, code=f"o{n}") for n in range(5)]
    for document in begun:
        await older.save(document)
    things = collection_of(database)
    await things.prepare()
    added = [thing(owner="new", size=n, code=f"n{n}") for n in range(3)]
    for document in added:
        await things.save(document)
    every = sorted(document.id for document in [*begun, *added])
    assert [document.id async for document in things.each(batch=3)] == every
    lacking = [document.id async for document in things.lacking("code", batch=2)]
    assert lacking == sorted(document.id for document in begun)
