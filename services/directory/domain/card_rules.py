"""What a card that an editor sends must fulfil: its places are known, its hours make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from contracts.directory import OrganizationCard, OrganizationKind, Territory
from contracts.errors import InvalidInput
from contracts.territory import municipalities, regions
from contracts.territory.houses import in_order
from contracts.territory.municipality import city_district_stem
from services.directory.domain.card_hours import check_closures, check_hours
from services.directory.domain.organization import Organization, Status

PARENTS = frozenset({OrganizationKind.AUTHORISED_BODY, OrganizationKind.DEPARTMENT})
"""To whom an institution answers (R 1.3); who takes a case is told from it (R 3.1.2)."""


def check_card(card: OrganizationCard, parent: Organization | None) -> None:
    """Refuse a card that others could not work with (R 1.3, 3.1.2)."""
    for wrong in card_faults(card, parent):
        raise wrong


def card_faults(card: OrganizationCard, parent: Organization | None) -> Iterator[InvalidInput]:
    """Everything for which any card would be refused, one for each of its parts."""
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_region(card),
        *(partial(_check_place, place, card.region) for place in card.serves),
        lambda: check_hours(card.hours),
        lambda: check_closures(card.closures),
        lambda: _check_parent(card, parent),
    )
    for check in checks:
        try:
            check()
        except InvalidInput as wrong:
            yield wrong


def _check_region(card: OrganizationCard) -> None:
    known = {region.code for region in regions()}
    if card.region is not None and card.region not in known:
        raise _wrong("unknown-region", f"one of {', '.join(sorted(known))}", "card.region")
    if card.address is not None and card.address.municipality is not None:
        check_municipality(card.address.municipality, "card.address.municipality")


def check_municipality(code: str, field: str) -> None:
    """Refuse a municipality that is not one of ours."""
    if all(code != item.code for item in municipalities()):
        raise _wrong("unknown-municipality", "not a municipality of this directory", field)


def _check_place(place: Territory, region: str | None) -> None:
    if place.houses and not place.street:
        raise _wrong("street-missing", "houses stand on a street", "card.serves")
    if not all(in_order(item) for item in place.houses):
        raise _wrong("houses-not-in-order", "from a lower house to a higher one", "card.serves")
    if place.municipality is None:
        if region is None:
            raise _wrong("region-missing", "who serves a whole region names it", "card.region")
        if place.city_district or place.settlement or place.street:
            raise _wrong(
                "municipality-missing",
                "a city district, settlement or street lies in a municipality",
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
