"""A reply that is lost says nothing: what it told of is found out, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.database import connect
from chassis.document import Document
from chassis.store import StoreUnavailable
from tests.conftest import ServerUrls
from tests.fault.outcome import Outcome
from tests.fault.pair import paired
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import until
from tests.service.chassis.sample import Thing, fresh
from tests.service.chassis.test_store import collection_of, stored

Report = Callable[[Outcome], None]


async def test_command_whose_stored_reply_was_lost_is_answered_as_done_and_done_once(
    harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with (
        proxied(harmed.mongo_url) as (proxy, url),
        paired(harmed, tmp_path, maker=ServerUrls(harmed.amqp_url, url)) as pair,
    ):
        losses = []
        for marker in (b"insert\0", b"update\0"):  # the command itself, the answer's return
            losses.append(proxy.lose_reply(marker))
            await pair.load.make()
        await until(lambda: all(loss.done.is_set() for loss in losses))
        assert pair.load.refused == []
        account = await pair.account()
        things = pair.maker.things
        assert things.counts.reads > 2
        report(Outcome("database replies lost", 2, len(account.lost), len(account.doubled), 0, 0))


async def test_write_that_never_arrived_is_not_taken_for_another_writers(
    harmed: ServerUrls,
) -> None:
    """Somebody else wrote the very revision that ours was to be: their mark is not ours."""
    async with proxied(harmed.mongo_url, socketTimeoutMS="2000") as (proxy, url):
        name = fresh("test_")
        ours_client, ours_database = connect(url, name)
        others_client, others_database = connect(harmed.mongo_url, name)
        ours, others = collection_of(ours_database), collection_of(others_database)
        await ours.save(document := Document(id=fresh("t"), state=Thing(name="Стол")))
        loss = proxy.lose_request(b"update\0")
        theirs = await stored(others, document.id)
        theirs.state.name = "чужой"
        document.state.name = "свой"
        await others.save(theirs)
        with pytest.raises(StoreUnavailable):
            await ours.save(document)
        assert loss.done.is_set()
        assert proxy.to_server.swallowed > 0
        found = await stored(others, document.id)
        assert (found.rev, found.state.name) == (2, "чужой")
        await others_client.drop_database(name)
        await ours_client.close()
        await others_client.close()


async def test_event_whose_confirmation_was_lost_is_sent_twice_and_takes_effect_once(
    harmed: ServerUrls, tmp_path: Path, report: Report
) -> None:
    async with (
        proxied(harmed.amqp_url) as (proxy, url),
        paired(harmed, tmp_path, maker=ServerUrls(url, harmed.mongo_url)) as pair,
    ):
        loss = proxy.lose_reply(b"sample.thing-made.v1")
        await pair.load.make()
        await until(loss.done.is_set)
        tally = pair.echo.service.consumer.tally
        await until(lambda: tally.duplicates >= 1)  # the broker has it twice
        report(await pair.outcome("confirmation of the broker lost"))
