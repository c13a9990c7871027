"""What a card that an editor sends must fulfil: its places are known, its hours make sense."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from contracts.directory import OpeningHours, OrganizationCard, OrganizationKind, Territory
from contracts.errors import InvalidInput
from contracts.territory import municipalities, regions
from contracts.territory.municipality import city_district_stem
from services.directory.domain.organization import Organization, Status

PARENTS = frozenset({OrganizationKind.AUTHORISED_BODY, OrganizationKind.DEPARTMENT})
"""To whom an institution answers (R 1.3); who takes a case is told from it (R 3.1.2)."""


def check_card(card: OrganizationCard, parent: Organization | None) -> None:
    """Refuse a card that others could not work with (R 1.3, 3.1.2)."""
    known = {region.code for region in regions()}
    if card.region is not None and card.region not in known:
        raise _wrong("unknown-region", f"one of {', '.join(sorted(known))}", "card.region")
    if card.address is not None and card.address.municipality is not None:
        check_municipality(card.address.municipality, "card.address.municipality")
    for place in card.serves:
        _check_place(place, card.region)
    _check_hours(card.hours)
    _check_parent(card, parent)


def check_municipality(code: str, field: str) -> None:
    """Refuse a municipality that is not one of ours."""
    if all(code != item.code for item in municipalities()):
        raise _wrong("unknown-municipality", "not a municipality of this directory", field)


def _check_place(place: Territory, region: str | None) -> None:
    if place.municipality is None:
        if region is None:
            raise _wrong("region-missing", "who serves a whole region names it", "card.region")
        if place.city_district or place.settlement:
            raise _wrong(
                "municipality-missing",
                "a city district or settlement stands in a municipality",
                "card.serves",
            )
        return
    check_municipality(place.municipality, "card.serves")
    municipality = next(item for item in municipalities() if item.code == place.municipality)
    districts = {city_district_stem(district.name) for district in municipality.city_districts}
    if place.city_district and city_district_stem(place.city_district) not in districts:
        raise _wrong("unknown-city-district", "not a district of that city", "card.serves")
    if region is not None and municipality.region != region:
        raise _wrong("foreign-municipality", "a municipality of another region", "card.serves")


def _check_hours(hours: Sequence[OpeningHours]) -> None:
    for entry in hours:
        if not entry.days or entry.opens >= entry.closes:
            raise _wrong("hours-not-in-order", "opens before it closes, on a day", "card.hours")
        lunch = (entry.lunch_from, entry.lunch_to)
        if lunch == (None, None):
            continue
        if None in lunch or not entry.opens < lunch[0] < lunch[1] < entry.closes:  # type: ignore[operator]
            raise _wrong("lunch-not-in-hours", "the break lies within the hours", "card.hours")
    for one, other in combinations(hours, 2):
        shared = set(one.days) & set(other.days)
        if shared and one.opens < other.closes and other.opens < one.closes:
            raise _wrong("hours-overlap", "two entries for the same day overlap", "card.hours")


def _check_parent(card: OrganizationCard, parent: Organization | None) -> None:
    if card.parent is not None and (
        parent is None or parent.status is Status.RETIRED or parent.id == card.id
    ):
        raise _wrong("unknown-parent", "no such organization takes part", "card.parent")
    if card.kind is OrganizationKind.INSTITUTION and (
        parent is None or parent.card.kind not in PARENTS
    ):
        raise _wrong(
            "parent-required",
            "an institution answers to an authorised body or to the department",
            "card.parent",
        )


def _wrong(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause="R 1.3")
