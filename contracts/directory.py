"""Events of the directory: organizations as every service keeps its own copy of them."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from contracts.event import Event
from contracts.values import Address, Email, Identifier, Line, Phone, Value

ORGANIZATION = "directory.organization"


class OrganizationKind(StrEnum):
    """Kinds of organizations that take part in long-term care (L, M, S)."""

    DEPARTMENT = "department"
    AUTHORISED_BODY = "authorised_body"
    INSTITUTION = "institution"
    COORDINATION_CENTRE = "coordination_centre"
    MFC = "mfc"
    MEDICAL_ORGANIZATION = "medical_organization"
    PENSION_FUND_OFFICE = "pension_fund_office"
    PROVIDER = "provider"


class Territory(Value):
    """A piece of ground an organization serves; without a municipality, its whole region."""

    municipality: Identifier | None = None
    city_district: Line | None = None
    settlement: Line | None = None


Weekday = Annotated[str, StringConstraints(pattern=r"^(MO|TU|WE|TH|FR|SA|SU)$")]


class OpeningHours(Value):
    """Hours on the named weekdays, with the lunch break (HSDS knows none)."""

    days: tuple[Weekday, ...]
    opens: time
    closes: time
    lunch_from: time | None = None
    lunch_to: time | None = None


class OrganizationCard(Value):
    """An organization as published. `printed_*` keep the source's text where it could not be read
    with certainty: a broken phone is shown as it was printed, never guessed."""

    id: Identifier
    kind: OrganizationKind
    name: Line
    address: Address | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    website: Line | None = None
    printed_phone: Line | None = None
    printed_email: Line | None = None
    parent: Identifier | None = None
    region: Line | None = None
    serves: tuple[Territory, ...] = ()
    hours: tuple[OpeningHours, ...] = ()
    reception_days: tuple[Weekday, ...] = ()
    source: Line


class OrganizationPublished(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Организация внесена в справочник",
    en="Organization published",
):
    """An organization is in the directory; carries the whole card."""

    card: OrganizationCard


class OrganizationChanged(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Сведения об организации изменены",
    en="Organization changed",
):
    """The card was changed, with the reason; carries the whole new card."""

    card: OrganizationCard
    reason: Line


class OrganizationRetired(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Организация исключена из справочника",
    en="Organization retired",
):
    """The organization no longer takes part."""

    reason: Line
