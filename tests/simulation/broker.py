"""The broker: a topic exchange and a queue per reader, kept while processes come and go.

Each queue hands out at most `PREFETCH` messages to a consumer before it wants one acknowledged, and
takes back what a consumer had when its connection is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chassis.inbox import PREFETCH


@dataclass(slots=True)
class Message:
    """A message in one queue."""

    key: str
    body: bytes
    deliveries: int = 0


class Consumer(Protocol):
    """A connection that takes messages."""

    def hand(self, channel: Channel, tag: int, message: Message) -> None:
        """Begin to handle a message; it is answered by its tag."""


@dataclass(slots=True)
class Channel:
    """A consumer's messages that it has not acknowledged, by tag."""

    consumer: Consumer
    unacknowledged: dict[int, Message] = field(default_factory=dict)


@dataclass(slots=True)
class Queue:
    """A reader's inbox."""

    topics: tuple[str, ...]
    ready: deque[Message] = field(default_factory=deque)
    channels: list[Channel] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Messages that were not acknowledged yet, handed out or not."""
        return len(self.ready) + sum(len(channel.unacknowledged) for channel in self.channels)


class Broker:
    """All queues."""

    def __init__(self) -> None:
        self.queues: dict[str, Queue] = {}
        self.away = False
        self._tag = 0

    def declare(self, inboxes: Mapping[str, Sequence[str]]) -> None:
        """Every reader's inbox; what is there stays as it is."""
        for reader, topics in inboxes.items():
            self.queues.setdefault(reader, Queue(tuple(topics)))

    def route(self, key: str, body: bytes) -> int:
        """Put a message into every queue that is bound to its topic; how many these are."""
        bound = [queue for queue in self.queues.values() if _bound(queue.topics, key)]
        for queue in bound:
            queue.ready.append(Message(key, body))
            self.dispatch(queue)
        return len(bound)

    def put(self, reader: str, body: bytes) -> None:
        """Put a message into one reader's queue alone."""
        queue = self.queues[reader]
        queue.ready.append(Message(reader, body))
        self.dispatch(queue)

    def dispatch(self, queue: Queue) -> None:
        """Hand out what is ready to the consumers that have room, the least busy first."""
        while queue.ready and queue.channels and not self.away:
            channel = min(queue.channels, key=lambda one: len(one.unacknowledged))
            if len(channel.unacknowledged) >= PREFETCH:
                return
            message = queue.ready.popleft()
            message.deliveries += 1
            self._tag += 1
            channel.unacknowledged[self._tag] = message
            channel.consumer.hand(channel, self._tag, message)

    def consume(self, reader: str, consumer: Consumer) -> Channel:
        """A new consumer of an inbox."""
        channel = Channel(consumer)
        queue = self.queues[reader]
        queue.channels.append(channel)
        self.dispatch(queue)
        return channel

    def settle(self, reader: str, channel: Channel, tag: int, *, dead: bool = False) -> bool:
        """Acknowledge a message, or reject it to the dead queue; False if it was taken back."""
        message = channel.unacknowledged.pop(tag, None)
        if message is None:
            return False
        queue = self.queues[reader]
        if dead:
            queue.dead.append(message)
        self.dispatch(queue)
        return True

    def repeat(self, reader: str, message: Message) -> None:
        """Put a message into its queue once more."""
        queue = self.queues[reader]
        queue.ready.append(Message(message.key, message.body))
        self.dispatch(queue)

    def disconnect(self, reader: str, channel: Channel) -> int:
        """A consumer is gone: what it had is ready again, in its order. How many these were."""
        queue = self.queues[reader]
        if channel not in queue.channels:
            return 0
        queue.channels.remove(channel)
        taken_back = list(channel.unacknowledged.values())
        channel.unacknowledged.clear()
        queue.ready.extendleft(reversed(taken_back))
        self.dispatch(queue)
        return len(taken_back)


def _bound(topics: Sequence[str], key: str) -> bool:
    return any(
        topic == "#" or (topic.endswith(".#") and key.startswith(topic[:-1])) or topic == key
        for topic in topics
    )
