"""From a printed row to a card: what can be read with certainty, and the text as printed beside.

Nothing is silently fixed (R 1.3, R appendix 1): a field that the quality report calls an error or
doubts stays unread, and the card carries what is printed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import BaseModel

from contracts.directory import OpeningHours, OrganizationCard
from contracts.territory import AddressQuery, Gazetteer
from contracts.territory.municipality import city_district_stem
from contracts.territory.settlements import settlement_stem
from contracts.values import Address
from services.directory.domain.contacts import parse_email, parse_phone
from services.directory.domain.quality import Fault, Severity
from services.directory.domain.rows import SourceRow

DOUBTED_POSTCODE = frozenset(
    {"address.postcode_outside_region", "address.postcode_conflict", "address.postcode_far"}
)
"""Faults after which the postcode is not certain: it is foreign, one of two for one house, or
another area's."""

DOUBTED_PHONE = frozenset({"phone.area_code_differs"})
"""Faults after which the phone is not certain: it is a number, but maybe a stranger's."""


CARD_FIELDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind",), "region": ("region",), "name": ("name",),
    "phone": ("phones", "printed_phone"), "address": ("address",),
    "email": ("emails", "printed_email"), "website": ("website",), "serves": ("serves",),
    "parent": ("parent",), "hours": ("hours",), "reception_days": ("reception_days",),
    "ownership": ("ownership",), "closures": ("closures",),
    "preholiday_minutes": ("preholiday_minutes",), "source": ("source",),
    "source_document": ("source",),
}  # fmt: skip
"""Which fields of the card a field of a row, or a column, speaks of; it says nothing of others."""


def card_fields(columns: Collection[str]) -> tuple[str, ...]:
    """The fields of the card that columns speak of."""
    return tuple(sorted({name for one in columns for name in CARD_FIELDS.get(one, ())}))


def is_one_line(value: object) -> bool:
    """Whether no text of a value breaks its line; names, contacts and addresses are one each."""
    if isinstance(value, str):
        return len(value.strip().splitlines()) < 2
    if isinstance(value, BaseModel):
        return all(is_one_line(inner) for _, inner in value)
    return not isinstance(value, tuple) or all(map(is_one_line, value))


def read_card(row: SourceRow, faults: Collection[Fault], gazetteer: Gazetteer) -> OrganizationCard:
    """The card of a row, with as much read as is certain."""
    printed = row.printed
    wrong = {
        fault.field
        for fault in faults
        if fault.severity is Severity.ERROR or fault.code in DOUBTED_PHONE
    }
    phone = None if "phone" in wrong else parse_phone(printed.phone)
    email = None if "email" in wrong else parse_email(printed.email)
    doubted = any(fault.code in DOUBTED_POSTCODE for fault in faults)
    return OrganizationCard(
        id=row.key,
        kind=row.kind,
        name=printed.name,
        address=read_address(printed.address, gazetteer, postcode_doubted=doubted),
        phones=(phone,) if phone else (),
        emails=(email,) if email else (),
        website=printed.website,
        printed_phone=None if phone else printed.phone,
        printed_email=None if email else printed.email,
        parent=row.parent,
        region=row.region,
        serves=row.serves,
        hours=tuple(
            OpeningHours(
                days=entry.days,
                opens=entry.opens,
                closes=entry.closes,
                lunch_from=entry.lunch[0] if entry.lunch else None,
                lunch_to=entry.lunch[1] if entry.lunch else None,
                breaks=entry.breaks,
                valid_from=entry.valid_from,
                valid_to=entry.valid_to,
            )
            for entry in row.hours
        ),
        reception_days=row.reception_days,
        source=f"{row.source.document}, {row.source.place}",
        closures=row.closures,
        preholiday_minutes=row.preholiday_minutes,
        ownership=row.ownership,
    )


def read_address(
    text: str | None, gazetteer: Gazetteer, *, postcode_doubted: bool = False
) -> Address | None:
    """The address as printed, with its parts as far as they are certain."""
    if not text:
        return None
    parts = gazetteer.read(text)
    location = gazetteer.locate(AddressQuery(text=text))
    is_open = location.conflict or location.may_repeat or location.unknown_settlement is not None
    certain = len(location.municipalities) == 1 and not is_open
    area = parts.residential_area
    named = (*parts.districts, *((area,) if area else ()), *parts.places)
    return Address(
        text=text,
        postal_code=None if postcode_doubted else parts.postcode,
        municipality=location.municipalities[0] if certain else None,
        settlement=next(
            (
                name
                for _, name in parts.settlements
                if not location.conflict and settlement_stem(name) == location.settlement
            ),
            None,
        ),
        city_district=next(
            (name for name in named if city_district_stem(name) == location.city_district), None
        ),
        street=parts.street,
        house=parts.house,
    )
