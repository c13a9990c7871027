"""A read that is spared weakens nothing: a copy that is out of date loses its race and is read."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from chassis.document import Document
from chassis.settings import ServiceSettings
from chassis.store import LostRace, StoreUnavailable
from contracts.envelope import Envelope
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import Keys, make_settings, until
from tests.service.chassis.sample import Echo, EchoService, fresh
from tests.service.chassis.test_consumer import renamed

Replicas = tuple[EchoService, EchoService]


@pytest.fixture
async def replicas(settings: ServiceSettings) -> AsyncIterator[Replicas]:
    """Two processes of one service on one store; events are handed to them by the test."""
    name = fresh("echo")
    both = EchoService(settings, name), EchoService(settings, name)
    yield both
    for replica in both:
        await replica.service.client.close()


async def stored(echo: EchoService, subject: str) -> Document[Echo]:
    found = await echo.echoes.get(subject)
    assert found is not None
    return found


async def hear(echo: EchoService, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        await echo.service.consumer.receive(envelope)


async def answers(echo: EchoService) -> bool:
    try:
        return await echo.echoes.find({"id": ""}) == []
    except StoreUnavailable:
        return False


async def test_out_of_date_copy_loses_its_race_and_the_event_takes_effect_once(
    replicas: Replicas,
) -> None:
    first, second = replicas
    subject = fresh("t")
    await hear(first, renamed(1, subject, "а"))
    await hear(second, renamed(2, subject, "б"))
    reads = first.echoes.counts.reads
    await hear(first, renamed(3, subject, "в"))
    # Two writes: its copy, which knows nothing of the second event, was tried and refused.
    assert (first.echoes.counts.writes, first.echoes.counts.reads - reads) == (3, 1)
    document = await stored(first, subject)
    assert document.state.names == ["а", "б", "в"]
    assert (document.rev, document.parked) == (3, [])


async def test_duplicate_is_known_to_an_out_of_date_copy(replicas: Replicas) -> None:
    first, second = replicas
    subject = fresh("t")
    await hear(first, renamed(1, subject, "а"))
    await hear(second, renamed(2, subject, "б"))
    await hear(first, renamed(1, subject, "а"))
    assert first.service.consumer.tally.duplicates == 1
    assert (await stored(first, subject)).state.names == ["а", "б"]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))))
async def test_events_in_any_order_between_two_replicas_end_alike(
    replicas: Replicas, order: tuple[int, ...]
) -> None:
    subject = fresh("t")
    for turn, number in enumerate(order * 2):
        await hear(replicas[turn % 2], renamed(number, subject, f"имя {number}"))
    document = await stored(replicas[0], subject)
    assert document.state.names == [f"имя {number}" for number in (1, 2, 3, 4)]
    assert document.parked == []


async def test_reader_is_never_answered_from_a_copy(replicas: Replicas) -> None:
    first, second = replicas
    subject = fresh("t")
    await hear(first, renamed(1, subject, "а"))
    await hear(second, renamed(2, subject, "б"))
    assert (await stored(first, subject)).state.names == ["а", "б"]


async def test_copy_is_apart_from_the_document_that_was_saved(replicas: Replicas) -> None:
    echoes = replicas[0].echoes
    saved = Document(id=fresh("t"), state=Echo(names=["а"]), streams={"sample.thing.t": 1})
    await echoes.save(saved)
    saved.state.names.append("б")
    saved.streams["sample.thing.t"] = 2
    reads = echoes.counts.reads
    copy = await echoes.load(saved.id)
    assert copy is not None
    assert echoes.counts.reads == reads  # it was the copy
    assert (copy.state.names, copy.streams, copy.rev) == (["а"], {"sample.thing.t": 1}, 1)
    assert copy == await stored(replicas[0], saved.id)


async def test_after_a_lost_race_every_event_reads(replicas: Replicas) -> None:
    echoes, others = (replica.echoes for replica in replicas)
    mine = Document(id=fresh("t"), state=Echo())
    await echoes.save(mine)
    await others.save(await stored(replicas[1], mine.id))
    with pytest.raises(LostRace):
        await echoes.save(mine)
    await hear(replicas[0], *(renamed(n, mine.id, "а") for n in (1, 2, 3)))
    assert echoes.counts.reads == 3


async def test_copies_are_forgotten_when_the_store_was_away(
    servers: ServerUrls, keys: Keys
) -> None:
    subject = fresh("t")
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="100") as (proxy, url):
        echo = EchoService(make_settings(servers, keys, mongo_url=url), fresh("echo"))
        await hear(echo, renamed(1, subject, "а"))
        other = Document(id=fresh("t"), state=Echo())
        proxy.shut()
        with pytest.raises(StoreUnavailable):
            await echo.echoes.save(other)
        await proxy.start()
        await until(lambda: answers(echo))
        reads = echo.echoes.counts.reads
        await hear(echo, renamed(2, subject, "б"))
        assert echo.echoes.counts.reads == reads + 1
        await echo.service.client.close()
