"""What an operator asks of any service: how far a document has spoken, and how far it has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis.http import allow
from contracts.errors import NotFound
from contracts.roles import Role
from contracts.values import Actor

if TYPE_CHECKING:
    from chassis.service import Service

Operator = Annotated[Actor, allow(Role.OPERATOR)]


class Positions(BaseModel):
    """The positions of one document; no content."""

    id: str
    issued: int = Field(description="last sequence issued on its own stream")
    unconfirmed: int = Field(description="events the broker has not confirmed, as far as stored")
    read: dict[str, int] = Field(description="last sequence read, by stream")
    parked: dict[str, str | None] = Field(
        description="events set aside, with the reason of those that failed"
    )


def router(service: Service) -> APIRouter:
    """The operator's routes of a service."""
    routes = APIRouter(prefix="/operations", tags=["operations"])

    @routes.get("/{collection}/{document_id}", summary="Positions of one document")
    async def get_positions(collection: str, document_id: str, by: Operator) -> Positions:
        """Compare what one service issued with what another has read."""
        known = service.collections.get(collection)
        document = await known.get(document_id) if known is not None else None
        if document is None:
            raise NotFound("document")
        return Positions(
            id=document.id,
            issued=document.seq,
            unconfirmed=len(document.outbox),
            read=document.streams,
            parked={entry.envelope.id: entry.reason for entry in document.parked},
        )

    return routes
