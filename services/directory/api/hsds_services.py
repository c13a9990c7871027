"""Services, and services at their places, as HSDS has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from contracts.directory import Territory
from contracts.offer import ServiceListing, ServiceStatus
from contracts.regulation import pack_in_force
from contracts.territory import place_names
from contracts.territory.streets import street_words
from services.directory.api.hsds_models import (
    Language,
    Metadata,
    Minimal,
    Phone,
    RequiredDocument,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceAtLocationBasic,
    ServiceBasic,
    ServiceCapacity,
    Unit,
)
from services.directory.api.hsds_models import (
    Organization as HsdsOrganization,
)
from services.directory.api.hsds_organizations import (
    day_of,
    location_basic,
    locations,
    office,
    organization_basic,
    organization_phones,
    organization_with,
    shown,
    to_the_millisecond,
)
from services.directory.api.hsds_schedules import schedules
from services.directory.api.hsds_terms import attributes, hours_attribute
from services.directory.directory import Directory
from services.directory.domain.bring import to_bring
from services.directory.domain.hours_pattern import pattern_of
from services.directory.domain.listing import ListedService
from services.directory.domain.organization import Organization, Status
from services.directory.domain.site import uri
from services.directory.domain.vocabulary import Facet
from services.directory.hsds_ids import hsds_id

STATUS = {ServiceStatus.TEMPORARILY_CLOSED: "temporarily closed"}
"""The one that HSDS spells otherwise."""


def service_basic(
    directory: Directory, service: ListedService, kept: Organization, *, nested: bool = True
) -> ServiceBasic:
    """A service with its one-to-one fields; that of a retired organization is defunct."""
    listing = service.listing
    gone = kept.status is Status.RETIRED
    return ServiceBasic(
        id=hsds_id("service", listing.id),
        organization_id=hsds_id("organization", kept.id),
        name=listing.name,
        description=listing.description,
        url=uri(listing.website),
        email=kept.card.emails[0] if kept.card.emails else None,
        status="defunct" if gone else STATUS.get(listing.status, listing.status.value),
        application_process=listing.how_to_apply,
        fees_description=listing.fees,
        eligibility_description=listing.eligibility,
        minimum_age=listing.minimum_age,
        maximum_age=listing.maximum_age,
        alert=listing.alert,
        last_modified=shown(modified(directory, service, kept)),
        organization=organization_basic(directory, kept) if nested else None,
    )


def service_full(directory: Directory, service: ListedService, kept: Organization) -> Service:
    """A service with everything that belongs to it."""
    listing, own = service.listing, hsds_id("service", service.id)
    pattern = pattern_of(listing, kept.card)
    zone = directory.service.calendars.of(kept.card.region).zone
    at_location = service_at_location_full(directory, service, kept, nested=False)
    codes = [(facet, code) for facet in Facet for code in getattr(listing, facet)]
    return Service(
        **dict(service_basic(directory, service, kept)),
        phones=_phones(listing, kept),
        schedules=schedules("service", own, pattern, zone, directory.service.now()),
        service_areas=_areas(listing, kept),
        service_at_locations=[at_location] if at_location is not None else [],
        languages=[Language(id=hsds_id("language", listing.id), service_id=own)],
        required_documents=_documents(directory, listing),
        capacities=_capacities(directory, listing),
        attributes=[
            *attributes(directory.offer.vocabulary, "service", own, codes),
            *hours_attribute("service", own, pattern),
        ],
        metadata=_metadata(directory, service, kept),
    )


def organization_full(
    directory: Directory, kept: Organization, *, full_service: bool = False
) -> HsdsOrganization:
    """An organization with everything that belongs to it, its services with theirs if asked for."""
    services = directory.offer.of(kept.id)
    return organization_with(
        directory,
        kept,
        [
            service_full(directory, service, kept)
            if full_service
            else service_basic(directory, service, kept, nested=False)
            for service in services
        ],
    )


def service_at_location_basic(
    directory: Directory, service: ListedService, kept: Organization
) -> ServiceAtLocationBasic | None:
    """A service where its organization works; None if no address is known."""
    location = location_basic(kept)
    if location is None:
        return None
    return ServiceAtLocationBasic(
        id=hsds_id("service_at_location", service.id),
        service_id=hsds_id("service", service.id),
        location_id=location.id,
        location=location,
        service=service_basic(directory, service, kept),
    )


def service_at_location_full(
    directory: Directory, service: ListedService, kept: Organization, *, nested: bool = True
) -> ServiceAtLocation | None:
    """The same with everything that belongs to it; nested in a service without the service."""
    found = locations(directory, kept)
    if not found:
        return None
    own = hsds_id("service_at_location", service.id)
    zone = directory.service.calendars.of(kept.card.region).zone
    pattern = pattern_of(service.listing, kept.card)
    return ServiceAtLocation(
        id=own,
        service_id=hsds_id("service", service.id),
        location_id=found[0].id,
        location=found[0],
        service=service_basic(directory, service, kept) if nested else None,
        phones=organization_phones("service_at_location", kept),
        schedules=schedules("service_at_location", own, pattern, zone, directory.service.now()),
        service_areas=_areas(service.listing, kept),
    )


def minimal(directory: Directory, service: ListedService, kept: Organization) -> Minimal:
    """That a service is there, and when it was last changed."""
    return Minimal(
        id=hsds_id("service", service.id),
        modified_date=shown(modified(directory, service, kept)),
    )


def modified(directory: Directory, service: ListedService, kept: Organization) -> datetime:
    """When the service, or what is shown with it, was last changed; to the millisecond."""
    return to_the_millisecond(max(kept.changed_at, directory.offer.changed_at(service)))


def _phones(listing: ServiceListing, kept: Organization) -> list[Phone]:
    own = [
        Phone(id=hsds_id("phone", "service", listing.id, number), number=number)
        for number in listing.phones
    ]
    return own or [
        phone.model_copy(update={"id": hsds_id("phone", "service", listing.id, phone.number)})
        for phone in organization_phones("organization", kept)
    ]


def _areas(listing: ServiceListing, kept: Organization) -> list[ServiceArea]:
    return [
        ServiceArea(
            id=hsds_id("service_area", listing.id, str(number)),
            service_id=hsds_id("service", listing.id),
            name=name,
        )
        for number, name in enumerate(area_names(listing.serves or kept.card.serves, kept))
    ]


def area_names(places: tuple[Territory, ...], kept: Organization) -> Iterator[str]:
    """The places served, each as text: HSDS has no field for streets and houses (R 3.1.2)."""
    for place in places:
        whole = place_names().get(place.municipality or kept.card.region or "", "")
        _, street = street_words(place)
        parts = [part for part in (place.settlement, place.city_district, street) if part]
        if whole or parts:
            yield ", ".join([*([whole] if whole else []), *parts])


def _documents(directory: Directory, listing: ServiceListing) -> list[RequiredDocument]:
    today = directory.service.calendar.local_date(directory.service.now())
    return [
        RequiredDocument(
            id=hsds_id("required_document", listing.id, item.what),
            service_id=hsds_id("service", listing.id),
            document=f"{item.what} ({item.when})" if item.when else item.what,
        )
        for item in to_bring(listing, pack_in_force(today)).bring
    ]


def _capacities(directory: Directory, listing: ServiceListing) -> list[ServiceCapacity]:
    return [
        ServiceCapacity(
            id=hsds_id("service_capacity", listing.id, one.unit),
            service_id=hsds_id("service", listing.id),
            unit=Unit(
                id=hsds_id("unit", one.unit),
                name=directory.offer.vocabulary.ru("units", one.unit),
                identifier=one.unit,
            ),
            available=one.available,
            maximum=one.maximum,
            description=one.description,
            updated=shown(one.updated_at),
        )
        for one in directory.offer.capacities_of(listing)
    ]


def _metadata(directory: Directory, service: ListedService, kept: Organization) -> list[Metadata]:
    own = hsds_id("service", service.id)
    return [
        Metadata(
            id=hsds_id("metadata", service.id, change.at.isoformat(), name),
            resource_id=own,
            resource_type="service",
            last_action_date=day_of(directory, change.at, kept.card.region),
            last_action_type=change.action,
            field_name=name,
            previous_value=before,
            replacement_value=after,
            updated_by=office(change.role, change.organization),
        )
        for change in service.changes
        for name, before, after in (
            [(field.field, field.before, field.after) for field in change.fields]
            or [("name", "", service.listing.name)]
        )
    ]
