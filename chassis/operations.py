"""What an operator asks of any service: how it stands, what is set aside, and to mend that.

Invariant: nothing here shows what an event or a document holds, but for ids, types, positions and
times; and every change is an intervention, stored with actor and reason before it is begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from chassis import overview, repairs
from chassis.http import Creation, allow
from chassis.interventions import Intervention, Why
from chassis.letters import Letter
from chassis.overview import Position, ReadsOf, ServiceStanding, SetAside
from chassis.paging import Cursor, Limit, Page, page
from chassis.repairs import Outcome, Place, Resent
from chassis.store import Collection
from contracts.errors import NotFound
from contracts.roles import Role
from contracts.values import Actor, Identifier

if TYPE_CHECKING:
    from typing import Any

    from chassis.document import Document
    from chassis.service import Service

Operator = Annotated[Actor, allow(Role.OPERATOR)]
EventId = Annotated[str, Query(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*:[0-9]{1,10}$", max_length=200)]
After = Annotated[str, Query(max_length=200, description="last id of the page before")]


class LetterView(BaseModel):
    """A dead letter without what it holds."""

    id: str
    received_at: str
    routing_key: str
    message_id: str | None
    correlation_id: str | None
    size: int
    whole: bool = Field(description="whether all of it was kept; else it cannot be replayed")
    fields: list[str] = Field(description="parts that did not fit; none: no room to set it aside")
    says: dict[str, str] = Field(description="what it says of itself, as far as that is plain")
    replayed_at: str | None
    discarded_at: str | None


class InterventionView(BaseModel):
    """What an operator did, and why."""

    id: str
    at: str
    by: Actor
    action: str
    about: str
    reason: str
    outcome: dict[str, object] | None
    refused: str | None


def _letter(document: Document[Letter]) -> LetterView:
    letter = document.state
    return LetterView(
        **letter.model_dump(mode="json", exclude={"body"}),
        whole=letter.whole,
        says=letter.attributes(),
    )


def _intervention(document: Document[Intervention]) -> InterventionView:
    return InterventionView.model_validate(document.state.model_dump(mode="json"))


def router(service: Service) -> APIRouter:
    """The operator's routes of a service."""
    routes = APIRouter(prefix="/operations", tags=["operations"])
    for part in (_looking, _mending, _letters, _documents):  # the widest paths last
        routes.include_router(part(service))
    return routes


def _looking(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/standing", summary="How the service stands")
    async def get_standing(by: Operator) -> ServiceStanding:
        """Health, what waits and since when, and how much lies in its queues."""
        return await overview.standing_of(service)

    @routes.get("/interventions", summary="What operators did, by time")
    async def get_interventions(
        by: Operator, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[InterventionView]:
        """Every retry, skip, replay and re-emission, with who, when, why and what came of it."""
        return await page(service.interventions, {}, "at", cursor, limit, _intervention)

    @routes.get("/streams", summary="Which streams it speaks on and reads")
    async def get_streams(by: Operator) -> ReadsOf:
        """By collection; what reconciliation compares."""
        return overview.reads_of(service)

    @routes.get("/positions/{collection}", summary="Positions of all documents, by id")
    async def get_positions_of(
        collection: Identifier,
        by: Operator,
        after: After = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    ) -> list[Position]:
        """Compare what one service issued with what others have read."""
        return await overview.positions(_known(service, collection), after, limit)

    return routes


def _mending(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/parked", summary="Documents with events set aside")
    async def get_parked(by: Operator, after: After = "", limit: Limit = 50) -> Page[SetAside]:
        """Every event set aside, early or failed; a page is so many documents."""
        return await overview.parked(service, after, limit)

    @routes.post("/parked/{collection}/{document_id}/retry", summary="Handle a failed event again")
    async def post_retry(
        collection: Identifier,
        document_id: Identifier,
        event: EventId,
        body: Why,
        by: Operator,
        request: Creation,
    ) -> Outcome:
        """All that waited behind it follows; if it fails again, it stays and says why."""
        place = Place(_known(service, collection), document_id, event)
        return await repairs.mend(service, repairs.RETRY, place, request, by, body.reason)

    @routes.post("/parked/{collection}/{document_id}/skip", summary="Pass over an event")
    async def post_skip(
        collection: Identifier,
        document_id: Identifier,
        event: EventId,
        body: Why,
        by: Operator,
        request: Creation,
    ) -> Outcome:
        """The next event of a stream, failed or never arrived, will not take effect here."""
        place = Place(_known(service, collection), document_id, event)
        return await repairs.mend(service, repairs.SKIP, place, request, by, body.reason)

    @routes.post("/reemissions", summary="Send again what documents remember to have said")
    async def post_reemission(
        body: Why,
        by: Operator,
        request: Creation,
        collection: Annotated[Identifier, Query()],
        document: Annotated[Identifier | None, Query(description="only this one")] = None,
        after: After = "",
        to: Annotated[Identifier | None, Query(description="only to this service")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> Resent:
        """A page of documents by id: the last events of each. Who has read them drops them."""
        extent = repairs.Extent(after, document, to, limit)
        known = _known(service, collection)
        return await repairs.resend(service, known, extent, request, by, body.reason)

    return routes


def _letters(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/dead")

    @routes.get("", summary="Messages that could not be decoded")
    async def get_letters(
        by: Operator,
        settled: Annotated[bool, Query(description="those replayed or discarded")] = False,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[LetterView]:
        """The earliest first; what they hold is not shown."""
        waits = {"waits": int(not settled)}
        return await page(service.letters, waits, "received", cursor, limit, _letter)

    @routes.get("/{letter_id}", summary="One message that could not be decoded")
    async def get_letter(letter_id: Identifier, by: Operator) -> LetterView:
        """Where it came from and what was wrong with it; not what it holds."""
        return _letter(await repairs.get_letter(service, letter_id))

    @routes.post("/{letter_id}/replay", summary="Deliver it again")
    async def post_replay(
        letter_id: Identifier, body: Why, by: Operator, request: Creation
    ) -> Outcome:
        """If today's code can read it, it is an ordinary delivery; twice, it takes effect once."""
        return await repairs.replay(service, letter_id, request, by, body.reason)

    @routes.post("/{letter_id}/discard", summary="Let it wait no longer")
    async def post_discard(
        letter_id: Identifier, body: Why, by: Operator, request: Creation
    ) -> Outcome:
        """It is no event and never will be. It is kept, and can be replayed all the same."""
        return await repairs.discard(service, letter_id, request, by, body.reason)

    return routes


def _documents(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/{collection}/{document_id}", summary="Positions of one document")
    async def get_positions(
        collection: Annotated[str, Path()], document_id: str, by: Operator
    ) -> overview.Positions:
        """Compare what one service issued with what another has read."""
        return await overview.positions_of(_known(service, collection), document_id)

    return routes


def _known(service: Service, name: str) -> Collection[Any]:
    collection = service.collections.get(name)
    if collection is None:
        raise NotFound("collection")
    return collection
