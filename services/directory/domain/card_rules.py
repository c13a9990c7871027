"""What a card that an editor sends must fulfil: its places are known, its hours make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from contracts.directory import OrganizationCard, OrganizationKind, Territory
from contracts.errors import InvalidInput
from contracts.territory import gazetteer, municipalities, query_of, regions
from contracts.territory.houses import in_order
from contracts.territory.municipality import Municipality, city_district_stem
from contracts.territory.settlements import named_settlement, settlement_mark
from contracts.territory.streets import entered_street
from services.directory.domain.card_hours import check_closures, check_hours
from services.directory.domain.organization import Organization, Status
from services.directory.domain.reading import is_one_line

PARENTS = frozenset({OrganizationKind.AUTHORISED_BODY, OrganizationKind.DEPARTMENT})
"""To whom an institution answers (R 1.3); who takes a case is told from it (R 3.1.2)."""


def above_of(parent: str | None, known: Callable[[str], Organization | None]) -> list[Organization]:
    """Whom somebody with this parent answers to, the nearest first, as far up as they are known."""
    above: dict[str, Organization] = {}
    while parent is not None and parent not in above:
        found = known(parent)
        if found is None:
            break
        above[parent] = found
        parent = found.card.parent
    return list(above.values())


def check_card(
    card: OrganizationCard,
    above: Sequence[Organization],
    before: OrganizationCard | None = None,
) -> None:
    """Refuse a card that others could not work with (R 1.3, 3.1.2)."""
    for wrong in card_faults(card, above, before):
        raise wrong


def card_faults(
    card: OrganizationCard,
    above: Sequence[Organization],
    before: OrganizationCard | None = None,
) -> Iterator[InvalidInput]:
    """Everything for which any card would be refused, one for each of its parts.

    `above` is whom it answers to, from its parent on; `before` the card it takes the place of: a
    parent, a text or a place that stays as it is was judged when it was entered.
    """
    stays = before.serves if before is not None else ()
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_lines(card, before),
        lambda: _check_region(card),
        lambda: _check_address(card, before),
        *(partial(_check_place, place, card.region, place in stays) for place in card.serves),
        lambda: check_hours(card.hours),
        lambda: check_closures(card.closures),
        lambda: _check_parent(card, above, before),
    )
    for check in checks:
        try:
            check()
        except InvalidInput as wrong:
            yield wrong


def parent_stands(card: OrganizationCard, before: OrganizationCard | None) -> bool:
    """Whether nothing is new of whom it answers to, nor of what that rests on."""
    names = ("parent", "kind", "region")
    return before is not None and all(
        getattr(card, name) == getattr(before, name) for name in names
    )


def _check_lines(card: OrganizationCard, before: OrganizationCard | None) -> None:
    for name, value in card:
        if not is_one_line(value) and (before is None or getattr(before, name) != value):
            raise _wrong("several-lines", "the text is one line", f"card.{name}")


def _check_region(card: OrganizationCard) -> None:
    known = {region.code for region in regions()}
    if card.region is not None and card.region not in known:
        raise _wrong("unknown-region", f"one of {', '.join(sorted(known))}", "card.region")


def _check_address(card: OrganizationCard, before: OrganizationCard | None) -> None:
    """The municipality is of the card's region, and the text names no other."""
    address, field = card.address, "card.address.municipality"
    if address is None or address.municipality is None:
        return
    municipality = check_municipality(address.municipality, field)
    if before is not None and (before.address, before.region) == (address, card.region):
        return
    check_municipality(municipality.code, field, card.region)
    text = gazetteer().locate(query_of(address.model_copy(update={"municipality": None})))
    is_open = text.may_repeat or text.unknown_settlement is not None
    is_other = not is_open and municipality.code not in text.municipalities
    if (
        text.elsewhere
        or text.region not in {None, municipality.region}
        or (text.municipalities and is_other)
    ):
        raise _wrong("address-contradicts-municipality", "the text names another one", field)


def check_municipality(code: str, field: str, region: str | None = None) -> Municipality:
    """A municipality of ours, and of this region; refuses any other."""
    found = next((item for item in municipalities() if item.code == code), None)
    if found is None:
        raise _wrong("unknown-municipality", "not a municipality of this directory", field)
    if region is not None and found.region != region:
        raise _wrong("foreign-municipality", "a municipality of another region", field)
    return found


def _check_place(place: Territory, region: str | None, stays: bool) -> None:
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
    municipality = check_municipality(place.municipality, "card.serves", region)
    districts = {city_district_stem(district.name) for district in municipality.city_districts}
    if place.city_district and city_district_stem(place.city_district) not in districts:
        raise _wrong("unknown-city-district", "not a district of that city", "card.serves")
    if not stays:
        _check_settlement(place, municipality)
        _check_street(place, municipality)


def _check_settlement(place: Territory, municipality: Municipality) -> None:
    if place.settlement is None:
        return
    if settlement_mark(place.settlement) is not None:
        raise _wrong("settlement-without-name", "«пгт» alone names none", "card.serves")
    settlement = named_settlement(place.settlement)
    if gazetteer().settlements.lies_outside(settlement, [municipality.code]):
        raise _wrong("foreign-settlement", "not a town of that municipality", "card.serves")


def _check_street(place: Territory, municipality: Municipality) -> None:
    if place.street is None:
        return
    if entered_street(place.street, None)[1] is not None:
        raise _wrong("house-in-street", "houses are entered beside their street", "card.serves")
    if municipality.city is None and not (place.settlement or place.city_district):
        raise _wrong(
            "settlement-missing",
            "any settlement of a rayon may have a street of that name",
            "card.serves",
        )


def _check_parent(
    card: OrganizationCard, above: Sequence[Organization], before: OrganizationCard | None
) -> None:
    if parent_stands(card, before):
        return
    parent = above[0] if above else None
    if card.parent is not None:
        if parent is None or parent.status is Status.RETIRED or parent.id == card.id:
            raise _wrong("unknown-parent", "no such organization takes part", "card.parent")
        if any(one.id == card.id for one in above):
            raise _wrong("parent-cycle", "that one answers to this one itself", "card.parent")
        if None not in {card.region, parent.card.region} and card.region != parent.card.region:
            raise _wrong("foreign-parent", "that one is of another region", "card.parent")
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
