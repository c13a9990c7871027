"""Cursor paging over an index: a page costs the same wherever in the list it lies."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field, TypeAdapter

from chassis.document import Document
from chassis.store import Collection
from contracts.errors import InvalidInput
from contracts.values import Identifier

T = TypeVar("T")
S = TypeVar("S", bound=BaseModel)
V = TypeVar("V")

Limit = Annotated[int, Query(ge=1, le=100, description="page size")]
Cursor = Annotated[
    str | None, Query(max_length=400, description="`next` of the page before; opaque")
]


Position = tuple[str, Annotated[int, Field(strict=True, ge=0, lt=2**63)] | str, Identifier]
"""The list's name, and the value and id of the last document shown."""
Rank = tuple[str, Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)], Identifier]
"""The best has the lowest, below nought too."""

_position: TypeAdapter[tuple[str, str | int, str]] = TypeAdapter(Position)
_rank: TypeAdapter[tuple[str, int, str]] = TypeAdapter(Rank)

KEPT, RANKED = "kept", "ranked"
"""Lists that no collection answers."""


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(default=None, description="cursor of the next page, if there is one")


async def page(
    collection: Collection[S],
    query: Mapping[str, Any],
    sort: str,
    cursor: str | None,
    limit: int,
    show: Callable[[Document[S]], T],
) -> Page[T]:
    """A page of documents that match, by a scalar field and then by id: one list of the store."""
    return await merged(collection, [query], sort, cursor, limit, show)


async def merged(
    collection: Collection[S],
    queries: Sequence[Mapping[str, Any]],
    sort: str,
    cursor: str | None,
    limit: int,
    show: Callable[[Document[S]], T],
    *,
    last_first: bool = False,
) -> Page[T]:
    """A page of what matches one of several questions, no document two of them: so many ranges."""
    name = f"{collection.spec.name}.{'-' if last_first else ''}{sort}"
    order = [(sort, -1 if last_first else 1)]
    after = None if cursor is None else _decode(cursor, _position, name)
    found: list[Document[S]] = []
    for query in queries:
        found += await collection.find(query, sort=order, limit=limit + 1, after=after)
    if len(queries) > 1:
        found.sort(
            key=lambda one: (collection.spec.index(one.state)[sort], one.id), reverse=last_first
        )
    shown, more = found[:limit], len(found) > limit
    last = shown[-1] if shown else None
    return Page(
        items=[show(document) for document in shown],
        next=_encode(name, collection.spec.index(last.state)[sort], last.id)
        if more and last
        else None,
    )


def kept(
    found: Sequence[Document[S]], cursor: str | None, limit: int, show: Callable[[Document[S]], T]
) -> Page[T]:
    """A page of documents that are in memory, in order of their ids."""
    after = _decode(cursor, _position, KEPT)[1] if cursor is not None else ""
    left = [document for document in found if document.id > after]
    shown = left[:limit]
    return Page(
        items=[show(document) for document in shown],
        next=_encode(KEPT, shown[-1].id, shown[-1].id) if len(left) > limit else None,
    )


def ranked(
    found: Sequence[tuple[int, Document[S]]],
    cursor: str | None,
    limit: int,
    show: Callable[[Document[S]], T],
) -> Page[T]:
    """A page of documents that were found and ranked already, by rank and then by id."""
    after = _decode(cursor, _rank, RANKED) if cursor is not None else None
    left = [pair for pair in found if after is None or (pair[0], pair[1].id) > after]
    shown = left[:limit]
    return Page(
        items=[show(document) for _, document in shown],
        next=_encode(RANKED, shown[-1][0], shown[-1][1].id) if len(left) > limit else None,
    )


def _encode(name: str, value: str | int, document_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, value, document_id]).encode()).decode()


def _decode(cursor: str, shape: TypeAdapter[tuple[str, V, str]], name: str) -> tuple[V, str]:
    """A cursor comes from outside: whatever was done to it, it must not reach the store unread,
    nor one of another list, whose values this one would take for its own."""
    refused = InvalidInput("invalid-cursor", "not a cursor of this list", field="query.cursor")
    try:
        of_list, value, document_id = shape.validate_json(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as failure:
        raise refused from failure
    if of_list != name:
        raise refused
    return value, document_id
