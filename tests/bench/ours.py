"""Our contender: one real `Service` per stage, with one handler each and nothing left out.

Run as every service is: by uvicorn, from `create_app`. One route more than a service has tells it
to clear emptied outboxes now instead of two seconds later, so that a slice can be charged for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import APIRouter, Depends, FastAPI
from fastapi import Request as HttpRequest
from pydantic import BaseModel

from chassis.backing import Backing
from chassis.database import connect
from chassis.http import public
from chassis.service import Service
from chassis.settings import ServiceSettings, load
from chassis.stored import Spec
from contracts.context import Context
from contracts.event import Event
from tests.bench.cases import STAGES, Place
from tests.bench.ledger import Ledger


class Said(Event):
    """What every stage says."""

    turn: int
    note: str


class Referred(Said, stream="benchintake.case", ru="Направлен", en="Referred"):
    pass


class Assessed(Said, stream="benchassessment.case", ru="Оценён", en="Assessed"):
    pass


class Planned(Said, stream="benchcareplan.case", ru="Спланирован", en="Planned"):
    pass


class Registered(Said, stream="benchregistry.case", ru="Внесён", en="Registered"):
    pass


SAYS: dict[str, type[Said]] = dict(zip(STAGES, (Assessed, Planned, Registered), strict=True))
HEARS: dict[str, type[Said]] = dict(zip(STAGES, (Referred, Assessed, Planned), strict=True))
NAMES = {stage: f"bench{stage}" for stage in STAGES}
INBOXES = {NAMES[stage]: [HEARS[stage].routing_key()] for stage in STAGES}


class Progress(BaseModel):
    """State of a case in one stage."""

    heard: int = 0
    note: str = ""


CASES = Spec(name="cases", state=Progress)


def handler(says: type[Said]) -> Callable[[Progress, Said, Context], Sequence[Event]]:
    def on_said(case: Progress, event: Said, at: Context) -> Sequence[Event]:
        case.heard += 1
        case.note = event.note
        return [says(by=at.by, turn=event.turn, note=event.note)]

    return on_said


def create_app() -> FastAPI:
    """The service of the stage that the environment names."""
    place = Place.here()
    listening = Backing(connect=partial(connect, listeners=[Ledger(place.ledger)]))
    settings = load(ServiceSettings)
    service = Service(NAMES[place.stage], settings, INBOXES, backing=listening)
    cases = service.collection(CASES, SAYS[place.stage].stream)
    heard = HEARS[place.stage]
    service.read(cases, [heard.stream], {heard: handler(SAYS[place.stage])})
    router = APIRouter(dependencies=[Depends(public)])

    @router.post("/settle")
    async def settle(http: HttpRequest) -> int:
        """Publish and clear until no document is waiting for either; how many were cleared."""
        cleared = 0
        await service.relay.drain()
        while service.relay.quiet:
            cleared += await service.sweeper.clear(quiet_seconds=0)
        return cleared

    return service.app([router], {}, description="A stage of the benchmark.")
