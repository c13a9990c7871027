"""The relay sends each document's events in order and never takes an unconfirmed one for sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from chassis import logs
from chassis.document import Document
from chassis.publisher import NotPublished, Refused
from chassis.relay import Relay
from contracts.envelope import Envelope


class Nothing(BaseModel):
    """A state without content."""


HANGING_SECONDS = 60.0


class FakeBroker:
    """Takes events, or refuses those of some documents, or never answers."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.attempts: list[str] = []
        self.times: list[float] = []
        self.refused: set[str] = set()
        self.hanging: set[str] = set()
        self.failing_with: Exception | None = None
        self.full: set[str] = set()

    async def publish(self, envelope: Envelope) -> None:
        self.attempts.append(envelope.id)
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        if self.failing_with is not None:
            raise self.failing_with
        if envelope.subject in self.hanging:
            await asyncio.sleep(HANGING_SECONDS)
        if envelope.subject in self.full:
            raise Refused("DeliveryError")
        if envelope.subject in self.refused:
            raise NotPublished("PublishError")
        self.taken.append(envelope.id)


def envelope(subject: str, number: int) -> Envelope:
    return Envelope(
        id=f"sample.thing.{subject}:{number}",
        source="/d/sample",
        type="ru.opora.sample.thing-made.v1",
        subject=subject,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        dataschema="urn:x",
        stream=f"sample.thing.{subject}",
        sequence=f"{number:010d}",
        correlationid="r1",
        district="d",
        data={},
    )


def document(subject: str, *numbers: int) -> Document[Nothing]:
    """A document as it lies in the store: with these events in its outbox."""
    outbox = [envelope(subject, number) for number in numbers]
    return Document(id=subject, state=Nothing(), rev=1, seq=max(numbers), outbox=outbox)


def ids(subject: str, *numbers: int) -> list[str]:
    return [f"sample.thing.{subject}:{number}" for number in numbers]


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def relay(broker: FakeBroker) -> AsyncIterator[Relay]:
    made = Relay(broker.publish, pauses=(0.0, 0.0, 0.001))
    yield made
    await made.stop(0)


async def test_events_of_a_document_leave_in_order_each_once(
    relay: Relay, broker: FakeBroker
) -> None:
    relay.submit("things", document("a", 1, 2))
    relay.submit("things", document("a", 1, 2, 3))
    relay.submit("things", document("a", 1, 2, 3))
    await relay.drain()
    relay.submit("things", document("a", 3, 4))
    await relay.drain()
    assert broker.taken == ids("a", 1, 2, 3, 4)


async def test_refused_event_is_tried_three_times_and_holds_its_successors(
    relay: Relay, broker: FakeBroker
) -> None:
    broker.refused = {"a"}
    relay.submit("things", document("a", 1, 2))
    await relay.drain()
    assert broker.attempts == ids("a", 1, 1, 1)
    assert not relay.settled("things", document("a", 1, 2))


async def test_refused_document_delays_no_other(relay: Relay, broker: FakeBroker) -> None:
    broker.refused, broker.hanging = {"a"}, {"b"}
    relay.submit("things", document("a", 1))
    relay.submit("things", document("b", 1))
    for number in range(100):
        relay.submit("things", document(f"c{number}", 1))
    async with asyncio.timeout(HANGING_SECONDS / 2):
        while len(broker.taken) < 100:
            await asyncio.sleep(0.001)
    assert relay.backlog == 2


async def test_unconfirmed_event_is_sent_again_from_where_it_stopped(
    relay: Relay, broker: FakeBroker
) -> None:
    relay.submit("things", document("a", 1))
    await relay.drain()
    broker.refused = {"a"}
    relay.submit("things", document("a", 1, 2, 3))
    await relay.drain()
    broker.refused = set()
    relay.submit("things", document("a", 1, 2, 3, 4))
    await relay.drain()
    assert broker.taken == ids("a", 1, 2, 3, 4)


async def test_event_that_the_broker_refuses_is_held_back_longer_each_time_and_then_sent(
    broker: FakeBroker,
) -> None:
    """Where one inbox is full, every try reaches the readers of all the others once more."""
    relay = Relay(broker.publish, pauses=(0.0, 0.0), first_hold=0.04)
    broker.full = {"a"}
    while len(broker.attempts) < 5:
        relay.submit("things", document("a", 1))
        await relay.drain()
        await asyncio.sleep(0.001)
    assert broker.attempts == ids("a", 1, 1, 1, 1, 1)  # twice at once, then once each time
    tried = broker.times[1:]
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert all(pause >= least for pause, least in zip(pauses, (0.02, 0.04, 0.08), strict=True))
    relay.submit("things", document("b", 1))
    broker.full = set()
    while len(broker.taken) < 2:
        relay.submit("things", document("a", 1))
        await asyncio.sleep(0.001)
    assert broker.taken == ids("b", 1) + ids("a", 1)
    broker.full = {"a"}
    relay.submit("things", document("a", 1, 2))
    await relay.drain()
    assert broker.attempts[-2:] == ids("a", 2, 2)  # what was sent had made it whole again


async def test_unexpected_failure_of_publishing_is_no_confirmation(
    relay: Relay, broker: FakeBroker
) -> None:
    broker.failing_with = ZeroDivisionError("defect")
    logs.configure("test", "INFO")  # a service of another test may have asked for less
    with capture_logs() as logged:
        relay.submit("things", document("a", 1))
        await relay.drain()
    assert [(line["event"], line["reason"]) for line in logged] == [
        ("event-held-up", "ZeroDivisionError")
    ]
    assert not relay.settled("things", document("a", 1))
    broker.failing_with = None
    relay.submit("things", document("a", 1))
    await relay.drain()
    assert broker.taken == ids("a", 1)


async def test_next_save_drops_what_was_confirmed_and_nothing_else(
    relay: Relay, broker: FakeBroker
) -> None:
    relay.submit("things", document("a", 1, 2))
    await relay.drain()
    broker.refused = {"a"}
    relay.submit("things", document("a", 1, 2, 3))
    await relay.drain()
    about_to_be_saved = document("a", 1, 2, 3, 4)
    relay.trim("things", about_to_be_saved)
    assert [entry.number for entry in about_to_be_saved.outbox] == [3, 4]


async def test_outbox_of_another_process_is_not_dropped(relay: Relay) -> None:
    foreign = document("a", 1, 2)
    relay.trim("things", foreign)
    assert [entry.number for entry in foreign.outbox] == [1, 2]
    assert not relay.settled("things", foreign)


async def test_confirmed_document_falls_quiet_and_is_forgotten_once_cleared(
    relay: Relay, broker: FakeBroker
) -> None:
    relay.submit("things", document("a", 1))
    await relay.drain()
    assert relay.gone_quiet(0) == [("things", "a")]
    assert relay.gone_quiet(60) == []
    relay.forget("things", "a")
    assert relay.gone_quiet(0) == []


async def test_nothing_is_remembered_of_what_another_process_has_cleared(
    relay: Relay, broker: FakeBroker
) -> None:
    """Else memory grows with every document that two replicas have to do with."""
    relay.submit("things", document("a", 1))
    broker.refused, broker.full = {"b"}, {"c"}
    relay.submit("things", document("b", 1))
    relay.submit("things", document("c", 1))
    await relay.drain()
    relay.leave("things", "a")  # the sweeper found it added to
    relay.lapse(60)
    relay.submit("things", document("a", 1))  # in time: what was confirmed is not sent again
    relay.submit("things", document("c", 1))
    await relay.drain()
    assert len(broker.attempts) == 1 + 3 + 3  # what is held back stays so
    relay.leave("things", "a")
    relay.lapse(-60)  # nobody has brought the others again
    assert (relay._confirmed, relay._held, relay.quiet) == ({}, {}, {})


async def test_what_is_being_sent_is_not_forgotten(relay: Relay, broker: FakeBroker) -> None:
    relay.submit("things", document("a", 1))
    await relay.drain()
    broker.hanging = {"a"}
    relay.submit("things", document("a", 1, 2))
    await asyncio.sleep(0)
    relay.leave("things", "a")
    relay.submit("things", document("a", 1, 2))
    seen = document("a", 1, 2)
    relay.trim("things", seen)
    assert [entry.number for entry in seen.outbox] == [2]


async def test_looking_again_at_a_confirmed_outbox_does_not_postpone_its_clearing(
    relay: Relay,
) -> None:
    relay.submit("things", document("a", 1))
    await relay.drain()
    since = dict(relay.quiet)
    await asyncio.sleep(0.01)
    relay.submit("things", document("a", 1))
    assert relay.quiet == since


async def test_two_collections_may_use_the_same_id(relay: Relay, broker: FakeBroker) -> None:
    relay.submit("things", document("a", 1, 2))
    await relay.drain()
    relay.submit("others", document("a", 1))
    await relay.drain()
    assert broker.taken == ids("a", 1, 2, 1)


async def test_stop_lets_finish_what_is_under_way(broker: FakeBroker) -> None:
    relay = Relay(broker.publish)
    relay.submit("things", document("a", 1, 2, 3))
    await relay.stop()
    assert broker.taken == ids("a", 1, 2, 3)


async def test_stop_gives_up_what_hangs(broker: FakeBroker) -> None:
    relay = Relay(broker.publish)
    broker.hanging = {"a"}
    relay.submit("things", document("a", 1))
    async with asyncio.timeout(HANGING_SECONDS / 2):
        await relay.stop(0.05)
    assert not relay.settled("things", document("a", 1))


async def test_two_relays_on_one_document_lose_nothing(broker: FakeBroker) -> None:
    """Each may send what the other has sent; neither drops what it has not seen confirmed."""
    pauses = (0.0, 0.0)
    first, second = Relay(broker.publish, pauses), Relay(broker.publish, pauses)
    first.submit("things", document("a", 1, 2))
    second.submit("things", document("a", 1, 2))
    await first.drain()
    await second.drain()
    broker.refused = {"a"}
    second.submit("things", document("a", 1, 2, 3))
    await second.drain()
    seen_by_first = document("a", 1, 2, 3)
    first.trim("things", seen_by_first)
    assert [entry.number for entry in seen_by_first.outbox] == [3]
    assert not first.settled("things", document("a", 1, 2, 3))
    assert set(broker.taken) == set(ids("a", 1, 2))
