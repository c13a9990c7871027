"""Organizations and their places as HSDS has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.territory import place_names
from services.directory.api.hsds_models import (
    Address,
    Location,
    LocationBasic,
    Metadata,
    Organization,
    OrganizationBasic,
    OrganizationIdentifier,
    OrganizationListed,
    Phone,
    ServiceBasic,
)
from services.directory.api.hsds_schedules import schedules
from services.directory.api.hsds_terms import (
    LAST_MODIFIED,
    STATUS,
    attributes,
    extension,
    hours_attribute,
)
from services.directory.directory import Directory
from services.directory.domain.hours_pattern import organization_pattern
from services.directory.domain.organization import Organization as Kept
from services.directory.domain.site import uri
from services.directory.hsds_ids import hsds_id

LEGAL_ENTITY = {"INN": 10, "OGRN": 13}
"""Digits of a legal entity's numbers: those of a sole trader name a person, and are not shown."""


def organization_basic(directory: Directory, kept: Kept) -> OrganizationBasic:
    """An organization with its one-to-one fields."""
    card = kept.card
    kind = directory.offer.vocabulary.ru("organizations", card.kind)
    return OrganizationBasic(
        id=hsds_id("organization", kept.id),
        name=card.name,
        description=f"{kind}. Источник: {card.source}.",
        email=card.emails[0] if card.emails else None,
        website=uri(card.website),
        parent_organization_id=hsds_id("organization", card.parent) if card.parent else None,
    )


def organization_listed(directory: Directory, kept: Kept) -> OrganizationListed:
    """The same as a list has it: a copy is kept in step by its attributes."""
    own = hsds_id("organization", kept.id)
    changed_at = shown(to_the_millisecond(kept.changed_at))
    return OrganizationListed(
        **dict(organization_basic(directory, kept)),
        attributes=[
            extension("organization", own, LAST_MODIFIED, changed_at),
            extension("organization", own, STATUS, kept.status),
        ],
    )


def organization_with(
    directory: Directory, kept: Kept, services: Sequence[ServiceBasic]
) -> Organization:
    """An organization with everything that belongs to it, these services among it."""
    own = hsds_id("organization", kept.id)
    codes = [("organizations", kept.card.kind)]
    listed = organization_listed(directory, kept)
    return Organization(
        **listed.model_dump(exclude={"attributes"}),
        attributes=[
            *listed.attributes,
            *attributes(directory.offer.vocabulary, "organization", own, codes),
        ],
        phones=organization_phones("organization", kept),
        locations=locations(directory, kept),
        organization_identifiers=identifiers(kept),
        metadata=_metadata(directory, kept),
        services=list(services),
    )


def organization_phones(owner: str, kept: Kept) -> list[Phone]:
    """The phones that could be read; else what is printed, as it is printed."""
    card = kept.card
    phones = [
        Phone(id=hsds_id("phone", owner, kept.id, number), number=number) for number in card.phones
    ]
    if phones or card.printed_phone is None:
        return phones
    printed = card.printed_phone
    return [
        Phone(
            id=hsds_id("phone", owner, kept.id, printed),
            number=printed,
            description="Так напечатано в источнике; номер не удалось прочесть уверенно.",
        )
    ]


def location_basic(kept: Kept) -> LocationBasic | None:
    """Where an organization works, if an address is known. No source gives coordinates."""
    if kept.card.address is None:
        return None
    return LocationBasic(
        id=hsds_id("location", kept.id),
        organization_id=hsds_id("organization", kept.id),
        name=kept.card.name,
        description=kept.card.address.text,
    )


def locations(directory: Directory, kept: Kept) -> list[Location]:
    """The places of an organization: one, if its address is known."""
    basic = location_basic(kept)
    if basic is None:
        return []
    pattern = organization_pattern(kept.card)
    zone = directory.service.calendars.of(kept.card.region).zone
    now = directory.service.now()
    return [
        Location(
            **dict(basic),
            addresses=[_address(kept)],
            phones=organization_phones("location", kept),
            schedules=schedules("location", basic.id, pattern, zone, now),
            attributes=hours_attribute("location", basic.id, pattern),
        )
    ]


def identifiers(kept: Kept) -> list[OrganizationIdentifier]:
    """INN and OGRN of a legal entity that stands in a register of ours."""
    if kept.entry is None:
        return []
    known = {"INN": kept.entry.particulars.inn, "OGRN": kept.entry.particulars.ogrn}
    return [
        OrganizationIdentifier(
            id=hsds_id("organization_identifier", kept.id, kind),
            organization_id=hsds_id("organization", kept.id),
            identifier_scheme=f"RU-{kind}",
            identifier_type=kind,
            identifier=number,
        )
        for kind, number in known.items()
        if number is not None and len(number) == LEGAL_ENTITY[kind]
    ]


def office(role: str, organization: str | None) -> str:
    """Who changed something: the office, and where; never a person."""
    return f"{role}, {organization}" if organization else role


def _address(kept: Kept) -> Address:
    address = kept.card.address
    assert address is not None  # noqa: S101 - a location has one
    names = place_names()
    area = names.get(address.municipality or "")
    street = ", ".join(part for part in (address.street, address.house) if part)
    return Address(
        id=hsds_id("address", kept.id),
        location_id=hsds_id("location", kept.id),
        address_1=street if address.street and address.house else address.text,
        city=address.settlement or area or "",
        region=area,
        state_province=names.get(kept.card.region or "", ""),
        postal_code=address.postal_code or "",
    )


def day_of(directory: Directory, moment: datetime, region: str | None) -> str:
    """The date of a moment where the organization is."""
    zone = directory.service.calendars.of(region).zone
    return moment.astimezone(zone).date().isoformat()


def to_the_millisecond(moment: datetime) -> datetime:
    """A moment as it is shown: what is asked since then is found by what was shown."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def shown(moment: datetime) -> str:
    """A moment as text."""
    return moment.isoformat(timespec="milliseconds")


def _metadata(directory: Directory, kept: Kept) -> list[Metadata]:
    """Its latest changes, field by field."""
    return [
        Metadata(
            id=hsds_id("metadata", kept.id, str(change.edition), changed.field),
            resource_id=hsds_id("organization", kept.id),
            resource_type="organization",
            last_action_date=day_of(directory, change.at, kept.card.region),
            last_action_type=change.action,
            field_name=changed.field,
            previous_value=changed.before,
            replacement_value=changed.after,
            updated_by=office(change.role, change.organization),
        )
        for change in kept.public_changes
        for changed in change.fields
    ]
