"""Shapes of Open Referral HSDS 3.0 answers, with `service_capacity` and `unit` of 3.1.

Only fields that the directory can fill are named; one without a value is left out of an answer.
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")

Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


class Metadata(BaseModel):
    """One change of one field."""

    id: Uuid
    resource_id: Uuid
    resource_type: str
    last_action_date: str
    last_action_type: str
    field_name: str
    previous_value: str
    replacement_value: str
    updated_by: str = Field(description="the office and its organization; no person is named")


class Taxonomy(BaseModel):
    """A vocabulary."""

    id: Uuid
    name: str
    description: str
    uri: str
    version: str


class TaxonomyTerm(BaseModel):
    """A code of a vocabulary."""

    id: Uuid
    code: str
    name: str
    description: str
    taxonomy: str
    taxonomy_id: Uuid
    taxonomy_detail: Taxonomy
    language: str = "rus"


class Attribute(BaseModel):
    """A code of a record; or, with a value, something that HSDS has no field for."""

    id: Uuid
    link_id: Uuid
    link_entity: str
    link_type: str
    label: str
    taxonomy_term_id: Uuid
    taxonomy_term: TaxonomyTerm
    value: str | None = None


class Phone(BaseModel):
    """A phone number."""

    id: Uuid
    number: str
    type: str = "voice"
    description: str | None = None


class Schedule(BaseModel):
    """Hours as iCal repeats them; a break divides a day into two."""

    id: Uuid
    service_id: Uuid | None = None
    location_id: Uuid | None = None
    service_at_location_id: Uuid | None = None
    freq: str = "WEEKLY"
    interval: int = 1
    wkst: str = "MO"
    byday: str
    opens_at: str
    closes_at: str
    timezone: float | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    description: str
    notes: str | None = None


class Address(BaseModel):
    """A postal address; what the source does not print for certain is empty."""

    id: Uuid
    location_id: Uuid
    address_1: str
    city: str
    region: str | None = None
    state_province: str
    postal_code: str
    country: str = "RU"
    address_type: str = "physical"


class LocationBasic(BaseModel):
    """Where an organization works."""

    id: Uuid
    location_type: str = "physical"
    organization_id: Uuid
    name: str
    description: str | None = None


class Location(LocationBasic):
    """The same with what belongs to it."""

    addresses: list[Address]
    phones: list[Phone]
    schedules: list[Schedule]
    attributes: list[Attribute]


class OrganizationIdentifier(BaseModel):
    """INN or OGRN of a legal entity."""

    id: Uuid
    organization_id: Uuid
    identifier_scheme: str
    identifier_type: str
    identifier: str


class OrganizationBasic(BaseModel):
    """An organization."""

    id: Uuid
    name: str
    description: str
    email: str | None = None
    website: str | None = None
    parent_organization_id: Uuid | None = None


class OrganizationListed(OrganizationBasic):
    """The same with when it was last changed, and whether it takes part still."""

    attributes: list[Attribute]


class Organization(OrganizationListed):
    """The same with what belongs to it."""

    phones: list[Phone]
    locations: list[Location]
    organization_identifiers: list[OrganizationIdentifier]
    metadata: list[Metadata]
    services: list[Service | ServiceBasic] = Field(
        description="one-to-one fields; with `full_service` everything that belongs to them"
    )


class Unit(BaseModel):
    """What is counted."""

    id: Uuid
    name: str
    identifier: str


class ServiceCapacity(BaseModel):
    """What is free of a service (HSDS 3.1)."""

    id: Uuid
    service_id: Uuid
    unit: Unit
    available: int
    maximum: int | None = None
    description: str | None = None
    updated: str


class RequiredDocument(BaseModel):
    """What to bring."""

    id: Uuid
    service_id: Uuid
    document: str


class ServiceArea(BaseModel):
    """Where a service is given."""

    id: Uuid
    service_id: Uuid
    name: str
    extent_type: str = "text"


class Language(BaseModel):
    """The language a service is given in."""

    id: Uuid
    service_id: Uuid
    name: str = "русский"
    code: str = "ru"


class ServiceBasic(BaseModel):
    """A service with its one-to-one fields."""

    id: Uuid
    organization_id: Uuid
    name: str
    description: str
    url: str | None = None
    email: str | None = None
    status: str
    application_process: str | None = None
    fees_description: str | None = None
    eligibility_description: str | None = None
    minimum_age: int | None = None
    maximum_age: int | None = None
    alert: str | None = None
    last_modified: str
    organization: OrganizationBasic | None = None


class ServiceAtLocationBasic(BaseModel):
    """A service where it is given."""

    id: Uuid
    service_id: Uuid
    location_id: Uuid
    location: LocationBasic | Location
    service: ServiceBasic | None = None


class ServiceAtLocation(ServiceAtLocationBasic):
    """The same with what belongs to it."""

    location: Location
    phones: list[Phone]
    schedules: list[Schedule]
    service_areas: list[ServiceArea]


class Service(ServiceBasic):
    """A service with everything that belongs to it."""

    phones: list[Phone]
    schedules: list[Schedule]
    service_areas: list[ServiceArea]
    service_at_locations: list[ServiceAtLocation]
    languages: list[Language]
    required_documents: list[RequiredDocument]
    capacities: list[ServiceCapacity]
    attributes: list[Attribute]
    metadata: list[Metadata]


class Minimal(BaseModel):
    """That a record is there, and when it was last changed."""

    id: Uuid
    modified_date: str


class Api(BaseModel):
    """What this API is."""

    version: str
    profile: str
    openapi_url: str
    description: str


class HsdsPage(BaseModel, Generic[T]):
    """One page of a list, as HSDS envelopes it."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[T]
