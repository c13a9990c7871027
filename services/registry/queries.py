"""What the register is asked: filters, lists, one stream, the figures of the district."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.clock import NEVER_DUE, epoch_ms
from chassis.document import Document
from chassis.paging import Page, page
from contracts.copies import MOST_JOININGS, CitizenCopy
from contracts.errors import NotFound
from contracts.values import Actor
from services.registry.api.schemas import CaseView, Gap, StreamView, TimelineLine, case_view
from services.registry.domain.case import BODY_ROLES, DISTRICT_ROLES, CaseRecord
from services.registry.domain.log import LogEntry
from services.registry.domain.terms import TermState
from services.registry.domain.timeline import line_of
from services.registry.registry import Registry
from services.registry.stores import number_key

BATCH = 200


def seen_by(by: Actor, wanted: Mapping[str, str | None]) -> dict[str, Any]:
    """The filter of a list: what is wanted, of what the caller may see.

    A list of one citizen or one institution is narrow, and shows what either side may see; any
    other is the list of one side.
    """
    query: dict[str, Any] = {
        name: str(value) for name, value in wanted.items() if value is not None
    }
    if by.role in DISTRICT_ROLES:
        return query
    own = by.organization or "-"
    if query.keys() & {"citizen_id", "institution"}:
        return query | {"$or": [{"institution": own}, {"authorised_body": own}]}
    return query | {("authorised_body" if by.role in BODY_ROLES else "institution"): own}


def due_filter(state: TermState, now: datetime) -> dict[str, Any]:
    """Cases whose earliest running term stands so at this moment."""
    present = epoch_ms(now)
    if state is TermState.LATE:
        return {"due": {"$lte": present}}
    if state is TermState.DUE_SOON:
        return {"due": {"$gt": present, "$lt": NEVER_DUE}, "warn": {"$lte": present}}
    return {"due": {"$lt": NEVER_DUE}}


async def cases_of_citizen(registry: Registry, citizen_id: str, by: Actor) -> list[CaseView]:
    """The citizen's cases that the caller may see."""
    found = await registry.cases.find(
        seen_by(by, {"citizen_id": citizen_id}), sort=[("due", 1), ("id", 1)], limit=1000
    )
    return [case_view(document, registry.now()) for document in found]


async def one_citizen(
    registry: Registry, citizen_id: str
) -> tuple[Document[CitizenCopy], list[str]] | None:
    """The record an id means, the survivor's where two were joined, and all its ids (L 5.1).

    One read, and one more for each joining.
    """
    document = await registry.citizens.get(citizen_id)
    for _ in range(MOST_JOININGS):
        further = document and document.state.survivor
        known = await registry.citizens.get(further) if further else None
        if known is None:
            break
        document = known
    if document is None:
        return None
    ids, looked = [document.id], [document]
    while looked and len(ids) < MOST_JOININGS:
        for other in looked.pop().state.joined:
            ids.append(other)
            copy = await registry.citizens.get(other)
            looked += [copy] if copy is not None else []
    return document, ids


async def case_of_number(registry: Registry, number: str) -> CaseRecord | None:
    """The case of a number that somebody typed."""
    found = await registry.cases.find_one(number=number_key(number))
    return found.state if found else None


async def timeline(
    registry: Registry, document: Document[CaseRecord], cursor: str | None, limit: int
) -> Page[TimelineLine]:
    """A page of a case's timeline, in order of time; then stream and sequence."""
    pack = document.state.ref.pack if document.state.ref else None

    def show(entry: Document[LogEntry]) -> TimelineLine:
        return TimelineLine.model_validate(line_of(entry.state.envelope, pack).model_dump())

    shown = await page(registry.log, {"case_id": document.id}, "moment", cursor, limit, show)
    names = {line.who.organization: "" for line in shown.items if line.who.organization}
    for organization in names:
        card = await registry.card(organization)
        names[organization] = card.name if card else ""
    for line in shown.items:
        line.organization_name = names.get(line.who.organization or "") or None
    return shown


def listed_by(stream: str | None) -> tuple[dict[str, Any], str]:
    """The log's order: one stream's events in their own, all events in that of their arrival."""
    return ({"stream": stream}, "sequence") if stream else ({}, "received")


async def stream_of(registry: Registry, stream: str) -> StreamView:
    """What the log has of a stream: the last sequence and what is missing before it."""
    last, seen, gaps = 0, 0, list[Gap]()
    while True:
        found = await registry.log.find(
            {"stream": stream, "sequence": {"$gt": last}}, sort=[("sequence", 1)], limit=BATCH
        )
        for document in found:
            number = document.state.envelope.number
            if number > last + 1:
                gaps.append(Gap(first=last + 1, last=number - 1))
            last, seen = number, seen + 1
        if len(found) < BATCH:
            break
    if not seen:
        raise NotFound("stream")
    return StreamView(stream=stream, last=last, seen=seen, gaps=gaps)
