"""Open Referral HSDS 3.0 (with service_capacity of 3.1): the directory for other systems.

From memory; ids are UUIDs made from ours. Dates and hours, and what HSDS cannot say, are told in
`docs/api/hsds.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Depends, Request

from chassis.http import public
from contracts.errors import NotFound
from services.directory.api.hsds_found import (
    near_postcode,
    organization,
    organizations_found,
    pair,
    services_found,
)
from services.directory.api.hsds_lists import (
    NDJSON,
    LocatedQuery,
    OrganizationsQuery,
    PagedQuery,
    ServicesQuery,
    TermsQuery,
    listed,
    refuse_proximity,
    require_one,
)
from services.directory.api.hsds_models import (
    Api,
    HsdsPage,
    Minimal,
    Organization,
    OrganizationListed,
    Service,
    ServiceAtLocation,
    ServiceAtLocationBasic,
    ServiceBasic,
    Taxonomy,
    TaxonomyTerm,
)
from services.directory.api.hsds_organizations import organization_listed
from services.directory.api.hsds_services import (
    minimal,
    organization_full,
    service_at_location_basic,
    service_at_location_full,
    service_basic,
    service_full,
)
from services.directory.api.hsds_terms import taxonomies, terms
from services.directory.directory import WithDirectory

router = APIRouter(prefix="/hsds", tags=["hsds"])

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R", Taxonomy, TaxonomyTerm)
L = TypeVar("L", bound=ServiceAtLocationBasic)

VERSION = "3.0"
PROFILE = "https://docs.openreferral.org/en/latest/hsds/overview.html"
LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {NDJSON: {}}, "description": "a page, or with format=ndjson every record"}
}


def listing(path: str, **described: Any) -> Callable[[F], F]:
    """A list: by GET, and with the same query by POST, which HSDS permits. It changes nothing."""

    def declare(answer: F) -> F:
        for method in (router.get, router.post):
            method(path, dependencies=[Depends(public)], **described)(answer)
        return answer

    return declare


@router.get("/", summary="What this API is", dependencies=[Depends(public)])
async def get_api(request: Request) -> Api:
    """Version and profile of HSDS, and where the OpenAPI document is."""
    return Api(
        version=VERSION,
        profile=PROFILE,
        openapi_url=f"{request.base_url}openapi.json",
        description="Services of long-term care; service_capacity and unit are those of HSDS 3.1.",
    )


@listing(
    "/services",
    summary="HSDS: services",
    response_model=HsdsPage[Service] | HsdsPage[ServiceBasic] | HsdsPage[Minimal],
    response_model_exclude_none=True,
    responses=LINES,
)
async def get_hsds_services(asked: ServicesQuery, directory: WithDirectory) -> Any:
    """Services, withdrawn ones too (`defunct`); one-to-one fields unless `full`."""
    require_one(asked)
    directory.searchable()
    found = services_found(directory, asked, directory.offer.order.services())
    if asked.minimal:
        per_page = max(len(found), 1)
        return listed(asked, found, lambda one: minimal(directory, *pair(directory, one)), per_page)
    show = service_full if asked.full else service_basic
    return listed(asked, found, lambda one: show(directory, *pair(directory, one)))


@router.get(
    "/services/{service_uuid}",
    summary="HSDS: a service",
    dependencies=[Depends(public)],
    response_model_exclude_none=True,
)
async def get_hsds_service(service_uuid: str, directory: WithDirectory) -> Service:
    """A service with everything that belongs to it."""
    directory.searchable()
    service_id = directory.offer.order.named("service", service_uuid)
    return service_full(directory, *pair(directory, service_id))


@listing(
    "/organizations",
    summary="HSDS: organizations",
    response_model=HsdsPage[Organization] | HsdsPage[OrganizationListed],
    response_model_exclude_none=True,
    responses=LINES,
)
async def get_hsds_organizations(asked: OrganizationsQuery, directory: WithDirectory) -> Any:
    """Organizations that take part, and with `modified_after` those that did until then or later.

    One-to-one fields and attributes that tell the last change, unless `full` or `full_service`.
    """
    found = organizations_found(directory, asked)
    if not (asked.full or asked.full_service):
        return listed(
            asked, found, lambda one: organization_listed(directory, organization(directory, one))
        )
    directory.searchable()
    full = partial(organization_full, full_service=asked.full_service)
    return listed(asked, found, lambda one: full(directory, organization(directory, one)))


@router.get(
    "/organizations/{organization_uuid}",
    summary="HSDS: an organization",
    dependencies=[Depends(public)],
    response_model_exclude_none=True,
)
async def get_hsds_organization(
    organization_uuid: str, directory: WithDirectory, full_service: bool = False
) -> Organization:
    """An organization with everything that belongs to it, its services too; a retired one too."""
    directory.searchable()
    organization_id = directory.offer.order.named("organization", organization_uuid)
    kept = organization(directory, organization_id)
    return organization_full(directory, kept, full_service=full_service)


@listing(
    "/service_at_locations",
    summary="HSDS: services at their places",
    response_model=HsdsPage[ServiceAtLocation] | HsdsPage[ServiceAtLocationBasic],
    response_model_exclude_none=True,
    responses=LINES,
)
async def get_hsds_service_at_locations(asked: LocatedQuery, directory: WithDirectory) -> Any:
    """Services of organizations whose address is known; one-to-one fields unless `full`."""
    refuse_proximity(asked)
    directory.searchable()
    found = services_found(directory, asked, directory.offer.order.located_services())
    if asked.postcode is not None:
        found = near_postcode(directory, found, asked.postcode)
    show = service_at_location_full if asked.full else service_at_location_basic
    return listed(asked, found, lambda one: _there(show(directory, *pair(directory, one))))


@router.get(
    "/service_at_locations/{service_at_location_uuid}",
    summary="HSDS: a service at its place",
    dependencies=[Depends(public)],
    response_model_exclude_none=True,
)
async def get_hsds_service_at_location(
    service_at_location_uuid: str, directory: WithDirectory
) -> ServiceAtLocation:
    """A service at its place with everything that belongs to it."""
    directory.searchable()
    service_id = directory.offer.order.named("service_at_location", service_at_location_uuid)
    return _there(service_at_location_full(directory, *pair(directory, service_id)))


@listing(
    "/taxonomies",
    summary="HSDS: taxonomies",
    response_model=HsdsPage[Taxonomy],
    responses=LINES,
)
async def get_hsds_taxonomies(asked: PagedQuery) -> Any:
    """The vocabularies by which services and organizations are described."""
    found = [one for one in taxonomies() if _matches(asked.search, one.name, one.description)]
    return listed(asked, found, lambda one: one)


@router.get(
    "/taxonomies/{taxonomy_uuid}", summary="HSDS: a taxonomy", dependencies=[Depends(public)]
)
async def get_hsds_taxonomy(taxonomy_uuid: str) -> Taxonomy:
    """One vocabulary."""
    return _named(taxonomies(), taxonomy_uuid, "taxonomy")


@listing(
    "/taxonomy_terms",
    summary="HSDS: terms of taxonomies",
    response_model=HsdsPage[TaxonomyTerm],
    responses=LINES,
)
async def get_hsds_taxonomy_terms(asked: TermsQuery, directory: WithDirectory) -> Any:
    """The codes of the vocabularies; they have no parents."""
    found = [
        one
        for one in terms(directory.offer.vocabulary)
        if asked.taxonomy_id in {None, one.taxonomy_id}
        and asked.parent_id is None
        and _matches(asked.search, one.name, one.description)
    ]
    return listed(asked, found, lambda one: one)


@router.get(
    "/taxonomy_terms/{term_uuid}",
    summary="HSDS: a term of a taxonomy",
    dependencies=[Depends(public)],
)
async def get_hsds_taxonomy_term(term_uuid: str, directory: WithDirectory) -> TaxonomyTerm:
    """One code of a vocabulary."""
    return _named(terms(directory.offer.vocabulary), term_uuid, "taxonomy term")


def _there(found: L | None) -> L:
    if found is None:
        raise NotFound("service at location")
    return found


def _named(found: list[R], wanted: str, what: str) -> R:
    one = next((item for item in found if item.id == wanted), None)
    if one is None:
        raise NotFound(what)
    return one


def _matches(search: str | None, *texts: str) -> bool:
    return search is None or any(search.strip().lower() in text.lower() for text in texts)
