"""Events of the directory about services: what an organization gives, and how much of it is free.

A service and an organization's capacity have streams of their own: capacity changes many times a
day, and on the organization's stream every service's copy of every card would be written with it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StrictInt

from contracts.directory import OpeningHours, Territory
from contracts.event import Event
from contracts.values import Identifier, Line, Phone, Text, Value

SERVICE = "directory.service"
CAPACITY = "directory.capacity"

Age = Annotated[StrictInt, Field(ge=0, le=130)]
Units = Annotated[StrictInt, Field(ge=0, le=100_000)]


class ServiceStatus(StrEnum):
    """How a service stands, as HSDS has it."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    TEMPORARILY_CLOSED = "temporarily_closed"
    DEFUNCT = "defunct"


class ServiceListing(Value):
    """A service of an organization: what it is, for whom, where, how to get it (S).

    Kinds, needs, groups and forms are codes of the directory's vocabularies. Without places or
    hours of its own it is given where and when its organization is.
    """

    id: Identifier
    organization: Identifier
    name: Line
    description: Text
    kinds: tuple[Identifier, ...] = Field(min_length=1)
    needs: tuple[Identifier, ...] = ()
    groups: tuple[Identifier, ...] = ()
    forms: tuple[Identifier, ...] = ()
    status: ServiceStatus = ServiceStatus.ACTIVE
    alert: Line | None = None
    how_to_apply: Text | None = None
    bring: tuple[Line, ...] = ()
    bring_by_regulation: bool = Field(
        default=False, description="what to bring are the documents of the regulation in force"
    )
    fees: Text | None = None
    eligibility: Text | None = None
    minimum_age: Age | None = None
    maximum_age: Age | None = None
    serves: tuple[Territory, ...] = ()
    hours: tuple[OpeningHours, ...] = ()
    phones: tuple[Phone, ...] = ()
    website: Line | None = None
    source: Line


class CapacityKey(Value):
    """What is counted: units of one kind of one service."""

    service: Identifier
    unit: Identifier


class ServiceCapacity(CapacityKey):
    """How much of a service is free, and since when we know (HSDS 3.1 service_capacity)."""

    available: Units
    maximum: Units | None = None
    description: Line | None = None
    updated_at: AwareDatetime


class ServiceListed(
    Event, stream=SERVICE, clause="S", ru="Услуга внесена в справочник", en="Service listed"
):
    """A service is given, for the first time or again; carries the whole listing."""

    listing: ServiceListing
    reason: Line


class ServiceChanged(
    Event, stream=SERVICE, clause="S", ru="Сведения об услуге изменены", en="Service changed"
):
    """What is said of a service was changed; carries the whole new listing."""

    listing: ServiceListing
    reason: Line


class ServiceWithdrawn(
    Event, stream=SERVICE, clause="S", ru="Услуга больше не оказывается", en="Service withdrawn"
):
    """The service is given no longer."""

    organization: Identifier
    reason: Line


class CapacityChanged(
    Event,
    stream=CAPACITY,
    clause="M",
    ru="Свободные места изменены",
    en="Capacity changed",
):
    """What is free at an organization, as far as it changed; `uncounted` is counted no longer."""

    capacities: tuple[ServiceCapacity, ...] = ()
    uncounted: tuple[CapacityKey, ...] = ()
    reason: Line
