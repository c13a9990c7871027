"""Where an address lies: which municipality, settlement and city district it names.

A rayon and the city of the same name are told apart by what the address says («г. …» or
«… район»). Where it does not say, or says two different things, all are returned: the caller asks
a person and never picks one silently (R 1.3, R 3.1.2, R appendix 1).
"""

from collections import defaultdict
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from contracts.territory.municipality import (
    Municipality,
    Region,
    city_district_stem,
    municipality_stem,
    normal_name,
    region_stem,
)
from contracts.territory.printed import PrintedAddress, parse_address, split_settlement
from contracts.territory.streets import House, Street, parse_house, parse_street, street_and_house

_VILLAGE_MARKS = frozenset({"с", "д"})
_TOWN_MARKS = frozenset({"г", "пгт", "рп"})


class AddressQuery(BaseModel):
    """What is known of an address; any part may be missing."""

    model_config = ConfigDict(frozen=True)

    municipality: str | None = None
    """A code of ours or a name as people write it."""
    settlement: str | None = None
    city_district: str | None = None
    street: str | None = None
    house: str | None = None
    text: str | None = None
    """The address as one line; fills only what the other parts leave open."""


class Location(BaseModel):
    """What was understood. Several municipalities mean that the address does not decide."""

    model_config = ConfigDict(frozen=True)

    region: str | None = None
    municipalities: tuple[str, ...] = ()
    settlement: str | None = None
    """In one spelling (see normal_name); None when the address names none."""
    city_district: str | None = None
    """In one spelling; None when not named, or not known in these municipalities."""
    unknown_city_district: str | None = None
    conflict: bool = False
    """The municipality and the city named are different ones."""
    elsewhere: str | None = None
    """A region, rayon or town the address names that is not among ours: it is not our address."""
    street: Street | None = None
    house: House | None = None


class Gazetteer:
    """Names of municipalities, settlements and city districts, indexed once."""

    def __init__(
        self, municipalities: Iterable[Municipality], regions: Iterable[Region] = ()
    ) -> None:
        self._order: dict[str, int] = {}
        self._regions: dict[str, str] = {}
        self._names: dict[tuple[str, str | None], set[str]] = defaultdict(set)
        self._settlements: dict[str, set[str]] = defaultdict(set)
        self._cities: dict[str, str] = {}
        self._city_districts: dict[str, set[str]] = defaultdict(set)
        for municipality in municipalities:
            self._add(municipality)
        self._region_names = {
            normal_name(name): region.code
            for region in regions
            for name in (region.name, *region.aliases, *region.cities)
        }

    def locate(self, query: AddressQuery) -> Location:
        """Understand an address: structured parts first, free text for what they leave open."""
        parsed = _parse(query.text)
        named, unknown = self._named_municipalities(query, parsed)
        mark, settlement = self._settlement(query, parsed)
        found, conflict = self._combine(named, mark, settlement)
        elsewhere = self._foreign_region(query)
        if mark == "г" and not named and self._is_foreign_town(settlement):
            # Villages of ours may be missing here, towns are not.
            elsewhere = elsewhere or f"г. {settlement}"
        if unknown and not named and mark not in _TOWN_MARKS and settlement not in self._cities:
            # Villages repeat: «Томский район, с. Моховая» is not our Моховая.
            elsewhere = elsewhere or (unknown if settlement or query.municipality else None)
        if elsewhere:
            return Location(settlement=settlement, elsewhere=elsewhere)
        district = query.city_district or parsed.residential_area or unknown
        stem = city_district_stem(district) if district else None
        if stem and not found:
            found = {code for code, known in self._city_districts.items() if stem in known}
        is_known = any(stem in self._city_districts.get(code, ()) for code in found)
        codes = tuple(sorted(found, key=self._order.__getitem__))
        street, house = street_and_house(query.text)
        return Location(
            region=self._region(query, codes, settlement),
            municipalities=codes,
            settlement=settlement,
            city_district=stem if is_known else None,
            unknown_city_district=None if is_known else district,
            conflict=conflict,
            street=parse_street(query.street) if query.street else street,
            house=parse_house(query.house) or house,
        )

    def _add(self, municipality: Municipality) -> None:
        code = municipality.code
        self._order[code] = len(self._order)
        self._regions[code] = municipality.region
        city = municipality.city
        for name in (municipality.name, *municipality.aliases, *([city] if city else [])):
            stem, _ = municipality_stem(name)
            self._names[stem, municipality.kind].add(code)
            self._names[stem, None].add(code)
        for name in (*municipality.settlements, *municipality.further_settlements):
            self._settlements[normal_name(name)].add(code)
        if city:
            self._cities[normal_name(city)] = code
        for district in municipality.city_districts:
            self._city_districts[code].add(city_district_stem(district.name))

    def _named_municipalities(
        self, query: AddressQuery, parsed: PrintedAddress
    ) -> tuple[set[str], str | None]:
        """The municipalities named, and a name that is none of them (maybe a city district)."""
        if query.municipality in self._order:
            return {query.municipality}, None
        if query.municipality and region_stem(query.municipality) is None:
            codes = set(self._names.get(municipality_stem(query.municipality), ()))
            return codes, None if codes else query.municipality
        named: set[str] = set()
        leftover = None
        for district in parsed.districts:
            by_name = self._names.get(municipality_stem(district))
            if by_name:
                named |= by_name
            else:
                leftover = district
        return named, leftover

    def _settlement(
        self, query: AddressQuery, parsed: PrintedAddress
    ) -> tuple[str | None, str | None]:
        if query.settlement:
            mark, name = split_settlement(query.settlement)
            return mark, normal_name(name)
        if parsed.settlement:
            return parsed.settlement_mark, normal_name(parsed.settlement)
        for segment in (query.text or "").split(","):
            mark, name = split_settlement(segment)
            stem = normal_name(name)
            if stem in self._settlements:
                return mark, stem
        return None, None

    def _combine(
        self, named: set[str], mark: str | None, settlement: str | None
    ) -> tuple[set[str], bool]:
        """Municipality named and settlement named, brought together; True for a conflict."""
        by_settlement = set(self._settlements.get(settlement, ())) if settlement else set()
        city = self._cities.get(settlement) if settlement else None
        if city and mark in _VILLAGE_MARKS:
            # «с. Белово» is not the city of Белово.
            by_settlement.discard(city)
            city = None
        if not named or not by_settlement:
            return named or by_settlement, False
        both = named & by_settlement
        if both:
            return both, False
        # Villages repeat from rayon to rayon, towns do not: only a town contradicts the name.
        is_town = city is not None or mark in _TOWN_MARKS
        return (named | by_settlement, True) if is_town else (named, False)

    def _is_foreign_town(self, settlement: str | None) -> bool:
        known = settlement in self._settlements or settlement in self._region_names
        return settlement is not None and not known

    def _foreign_region(self, query: AddressQuery) -> str | None:
        """A region the address names that is not one of ours («Томская область»)."""
        for segment in (query.municipality or "", *(query.text or "").split(",")):
            stem = region_stem(segment)
            if stem and stem not in self._region_names:
                return segment.strip()
        return None

    def _region(
        self, query: AddressQuery, codes: tuple[str, ...], settlement: str | None
    ) -> str | None:
        if codes:
            return self._regions[codes[0]]
        for segment in (query.municipality, settlement, *(query.text or "").split(",")):
            _, name = split_settlement(segment or "")
            code = self._region_names.get(region_stem(name) or normal_name(name))
            if code:
                return code
        return None


def _parse(text: str | None) -> PrintedAddress:
    if not text:
        return PrintedAddress()
    # The parser reads names by their capitals; a line typed in one case gets them first.
    return parse_address(text.title() if text.islower() or text.isupper() else text)
