"""Lists of HSDS: filters that all hold, pages with their envelope, or every record a line.

What the directory cannot answer it refuses with the reason instead of answering otherwise: it
holds no coordinates, so `proximity` cannot be asked, and `postcode` only where an address known
here has that postcode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from chassis.http import Body
from contracts.errors import InvalidInput
from contracts.territory import AddressQuery
from services.directory.api.hsds_ids import hsds_id
from services.directory.api.hsds_models import HsdsPage
from services.directory.api.hsds_services import modified, to_the_millisecond
from services.directory.api.hsds_terms import codes_of_term, names_of_taxonomy
from services.directory.directory import Directory
from services.directory.domain.finding import Question, find
from services.directory.domain.listing import ListedService
from services.directory.domain.organization import Organization, Status
from services.directory.domain.vocabulary import Facet

T = TypeVar("T")

PER_PAGE = 50
MOST_PER_PAGE = 1000
NDJSON = "application/x-ndjson"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

Id = Annotated[str, Field(pattern=UUID, description="a UUID, in lower case")]
Pair = tuple[ListedService, Organization]


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
    modified_after: AwareDatetime | None = Field(default=None, description="at or after")
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


def services_found(directory: Directory, asked: Filtered) -> list[Pair]:
    """The services that fit every filter: best first when searched for, else in order of id."""
    directory.searchable()
    pairs = [
        (service, kept)
        for entry in _candidates(directory, asked)
        if (service := directory.offer.get(entry)) is not None
        and (kept := directory.loaded().get(service.listing.organization)) is not None
        and not kept.is_proposal
    ]
    since = _since(asked)
    wanted = _codes(directory, asked)
    return [
        (service, kept)
        for service, kept in pairs
        if (asked.organization_id in {None, hsds_id("organization", kept.id)})
        and (since is None or modified(directory, service, kept) >= since)
        and all(_has(service, kept, codes) for codes in wanted)
    ]


def organizations_found(directory: Directory, asked: OrganizationsAsked) -> list[Organization]:
    """The organizations that take part and fit every filter, in order of their ids."""
    wanted = _codes(directory, asked)
    words, since = _words(directory, asked.search), _since(asked)
    return [
        kept
        for kept in published(directory)
        if asked.organization_id in {None, hsds_id("organization", kept.id)}
        and (since is None or to_the_millisecond(kept.changed_at) >= since)
        and all(_organization_has(directory, kept, codes) for codes in wanted)
        and all(any(form in _name_words(directory, kept) for form in word) for word in words)
    ]


def published(directory: Directory) -> list[Organization]:
    """The organizations that take part, in order of their ids."""
    known = sorted(directory.loaded().all().items())
    return [one for _, (_, one) in known if one.status is Status.PUBLISHED]


def near_postcode(directory: Directory, pairs: Iterable[Pair], postcode: str) -> list[Pair]:
    """Those that serve where a postcode is; it is known from the addresses of organizations."""
    codes = {
        kept.card.address.municipality
        for kept in published(directory)
        if kept.card.address is not None and kept.card.address.postal_code == postcode
    }
    if not codes - {None}:
        raise InvalidInput(
            "postcode-unknown",
            "no address of this directory has that postcode, so its place is not known",
            field="query.postcode",
        )
    gazetteer = directory.appendix.gazetteer
    places = [
        gazetteer.locate(AddressQuery(municipality=code)) for code in codes if code is not None
    ]
    within = {
        hit.entry.listing.id
        for place in places
        for hit in _all(directory, Question(location=place, given_only=False))
    }
    return [pair for pair in pairs if pair[0].id in within]


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


def _candidates(directory: Directory, asked: Filtered) -> list[str]:
    if asked.search is None:
        return directory.offer.ids()
    _, language = directory.searchable()
    units = _as_search(lambda: language.units(asked.search or ""))
    question = Question(units=units, given_only=False)
    return [hit.entry.listing.id for hit in _all(directory, question)]


def _all(directory: Directory, question: Question) -> Iterator[Any]:
    index, _ = directory.searchable()
    found = find(index, question, directory.offer.vocabulary, 0, len(directory.offer.ids()))
    return iter(found.hits)


def _as_search(understand: Callable[[], T]) -> T:
    try:
        return understand()
    except InvalidInput as wrong:
        raise InvalidInput(wrong.code, wrong.detail, field="query.search") from wrong


def _codes(directory: Directory, asked: Filtered) -> list[set[tuple[str, str]]]:
    """For each filter by code the codes of which a record must have one."""
    vocabulary = directory.offer.vocabulary
    wanted: list[set[tuple[str, str]]] = []
    if asked.taxonomy_term_id is not None:
        wanted.append(set(codes_of_term(vocabulary, asked.taxonomy_term_id)))
    if asked.taxonomy_id is not None:
        wanted.append(
            {
                (name, code)
                for name in names_of_taxonomy(asked.taxonomy_id)
                if name != "extensions"
                for code in vocabulary.terms(name)
            }
        )
    return wanted


def _has(service: ListedService, kept: Organization, codes: set[tuple[str, str]]) -> bool:
    own = {(facet.value, code) for facet in Facet for code in getattr(service.listing, facet)}
    return bool(own & codes)


def _organization_has(
    directory: Directory, kept: Organization, codes: set[tuple[str, str]]
) -> bool:
    return ("organizations", kept.card.kind.value) in codes or any(
        _has(service, kept, codes) for service in directory.offer.of(kept.id)
    )


def _words(directory: Directory, search: str | None) -> list[frozenset[str]]:
    if search is None:
        return []
    _, language = directory.searchable()
    units = _as_search(lambda: language.units(search))
    return [forms for unit in units for forms in unit.ways[0].words]


def _name_words(directory: Directory, kept: Organization) -> frozenset[str]:
    _, language = directory.searchable()
    return language.forms_of(kept.card.name)


def _since(asked: Filtered) -> datetime | None:
    return None if asked.modified_after is None else to_the_millisecond(asked.modified_after)


def _lines(records: Iterable[BaseModel]) -> Iterator[str]:
    for record in records:
        yield record.model_dump_json(exclude_none=True) + "\n"
