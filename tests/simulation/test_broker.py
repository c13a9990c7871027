"""The simulated broker keeps the promises that the tests of the real bus hold that one to."""

from __future__ import annotations

from chassis.inbox import PREFETCH
from contracts.event import REGISTERED
from contracts.topology import READS
from tests.simulation.broker import Broker, Channel, Message


class Taker:
    """A consumer that keeps what it is handed."""

    def __init__(self) -> None:
        self.taken: dict[int, bytes] = {}

    def hand(self, channel: Channel, tag: int, message: Message) -> None:
        self.taken[tag] = message.body


def broker_with(*messages: bytes) -> Broker:
    broker = Broker()
    broker.declare({"careplan": ("assessment.#",)})
    for body in messages:
        broker.route("assessment.needs-assessed.v1", body)
    return broker


def test_every_event_goes_to_those_who_read_its_owner_and_to_nobody_else() -> None:
    broker = Broker()
    broker.declare(READS)
    for event in REGISTERED.values():
        owner = event.routing_key().split(".")[0]
        before = {reader: queue.waiting for reader, queue in broker.queues.items()}
        routed = broker.route(event.routing_key(), b"{}")
        got = {name for name, queue in broker.queues.items() if queue.waiting > before[name]}
        readers = {
            name for name, topics in READS.items() if f"{owner}.#" in topics or "#" in topics
        }
        assert got == readers
        assert routed == len(readers)


def test_what_a_lost_consumer_had_is_delivered_again_in_its_order() -> None:
    broker, lost, next_one = broker_with(b"1", b"2", b"3"), Taker(), Taker()
    channel = broker.consume("careplan", lost)
    assert broker.settle("careplan", channel, min(lost.taken))
    assert broker.disconnect("careplan", channel) == 2
    broker.consume("careplan", next_one)
    assert list(next_one.taken.values()) == [b"2", b"3"]


def test_acknowledgement_over_a_lost_connection_is_for_nothing() -> None:
    broker, taker = broker_with(b"1"), Taker()
    channel = broker.consume("careplan", taker)
    broker.disconnect("careplan", channel)
    assert not broker.settle("careplan", channel, min(taker.taken))
    assert broker.queues["careplan"].waiting == 1


def test_consumer_has_so_many_at_once_and_no_more() -> None:
    broker, taker = broker_with(*[b"x"] * (PREFETCH + 5)), Taker()
    channel = broker.consume("careplan", taker)
    assert len(taker.taken) == PREFETCH
    broker.settle("careplan", channel, min(taker.taken))
    assert len(taker.taken) == PREFETCH + 1


def test_two_consumers_share_the_work() -> None:
    broker, first, second = broker_with(), Taker(), Taker()
    broker.consume("careplan", first)
    broker.consume("careplan", second)
    for body in (b"1", b"2", b"3", b"4"):
        broker.route("assessment.act-signed.v1", body)
    assert (len(first.taken), len(second.taken)) == (2, 2)


def test_broker_that_is_away_hands_nothing_out() -> None:
    broker, taker = broker_with(b"1"), Taker()
    broker.away = True
    broker.consume("careplan", taker)
    assert taker.taken == {}
