"""The bus, on the real broker: what is no confirmation raises, what is no event is set aside."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aio_pika
import pytest
from prometheus_client import CollectorRegistry

from chassis.bus import Bus
from chassis.inbox import PREFETCH
from chassis.nodes import with_heartbeat
from chassis.publisher import PUBLISH_SECONDS, NotPublished
from chassis.queues import inbox
from contracts.envelope import CONTENT_TYPE, Envelope
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import Broker, until
from tests.service.chassis.sample import fresh
from tests.unit.chassis.test_relay import envelope

TOPIC = "sample.thing-made.v1"


async def ignore(_: Envelope) -> None:
    """A receiver that wants nothing."""


@asynccontextmanager
async def started(
    url: str,
    broker: Broker,
    reads: tuple[str, ...] = (),
    receive: Callable[[Envelope], Awaitable[None]] = ignore,
    **wiring: Any,
) -> AsyncIterator[Bus]:
    service = fresh("bus")
    bus = Bus(url, service, {service: reads} if reads else {}, CollectorRegistry(), **wiring)
    if reads:
        broker.names += [f"{service}.inbox", f"{service}.inbox.dead"]
    await bus.start(receive)
    try:
        yield bus
    finally:
        await bus.stop()


async def published(bus: Bus, event: Envelope) -> bool:
    try:
        await bus.publish(event)
    except NotPublished:
        return False
    return True


async def away(bus: Bus) -> bool:
    return not await bus.ready()


async def refused(bus: Bus, event: Envelope) -> str:
    with pytest.raises(NotPublished) as failure:
        await bus.publish(event)
    return str(failure.value)


async def test_published_event_lies_in_the_queue_persistent_and_named(
    servers: ServerUrls, broker: Broker
) -> None:
    queue = await broker.listen("sample.#")
    async with started(servers.amqp_url, broker) as bus:
        await bus.publish(envelope("t1", 1))
        assert bus.published == 1
    message = await queue.get(no_ack=True)
    assert Envelope.model_validate_json(message.body) == envelope("t1", 1)
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert message.message_id == "sample.thing.t1:1"
    assert message.correlation_id == "r1"
    assert message.content_type == CONTENT_TYPE
    assert message.routing_key == TOPIC


async def test_event_that_nobody_is_bound_to_is_not_published(
    servers: ServerUrls, broker: Broker
) -> None:
    async with started(servers.amqp_url, broker) as bus:
        assert await refused(bus, envelope("t1", 1)) == "PublishError"
        assert bus.published == 0
        await broker.listen("sample.#")
        await bus.publish(envelope("t1", 1))


async def test_event_to_a_full_queue_is_not_published(servers: ServerUrls, broker: Broker) -> None:
    limits = {"x-max-length": 2, "x-overflow": "reject-publish"}
    queue = await broker.listen("sample.#", **limits)
    async with started(servers.amqp_url, broker) as bus:
        reason, confirmed = "", 0
        for number in range(1, 20):
            try:
                await bus.publish(envelope("t1", number))
                confirmed += 1
            except NotPublished as failure:
                reason = str(failure)
                break
        assert reason == "DeliveryError"
        assert bus.published == confirmed
    assert len(await broker.taken(queue)) == confirmed


async def test_event_to_a_missing_exchange_is_not_published_until_it_is_back(
    servers: ServerUrls, broker: Broker
) -> None:
    async with started(servers.amqp_url, broker) as bus:
        await broker.channel.exchange_delete("opora.events")
        for number in (1, 2):
            await refused(bus, envelope("t1", number))
        queue = await broker.listen("sample.#")

        await until(lambda: published(bus, envelope("t1", 1)))
        assert len(await broker.taken(queue)) == 1


async def test_event_without_a_connection_is_not_published(servers: ServerUrls) -> None:
    bus = Bus(servers.amqp_url, fresh("bus"), {}, CollectorRegistry())
    await refused(bus, envelope("t1", 1))
    assert not await bus.ready()
    await bus.stop()


async def test_broker_that_hangs_confirms_nothing_and_is_not_waited_for(
    servers: ServerUrls, broker: Broker
) -> None:
    await broker.listen("sample.#")
    async with (
        proxied(servers.amqp_url) as (proxy, url),
        started(url, broker, publish_seconds=0.2) as bus,
    ):
        proxy.freeze()
        async with asyncio.timeout(PUBLISH_SECONDS - 0.5):
            assert await refused(bus, envelope("t1", 1)) == "TimeoutError"
        proxy.thaw()
        await until(lambda: published(bus, envelope("t1", 2)))


async def test_lost_connection_comes_back_by_itself_for_both_directions(
    servers: ServerUrls, broker: Broker
) -> None:
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    async with (
        proxied(servers.amqp_url) as (proxy, url),
        started(url, broker, ("sample.#",), receive) as bus,
    ):
        await bus.publish(envelope("t1", 1))
        await until(lambda: len(received) == 1)
        proxy.shut()
        await refused(bus, envelope("t1", 2))
        await until(lambda: away(bus))
        await proxy.start()
        await until(bus.ready, seconds=30)
        await until(lambda: published(bus, envelope("t1", 2)))
        await until(lambda: "sample.thing.t1:2" in received)


async def test_inbox_that_was_deleted_is_made_anew_with_all_its_topics(
    servers: ServerUrls, broker: Broker
) -> None:
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    first = envelope("t1", 1)
    second = envelope("t1", 2).model_copy(update={"type": "ru.opora.sample.thing-renamed.v1"})
    topics = (first.routing_key, second.routing_key)
    assert len(set(topics)) == 2
    async with started(servers.amqp_url, broker, topics, receive) as bus:
        await broker.channel.queue_delete(broker.names[-2])
        for event in (first, second):
            await until(partial(published, bus, event))
        # deleting it may cost the publisher its connection: what was sent then is sent again
        await until(lambda: list(dict.fromkeys(received)) == [first.id, second.id])


async def test_consumer_is_given_no_more_at_once_than_its_prefetch(
    servers: ServerUrls, broker: Broker
) -> None:
    """A backlog stays with the broker, where another replica can take its share."""
    received: list[str] = []
    go_on = asyncio.Event()

    async def receive(event: Envelope) -> None:
        received.append(event.id)
        await go_on.wait()

    async with started(servers.amqp_url, broker, ("sample.#",), receive) as bus:
        await asyncio.gather(*(bus.publish(envelope("t1", n)) for n in range(1, 101)))
        await until(lambda: len(received) >= PREFETCH)
        await asyncio.sleep(0.5)
        assert len(received) == PREFETCH
        go_on.set()
        await until(lambda: len(received) == 100)


async def test_hundred_at_once_are_all_confirmed(servers: ServerUrls, broker: Broker) -> None:
    queue = await broker.listen("sample.#")
    async with started(servers.amqp_url, broker) as bus:
        await asyncio.gather(*(bus.publish(envelope("t1", n)) for n in range(1, 101)))
        assert bus.published == 100
    bodies = [json.loads(body)["sequence"] for body in await broker.taken(queue)]
    assert len(set(bodies)) == 100


GOOD = envelope("t1", 1).model_dump(mode="json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"{}",
        json.dumps({**GOOD, "specversion": "0.3"}).encode(),
        json.dumps({**GOOD, "sequence": "0000000002"}).encode(),
        json.dumps({**GOOD, "id": "sample.thing.t1:0", "sequence": "0" * 10}).encode(),
        json.dumps({**GOOD, "subject": "t2"}).encode(),
        json.dumps({**GOOD, "type": "com.example.made"}).encode(),
        json.dumps({**GOOD, "time": "2026-03-02T10:00:00"}).encode(),
    ],
)
async def test_message_that_is_no_event_of_ours_goes_to_the_dead_queue(
    servers: ServerUrls, broker: Broker, body: bytes
) -> None:
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    async with started(servers.amqp_url, broker, ("sample.#",), receive) as bus:
        dead = await broker.queue(broker.names[-1])
        await broker.send(body, TOPIC)
        await bus.publish(envelope("t1", 1))
        await until(lambda: received == ["sample.thing.t1:1"])
        assert await broker.comes(dead) == [body]


async def test_event_waits_in_the_inbox_of_a_service_that_has_yet_to_start(
    servers: ServerUrls, broker: Broker
) -> None:
    speaker, reader = fresh("bus"), fresh("bus")
    broker.names += [f"{reader}.inbox", f"{reader}.inbox.dead"]
    inboxes = {reader: ("sample.#",)}
    bus = Bus(servers.amqp_url, speaker, inboxes, CollectorRegistry())
    await bus.start(ignore)
    await bus.publish(envelope("t1", 1))
    await bus.stop()
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    late = Bus(servers.amqp_url, reader, inboxes, CollectorRegistry())
    await late.start(receive)
    await until(lambda: received == ["sample.thing.t1:1"])
    await late.stop()


async def test_event_is_not_sent_before_every_inbox_is_bound(
    servers: ServerUrls, broker: Broker
) -> None:
    """Else the broker confirms it, and a reader whose inbox is bound later never gets it."""
    readers = [fresh("bus") for _ in range(5)]
    await broker.remove(*readers)
    inboxes = dict.fromkeys(readers, ("sample.#",))
    bus = Bus(servers.amqp_url, fresh("bus"), inboxes, CollectorRegistry())
    starting = asyncio.create_task(bus.start(ignore))
    tries = 1
    while not await published(bus, envelope("t1", 1)):
        tries += 1
        await asyncio.sleep(0.001)
    await starting
    await bus.stop()
    assert tries > 1
    for reader in readers:
        assert len(await broker.taken(await broker.queue(f"{reader}.inbox"))) == 1


async def test_start_that_failed_may_be_tried_again_and_subscribes_once(
    servers: ServerUrls, broker: Broker
) -> None:
    received: list[str] = []

    async def receive(event: Envelope) -> None:
        received.append(event.id)

    service = fresh("bus")
    broker.names += [f"{service}.inbox", f"{service}.inbox.dead"]
    wrong = await broker.channel.declare_queue(f"{service}.inbox", durable=True)
    bus = Bus(servers.amqp_url, service, {service: ("sample.#",)}, CollectorRegistry())
    for _ in range(2):
        with pytest.raises(Exception, match="PRECONDITION"):
            await bus.start(receive)
        assert not await bus.ready()
    await wrong.delete()
    await bus.start(receive)
    await bus.publish(envelope("t1", 1))
    await until(lambda: len(received) >= 1)
    queue = await broker.queue(f"{service}.inbox")
    assert queue.declaration_result.consumer_count == 1
    await bus.stop()


def test_full_inbox_refuses_rather_than_loses() -> None:
    arguments = inbox("echo", ["sample.#"]).arguments
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-overflow"] == "reject-publish"
    assert arguments["x-dead-letter-strategy"] == "at-least-once"
    assert arguments["x-delivery-limit"] >= 20


def test_heartbeat_is_set_unless_the_url_names_one() -> None:
    assert with_heartbeat("amqp://a:b@h/%2Fv").endswith("/%2Fv?heartbeat=10")
    assert with_heartbeat("amqp://h/v?heartbeat=3") == "amqp://h/v?heartbeat=3"
