"""Services with one protection taken away, to see the simulation find it.

Each is made of a real service whose one part is replaced by a subclass, or of a backing that does
not keep its promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import FastAPI

from chassis.backing import Backing
from chassis.commands import Commands, Request
from chassis.consumer import Consumer
from chassis.document import Answered, Document, Reading
from chassis.publisher import NotPublished
from chassis.store import Collection
from chassis.sweeper import Sweeper, Watch
from contracts.envelope import Envelope
from contracts.values import SYSTEM
from tests.simulation import database
from tests.simulation.broker import Channel, Message
from tests.simulation.bus import Bus
from tests.simulation.makers import MAKERS
from tests.simulation.scenario import Scenario
from tests.simulation.trouble import Fault
from tests.simulation.world import Maker

Change = Callable[[Any], None]
Weaken = Callable[[Backing], Backing]


def with_part(change: Change) -> Mapping[str, Maker]:
    """Every service with a part of it replaced."""

    def broken(maker: Maker) -> Maker:
        def make(*arguments: Any, **named: Any) -> FastAPI:
            app = maker(*arguments, **named)
            change(app.state.service)
            return app

        return make

    return {name: broken(maker) for name, maker in MAKERS.items()}


def with_backing(weaken: Weaken) -> Mapping[str, Maker]:
    """Every service on a backing that is weaker than it must be."""

    def broken(maker: Maker) -> Maker:
        def make(*arguments: Any, backing: Backing, **named: Any) -> FastAPI:
            return maker(*arguments, backing=weaken(backing), **named)

        return make

    return {name: broken(maker) for name, maker in MAKERS.items()}


class Credulous(Consumer):
    """Takes every event for the next of its stream: the second delivery, or one too early."""

    again = False
    early = False

    async def _deliver(
        self, collection: Collection[Any], reading: Reading, document_id: str, envelope: Envelope
    ) -> None:
        await super()._deliver(
            _Misread(collection, envelope, again=self.again, early=self.early),  # type: ignore[arg-type]
            reading,
            document_id,
            envelope,
        )


class Repeating(Credulous):
    """Does not know that it has read an event."""

    again = True


class Impatient(Credulous):
    """Does not wait for what is missing."""

    early = True


class _Misread:
    """A collection whose documents seem to stand just before an event."""

    def __init__(
        self, collection: Collection[Any], envelope: Envelope, *, again: bool, early: bool
    ) -> None:
        self._collection, self._envelope = collection, envelope
        self._again, self._early = again, early

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def load(self, document_id: str) -> Document[Any] | None:
        return self._seen(await self._collection.load(document_id))

    def blank(self, document_id: str) -> Document[Any] | None:
        return self._seen(self._collection.blank(document_id))

    def _seen(self, document: Document[Any] | None) -> Document[Any] | None:
        if document is not None:
            stream, number = self._envelope.stream, self._envelope.number
            last = document.streams.get(stream, 0)
            if (self._again and number <= last) or (self._early and number > last + 1):
                document.streams[stream] = number - 1
        return document


def consumer(kind: type[Consumer]) -> Change:
    """Another consumer."""

    def change(service: Any) -> None:
        made = kind([], lambda reader: None, service.now, service.record)  # type: ignore[arg-type,return-value]
        made._by_kind = service.consumer._by_kind
        service.consumer = made

    return change


class Blind(Sweeper):
    """Does not look for what others left to say."""

    async def _relay_left_over(self, watch: Watch, everything: bool) -> None:
        return None


def blind(service: Any) -> None:
    """A sweeper that leaves outboxes of the dead alone."""
    service.sweeper = Blind(
        service.watches, service.relay, service.commands, service.now, lambda _: service.at(SYSTEM)
    )


class Forgetful(Commands):
    """Does not know which requests it has carried out."""

    async def execute(
        self,
        collection: Any,
        document_id: str,
        stream_kind: Any,
        request: Any,
        *rest: Any,
        **more: Any,
    ) -> Answered:
        return await super().execute(
            _Forgotten(collection, request),
            document_id,
            stream_kind,
            request,
            *rest,
            **more,  # type: ignore[arg-type]
        )


class _Forgotten:
    """A collection whose documents do not remember one request."""

    def __init__(self, collection: Collection[Any], request: Request | None) -> None:
        self._collection, self._request = collection, request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def get(self, document_id: str) -> Document[Any] | None:
        document = await self._collection.get(document_id)
        if document is not None and self._request is not None:
            document.commands = [
                entry for entry in document.commands if entry.key != self._request.key
            ]
        return document


def forgetful(service: Any) -> None:
    """Commands without idempotency keys."""
    service.commands = Forgetful(service.name, service.settings.district)


class Hasty(Bus):
    """Acknowledges a message before it was handled."""

    async def _handle(self, channel: Channel, tag: int, message: Message) -> None:
        self._broker.settle(self._service, channel, tag)
        await super()._handle(channel, tag, message)


class Trusting(Bus):
    """Takes every event for published, confirmed or not."""

    async def publish(self, envelope: Envelope) -> None:
        try:
            await super().publish(envelope)
        except NotPublished:
            self.published += 1


def bus(kind: type[Bus]) -> Weaken:
    """Another connection to the broker."""

    def weaken(backing: Backing) -> Backing:
        def make(*arguments: Any, **named: Any) -> Bus:
            made: Bus = backing.bus(*arguments, **named)
            made.__class__ = kind
            return made

        return replace(backing, bus=make)

    return weaken


class Overwriting(database.Collection):
    """Replaces whatever revision is there."""

    async def replace_one(
        self, key: Mapping[str, Any], document: Mapping[str, Any]
    ) -> database.Replaced:
        return await super().replace_one({"_id": key["_id"]}, document)


class _OverwritingDatabase(database.Database):
    def __getitem__(self, name: str) -> database.Collection:
        return Overwriting(name, self._tables, self._line)


def overwriting(backing: Backing) -> Backing:
    """A store without compare-and-set."""

    def connect(url: str, name: str) -> tuple[Any, Any]:
        client, known = backing.connect(url, name)
        return client, _OverwritingDatabase(known._tables, known._line)

    return replace(backing, connect=connect)


ONE_OF = ("again",)
"""A case that nobody waits for, so that a lost event keeps nobody waiting either."""

BROKEN: Mapping[str, tuple[Mapping[str, Maker], Scenario, str]] = {
    "duplicates are applied": (
        with_part(consumer(Repeating)),
        Scenario(1, ONE_OF, (Fault("again", "registry", "deliver", 2),)),
        "something took effect twice",
    ),
    "nothing is parked": (
        with_part(consumer(Impatient)),
        Scenario(1, ONE_OF, (Fault("late", "registry", "deliver", 3),)),
        "something was left out",
    ),
    "acknowledged before it is saved": (
        with_backing(bus(Hasty)),
        Scenario(1, ONE_OF, (Fault("crash", "registry", "before-save", 1),)),
        "has not read",
    ),
    "unconfirmed counts as sent": (
        with_backing(bus(Trusting)),
        Scenario(1, ONE_OF, (Fault("refuse", "intake", "publish", 1),)),
        "the broker never had it",
    ),
    "nobody relays what the dead left": (
        with_part(blind),
        Scenario(1, ONE_OF, (Fault("crash", "assessment", "before-publish", 1),)),
        "has something to say",
    ),
    "saves overwrite each other": (
        with_backing(overwriting),
        Scenario(1, ("again",) * 4, replicas=2),
        "was written over",
    ),
    "idempotency keys are forgotten": (
        with_part(forgetful),
        Scenario(1, ONE_OF, (Fault("lose-answer", "intake", "request", 6),)),
        "key took effect twice",
    ),
}
"""What is broken, what to let happen, and words of the finding that must come of it."""
