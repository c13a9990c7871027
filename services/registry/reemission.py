"""Sending the log again: to a broker that lost everything, or to a reader that is new (P14)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

from chassis.commands import Request
from chassis.interventions import Deed, carry_out
from chassis.paging import page
from chassis.repairs import require_reader, send_again
from contracts.values import Actor
from services.registry.domain.log import resendable
from services.registry.queries import listed_by
from services.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Extent:
    """Which part of the log, and to whom."""

    after: str | None
    limit: int
    stream: str | None
    to: str | None


class ResentLog(BaseModel):
    """A page of the log that was sent again."""

    events: int
    next: str | None = Field(default=None, description="`after` of the next page, if there is one")


async def send_log_again(
    registry: Registry, extent: Extent, request: Request, by: Actor, reason: str
) -> ResentLog:
    """Send a page again and wait until the broker has it; raises TryLater."""
    require_reader(registry.service, extent.to)

    async def act(_: bool) -> ResentLog:
        query, order = listed_by(extent.stream)
        entries = await page(
            registry.log, query, order, extent.after, extent.limit, lambda entry: entry.state
        )
        events = [resendable(entry) for entry in entries.items]
        await send_again(registry.service, events, extent.to)
        return ResentLog(events=len(events), next=entries.next)

    about = f"log of {extent.stream or 'all streams'} to {extent.to or 'all'}"
    service, deed = registry.service, Deed("reemit", about, ResentLog, act)
    return await carry_out(service.interventions, request, service.at(by), reason, deed)
