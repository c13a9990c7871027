"""Which records of HSDS fit what is asked: filters that all hold.

What the directory cannot answer it refuses with the reason instead of answering otherwise:
`postcode` is answered only where an address known here has that postcode. Without filters a list
is taken as it stands, and only what a page shows is looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from contracts.errors import InvalidInput, NotFound
from contracts.territory import AddressQuery
from services.directory.api.hsds_lists import Filtered, OrganizationsAsked
from services.directory.api.hsds_organizations import to_the_millisecond
from services.directory.api.hsds_services import modified
from services.directory.api.hsds_terms import (
    HOURS_CODE,
    OF_EVERY_ORGANIZATION,
    codes_of_taxonomy,
    codes_of_term,
    has_hours,
)
from services.directory.directory import Directory
from services.directory.domain.finding import Question, find
from services.directory.domain.hours_pattern import organization_pattern, pattern_of
from services.directory.domain.listing import ListedService
from services.directory.domain.organization import Organization
from services.directory.domain.vocabulary import Facet

T = TypeVar("T")

Pair = tuple[ListedService, Organization]


def services_found(directory: Directory, asked: Filtered, among: Sequence[str]) -> Sequence[str]:
    """Ids of the services that fit every filter: best first when searched for, else in order.

    `among` are those that may be found, in order of their ids; without filters these, as they are.
    """
    candidates = _candidates(directory, asked, among)
    since = _since(asked)
    wanted = _codes(directory, asked)
    if since is None and not wanted:
        return candidates
    return [
        one
        for one in candidates
        for service, kept in [pair(directory, one)]
        if (since is None or modified(directory, service, kept) >= since)
        and all(_has(service, kept, codes) for codes in wanted)
    ]


def organizations_found(directory: Directory, asked: OrganizationsAsked) -> Sequence[str]:
    """Ids of the organizations that fit every filter, in order.

    Of those that take part; what is asked since a moment tells of retired ones too.
    """
    directory.loaded()
    order, since = directory.offer.order, _since(asked)
    found: Sequence[str] = order.organizations() if since is None else order.with_retired()
    if asked.organization_id is not None:
        own = order.named("organization", asked.organization_id)
        found = _within(found, [own] if own is not None else [])
    wanted = _codes(directory, asked)
    words = _words(directory, asked.search)
    if since is None and not wanted and not words:
        return found
    return [
        one
        for one in found
        for kept in [organization(directory, one)]
        if (since is None or to_the_millisecond(kept.changed_at) >= since)
        and all(_organization_has(directory, kept, codes) for codes in wanted)
        and all(any(form in _name_words(directory, kept) for form in word) for word in words)
    ]


def pair(directory: Directory, service_id: str | None) -> Pair:
    """A service and its organization. Raises NotFound, of a proposal's too."""
    service = directory.offer.get(service_id) if service_id is not None else None
    if service is None:
        raise NotFound("service")
    return service, organization(directory, service.listing.organization)


def organization(directory: Directory, organization_id: str | None) -> Organization:
    """An organization, a retired one too. Raises NotFound; a proposal is the register's."""
    kept = directory.loaded().get(organization_id) if organization_id is not None else None
    if kept is None or kept.is_proposal:
        raise NotFound("organization")
    return kept


def near_postcode(directory: Directory, found: Sequence[str], postcode: str) -> list[str]:
    """Those that serve where a postcode is; it is known from the addresses of organizations."""
    known = (organization(directory, one) for one in directory.offer.order.organizations())
    codes = {
        kept.card.address.municipality
        for kept in known
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
    return [one for one in found if one in within]


def _candidates(directory: Directory, asked: Filtered, among: Sequence[str]) -> Sequence[str]:
    order = directory.offer.order
    own = order.named("organization", asked.organization_id) if asked.organization_id else None
    narrowed = among if asked.organization_id is None else _within(among, order.of(own or ""))
    if asked.search is None:
        return narrowed
    _, language = directory.searchable()
    units = _as_search(lambda: language.units(asked.search or ""))
    question = Question(units=units, given_only=False)
    allowed = set(narrowed)
    found = (hit.entry.listing.id for hit in _all(directory, question))
    return [one for one in found if one in allowed]


def _within(among: Sequence[str], few: Sequence[str]) -> list[str]:
    """Those of a few that stand in an ordered list."""
    return [
        one
        for one in few
        if (place := bisect_left(among, one)) < len(among) and among[place] == one
    ]


def _all(directory: Directory, question: Question) -> Iterator[Any]:
    index, _ = directory.searchable()
    count = len(directory.offer.order.services())
    return iter(find(index, question, directory.offer.vocabulary, 0, count).hits)


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
        wanted.append(set(codes_of_taxonomy(vocabulary, asked.taxonomy_id)))
    return wanted


def _has(service: ListedService, kept: Organization, codes: set[tuple[str, str]]) -> bool:
    own = {(facet.value, code) for facet in Facet for code in getattr(service.listing, facet)}
    if own & codes:
        return True
    return HOURS_CODE in codes and has_hours(pattern_of(service.listing, kept.card))


def _organization_has(
    directory: Directory, kept: Organization, codes: set[tuple[str, str]]
) -> bool:
    """Whether it, its place, or a service of it has one of the codes."""
    at_place = kept.card.address is not None and has_hours(organization_pattern(kept.card))
    return (
        bool(OF_EVERY_ORGANIZATION & codes)
        or ("organizations", kept.card.kind.value) in codes
        or (HOURS_CODE in codes and at_place)
        or any(_has(service, kept, codes) for service in directory.offer.of(kept.id))
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
