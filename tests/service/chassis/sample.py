"""Two tiny made-up services that stand on the chassis: one makes things, the other echoes them.

The maker keeps things and says so on `sample.thing`; the echo counts what it reads and answers on
`echo.thing`, which the maker reads in turn.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Path, Response
from fastapi import Request as HttpRequest
from pydantic import BaseModel, Field, StrictInt

from chassis.clock import new_id
from chassis.consumer import Target
from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, Creation, allow, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.store import Collection
from chassis.stored import Spec
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.values import Actor, Line, Value

MAKER, GUEST = "maker", "guest"


class ThingMade(Event, stream="sample.thing", ru="Вещь сделана", en="Thing made"):
    name: Line
    size: int = 0


class ThingRenamed(Event, stream="sample.thing", ru="Вещь переименована", en="Thing renamed"):
    name: Line


class ThingMeasured(Event, stream="measure.thing", ru="Вещь измерена", en="Thing measured"):
    size: int


class ThingEchoed(Event, stream="echo.thing", ru="Вещь отозвалась", en="Thing echoed"):
    heard: int


class Thing(BaseModel):
    """State of a thing."""

    name: str = ""
    owner: str = ""
    size: int = 0
    code: str | None = None
    renamed: int = 0
    echoed: int = 0
    wake_at: int = 0


class Echo(BaseModel):
    """State of an echo."""

    heard: int = 0
    names: list[str] = Field(default_factory=list)


THINGS = Spec(
    name="things",
    state=Thing,
    index=lambda thing: {
        "owner": thing.owner,
        "size": thing.size,
        **({"code": thing.code} if thing.code else {}),
    },
    wake_at=lambda thing: thing.wake_at,
    indexed=(("owner", "size"), ("size", "id")),
    unique=("code",),
)
ECHOES = Spec(name="echoes", state=Echo)
NOTES = Spec(name="notes", state=Echo)


def on_echoed(thing: Thing, event: ThingEchoed, at: Context) -> Sequence[Event]:
    thing.echoed += 1
    return []


def on_made(echo: Echo, event: ThingMade, at: Context) -> Sequence[Event]:
    echo.heard += 1
    echo.names.append(event.name)
    return [ThingEchoed(by=at.by, heard=echo.heard)]


def on_renamed(echo: Echo, event: ThingRenamed, at: Context) -> Sequence[Event]:
    if event.name.startswith("defect"):
        raise ZeroDivisionError(event.name)
    if event.name == "poison":
        raise NotAllowedInState("thing-is-poison", "no such name")
    echo.heard += 1
    echo.names.append(event.name)
    return []


ECHO_HANDLERS: Mapping[type[Event], Any] = {ThingMade: on_made, ThingRenamed: on_renamed}


class NewThing(Body):
    name: Line
    size: Annotated[StrictInt, Field(ge=0, le=100)] = 0
    code: Line | None = None
    secret: Annotated[str | None, Field(pattern=r"^[0-9]{4}$")] = None


class NewName(Body):
    name: Line


class Plain(Body):
    kind: Literal["plain"]


class Tagged(Body):
    kind: Literal["tagged"]
    tag: UUID


class Shaped(Body):
    shape: Annotated[Plain | Tagged, Field(discriminator="kind")]


class ThingShown(Value):
    id: str
    name: str
    renamed: int
    echoed: int


def shown(document: Document[Thing]) -> ThingShown:
    state = document.state
    return ThingShown(id=document.id, name=state.name, renamed=state.renamed, echoed=state.echoed)


Maker = Annotated[Actor, allow(MAKER)]
Anyone = Annotated[Actor, allow(MAKER, GUEST)]
ThingId = Annotated[str, Path(pattern=r"^t[a-z0-9]+$")]

router = APIRouter(prefix="/things", tags=["things"])


def _things(http: HttpRequest) -> Collection[Thing]:
    things: Collection[Thing] = http.app.state.things
    return things


@router.post("", status_code=201, summary="Make a thing")
async def make(
    http: HttpRequest, response: Response, by: Maker, request: Creation, body: NewThing
) -> CommandReceipt:
    service: Service = http.app.state.service
    thing = Thing(name=body.name, owner=by.id, size=body.size, code=body.code)
    document = Document(id=f"t{request.key}", state=thing)
    answered = await service.commands.create(
        _things(http),
        document,
        "sample.thing",
        request,
        service.at(by),
        [ThingMade(by=by, name=body.name, size=body.size)],
    )
    return receipt(answered, response)


@router.post("/{thing_id}/rename", summary="Rename a thing")
async def rename(
    http: HttpRequest,
    response: Response,
    by: Maker,
    request: Change,
    thing_id: ThingId,
    body: NewName,
) -> CommandReceipt:
    service: Service = http.app.state.service

    def decide(thing: Thing) -> Sequence[Event]:
        if body.name == "defect":
            raise ZeroDivisionError(body.name)
        if body.name == thing.name:
            raise NotAllowedInState("name-unchanged", "it has that name", clause="S 1")
        if body.name == "wrong":
            raise InvalidInput("name-wrong", "not this one", field="body.name")
        thing.name = body.name
        thing.renamed += 1
        return [ThingRenamed(by=by, name=body.name)]

    answered = await service.commands.execute(
        _things(http),
        thing_id,
        "sample.thing",
        request,
        service.at(by),
        decide,
        visible=lambda thing: thing.owner == by.id,
        what="thing",
    )
    return receipt(answered, response)


@router.post("/shaped", summary="Check a shape")
async def check(by: Maker, body: Shaped) -> Shaped:
    return body


@router.get("/{thing_id}", summary="One thing")
async def show(http: HttpRequest, response: Response, by: Anyone, thing_id: ThingId) -> ThingShown:
    document = await _things(http).get(thing_id)
    if document is None or document.state.owner != by.id:
        raise NotFound("thing")
    response.headers["ETag"] = etag(document.version)
    return shown(document)


@router.get("", summary="All things, by size")
async def listed(
    http: HttpRequest, by: Anyone, limit: Limit = 20, cursor: Cursor = None
) -> Page[ThingShown]:
    return await page(_things(http), {"owner": by.id}, "size", cursor, limit, shown)


class Sample:
    """The maker: its service, its collections and its application."""

    def __init__(
        self,
        settings: ServiceSettings,
        name: str,
        reads: Sequence[str] = ("echo.#",),
        **wiring: Any,
    ) -> None:
        self.service = Service(name, settings, {name: reads} if reads else {}, **wiring)
        self.things = self.service.collection(THINGS, "sample.thing")
        self.notes = self.service.collection(NOTES)
        self.service.read(self.things, ["echo.thing"], {ThingEchoed: on_echoed})
        self.app: FastAPI = self.service.app(
            [router], {"things": self.things}, description="Makes things."
        )


class EchoService:
    """The echo: reads things, says that it heard them."""

    def __init__(
        self,
        settings: ServiceSettings,
        name: str,
        streams: Sequence[str] | Mapping[str, Target] = ("sample.thing",),
        handlers: Mapping[type[Event], Any] = ECHO_HANDLERS,
        **wiring: Any,
    ) -> None:
        self.service = Service(name, settings, {name: ["sample.#"]}, **wiring)
        self.echoes = self.service.collection(ECHOES, "echo.thing")
        self.service.read(self.echoes, streams, handlers)
        self.app: FastAPI = self.service.app([], {}, description="Echoes things.")


def fresh(prefix: str) -> str:
    """A name nobody else uses: tests share broker and database."""
    return new_id(prefix)[:14]
