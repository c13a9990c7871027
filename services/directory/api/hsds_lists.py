"""Lists of HSDS: what can be asked, pages with their envelope, or every record a line.

The directory holds no coordinates, so `proximity` is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from chassis.http import Body
from contracts.errors import InvalidInput
from contracts.values import IsoDateTime
from services.directory.api.hsds_models import HsdsPage

T = TypeVar("T")

PER_PAGE = 50
MOST_PER_PAGE = 1000
NDJSON = "application/x-ndjson"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

Id = Annotated[str, Field(pattern=UUID, description="a UUID, in lower case")]


class Format(StrEnum):
    """How a list is given."""

    JSON = "json"
    NDJSON = "ndjson"


class Paged(Body):
    """What every list can be asked."""

    search: str | None = Field(default=None, max_length=1000, description="words, in any form")
    page: int = Field(default=1, ge=1, le=100_000)
    per_page: int | None = Field(default=None, ge=1, le=MOST_PER_PAGE, description="default 50")
    format: Format = Field(default=Format.JSON, description="ndjson: every record, a line each")


class Filtered(Paged):
    """What lists of services and organizations can be asked besides."""

    taxonomy_term_id: Id | None = None
    taxonomy_id: Id | None = None
    organization_id: Id | None = None
    modified_after: IsoDateTime | None = Field(default=None, description="at or after")
    full: bool = Field(default=False, description="with everything that belongs to a record")


class ServicesAsked(Filtered):
    """What the list of services can be asked."""

    minimal: bool = Field(default=False, description="ids and dates only, all on one page")


class LocatedAsked(Filtered):
    """What the list of services at their places can be asked."""

    postcode: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    proximity: str | None = Field(default=None, description="refused: there are no coordinates")


class OrganizationsAsked(Filtered):
    """What the list of organizations can be asked."""

    full_service: bool = Field(default=False, description="with services and all of theirs")


class TermsAsked(Paged):
    """What the list of terms can be asked."""

    taxonomy_id: Id | None = None
    parent_id: Id | None = Field(default=None, description="none here has a parent")
    top_only: bool = False


Asked = TypeVar("Asked", bound=BaseModel)
ServicesQuery = Annotated[ServicesAsked, Query()]
LocatedQuery = Annotated[LocatedAsked, Query()]
OrganizationsQuery = Annotated[OrganizationsAsked, Query()]
TermsQuery = Annotated[TermsAsked, Query()]
PagedQuery = Annotated[Paged, Query()]


def listed(
    asked: Paged, found: Sequence[T], show: Callable[[T], BaseModel], per_page: int = PER_PAGE
) -> Any:
    """A page of what was found in its envelope; or all of it as lines."""
    if asked.format is Format.NDJSON:
        return StreamingResponse(_lines(show(item) for item in found), media_type=NDJSON)
    size = asked.per_page or per_page
    start = (asked.page - 1) * size
    shown = found[start : start + size]
    pages = -(-len(found) // size)
    return HsdsPage(
        total_items=len(found),
        total_pages=pages,
        page_number=asked.page,
        size=len(shown),
        first_page=asked.page == 1,
        last_page=asked.page >= pages,
        empty=not shown,
        contents=[show(item) for item in shown],
    )


def refuse_proximity(asked: LocatedAsked) -> None:
    """There is nothing to measure a distance from or to."""
    if asked.proximity is not None:
        raise InvalidInput(
            "proximity-not-answered",
            "the directory holds no coordinates: ask by postcode, or the navigator by place",
            field="query.proximity",
        )


def require_one(asked: ServicesAsked) -> None:
    """A list is minimal or full, not both."""
    if asked.minimal and asked.full:
        raise InvalidInput("one-of-two", "minimal or full, not both", field="query.full")


def _lines(records: Iterable[BaseModel]) -> Iterator[str]:
    for record in records:
        yield record.model_dump_json(exclude_none=True) + "\n"
