"""`.v2` beside `.v1`: how both are said, and that a fact takes effect once, whoever reads it (P12).

Three generations of a writer say the same fact: in the first version, in both, in the second alone.
Two generations of a reader, replicas of one service on one document, know the first version only,
or both. Both versions are said in one step, so at one time; the reader that knows both sees by what
the document keeps that the fact has been taken, and adds only what the first version did not say.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import AwareDatetime, BaseModel

from chassis.calendar import DistrictCalendar
from chassis.document import Document, Handler, Origin, Reading, issue, receive
from chassis.store import Collection
from chassis.stored import Spec
from chassis.tracing import Trace
from contracts.context import Context
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.values import SYSTEM, Line
from tests.service.chassis.sample import ThingEchoed

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CALENDAR = DistrictCalendar(ZoneInfo("Asia/Novokuznetsk"))
TRACE = Trace("r1", "cause1", None)


class ThingWeighed(Event, stream="sample.thing", ru="Вещь взвешена", en="Thing weighed"):
    """The first version: kilograms."""

    kilograms: int


class ThingWeighedV2(
    Event, stream="sample.thing", version=2, ru="Вещь взвешена", en="Thing weighed"
):
    """The second version, another unit and who weighed: said beside the first until nobody reads
    that."""

    grams: int
    weigher: Line


class Weighed(BaseModel):
    """What the older reader keeps."""

    times: int = 0
    grams: int = 0
    last_at: AwareDatetime | None = None


class WeighedBy(Weighed):
    """What the newer one keeps: a field more."""

    weighers: list[str] = []


def on_weighed(state: Weighed, event: ThingWeighed, at: Context) -> Sequence[Event]:
    state.times += 1
    state.grams += event.kilograms * 1000
    state.last_at = at.now
    return [ThingEchoed(by=at.by, heard=state.times)]


def on_weighed_v2(state: WeighedBy, event: ThingWeighedV2, at: Context) -> Sequence[Event]:
    state.weighers.append(event.weigher)
    if state.last_at == at.now:  # the first version has said it a moment before
        return []
    state.times += 1
    state.grams += event.grams
    state.last_at = at.now
    return [ThingEchoed(by=at.by, heard=state.times)]


def said(generation: str, kilograms: int) -> list[Event]:
    """One fact as a generation of the writer says it, the older version first."""
    first = ThingWeighed(by=SYSTEM, kilograms=kilograms)
    second = ThingWeighedV2(by=SYSTEM, grams=kilograms * 1000, weigher="Весовщик")
    ways: dict[str, list[Event]] = {
        "first": [first],
        "both": [first, second],
        "second": [second],
    }
    return ways[generation]


def stream(*generations: str) -> list[Envelope]:
    """The stream of a thing that was weighed, fact by fact, by these generations of its service."""
    thing: Document[Any] = Document(id="t1", state=SYSTEM)
    for number, generation in enumerate(generations):
        at = Context(now=NOON + timedelta(minutes=number), by=SYSTEM, calendar=CALENDAR)
        issue(thing, said(generation, number + 1), at, Origin("sample.thing", "s", "d"), TRACE)
    return thing.outbox


class Replica:
    """A replica of the reader: its own idea of the state, and what it does on which event."""

    def __init__(self, state: type[Weighed], handlers: dict[type[Event], Handler]) -> None:
        spec = Spec(name="weighed", state=state)
        self.collection = Collection[Any]({"weighed": None}, spec, clock_ms=lambda: 0)  # type: ignore[arg-type]
        self.reading = Reading(handlers, Origin("echo.thing", "echo", "d"), self._context)

    @staticmethod
    def _context(envelope: Envelope) -> Context:
        return Context(now=envelope.time, by=SYSTEM, calendar=CALENDAR)

    def take(self, stored: dict[str, Any] | None, envelope: Envelope) -> dict[str, Any]:
        """Load the document, read one event, store it: what lies in the database then."""
        collection = self.collection
        document: Document[Any] = Document(id="t1", state=collection.spec.state())
        if stored is not None:
            document = collection._from_stored(stored)
        receipt = receive(document, envelope, self.reading, 0)
        assert receipt.failed is None
        return collection._to_stored(document, "m")


OLDER = Replica(Weighed, {ThingWeighed: on_weighed})
NEWER = Replica(WeighedBy, {ThingWeighed: on_weighed, ThingWeighedV2: on_weighed_v2})


def read(envelopes: Sequence[Envelope], replicas: Sequence[Replica]) -> dict[str, Any]:
    stored = None
    for envelope, replica in zip(envelopes, replicas, strict=True):
        stored = replica.take(stored, envelope)
    assert stored is not None
    return stored


@pytest.mark.parametrize(
    "generations",
    [
        ("first", "first", "first"),
        ("first", "both", "both"),
        ("both", "first", "both"),  # the writer is being replaced too
        ("both", "both", "both"),
    ],
    ids="-".join,
)
def test_fact_said_in_both_versions_takes_effect_once_whichever_replica_reads_which(
    generations: tuple[str, ...],
) -> None:
    envelopes = stream(*generations)
    ways = list(itertools.product((OLDER, NEWER), repeat=len(envelopes)))
    for replicas in ways:
        stored = read(envelopes, replicas)
        assert (stored["state"]["times"], stored["state"]["grams"]) == (3, 6000)
        assert [entry["sequence"] for entry in stored["outbox"]] == [
            f"{number:010d}" for number in (1, 2, 3)
        ]
        assert [entry["data"]["heard"] for entry in stored["outbox"]] == [1, 2, 3]
        assert stored["streams"] == {"sample.thing.t1": len(envelopes)}
        assert stored["parked"] == []
        # what a newer replica has taken of the second version stays, whoever writes after it
        taken = sum(
            replica is NEWER and envelope.type == ThingWeighedV2.type
            for replica, envelope in zip(replicas, envelopes, strict=True)
        )
        assert len(stored["state"].get("weighers", [])) == taken
    assert len(ways) == 2 ** len(envelopes)


@pytest.mark.parametrize("generations", list(itertools.product(("both", "second"), repeat=3)))
def test_first_version_is_left_out_once_nobody_reads_it(generations: tuple[str, ...]) -> None:
    envelopes = stream(*generations)
    stored = read(envelopes, [NEWER] * len(envelopes))
    assert (stored["state"]["times"], stored["state"]["grams"]) == (3, 6000)
    assert len(stored["state"]["weighers"]) == len(stored["outbox"]) == 3


def test_first_version_left_out_too_early_is_missed_by_who_reads_only_that() -> None:
    envelopes = stream("both", "second")
    stored = read(envelopes, [OLDER] * len(envelopes))
    assert stored["state"]["times"] == 1
    assert stored["parked"] == []  # passed over: nothing of it is read again later
