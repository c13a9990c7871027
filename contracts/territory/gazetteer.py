"""Where an address lies: which municipality, settlement and city district it names.

A rayon and the city of the same name are told apart by what the address says («г. …» or
«… район»). Where it does not say, or says two different things, all are returned: the caller asks
a person and never picks one silently (R 1.3, R 3.1.2, R appendix 1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import zip_longest
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from contracts.territory.apart import Commas
from contracts.territory.houses import House, is_house, parse_house
from contracts.territory.municipality import (
    Municipality,
    Region,
    city_district_stem,
    municipality_stem,
    normal_name,
)
from contracts.territory.printed import PrintedAddress, parse_address, settlements_in
from contracts.territory.region_names import RegionNames
from contracts.territory.settled import Settlements
from contracts.territory.settlements import TOWN_MARKS, Settlement, named_settlement
from contracts.territory.streets import Street, entered_street, quarter_in, street_and_house


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
    """In one spelling (see normal_name); None when the address names none, or several."""
    unknown_settlement: str | None = None
    """One that is not known beside one that is: it may lie in another municipality."""
    city_district: str | None = None
    """In one spelling; None when not named, or not known in these municipalities."""
    unknown_city_district: str | None = None
    conflict: bool = False
    """What is named contradicts itself: two municipalities, or ours and a region elsewhere."""
    may_repeat: bool = False
    """Only a village, a settlement that no source prints or a city district tells the municipality:
    others may have one of that name."""
    elsewhere: str | None = None
    """A region, rayon or town the address names that is not among ours: it is not our address."""
    street: Street | None = None
    house: House | None = None
    quarter: Street | None = None
    """The «микрорайон» or «квартал» in which the street lies, where both are named."""


class _CityDistrict(NamedTuple):
    """A part of a city, and the municipalities that it may lie in."""

    codes: Collection[str]
    known: str | None = None
    """In one spelling."""
    unknown: str | None = None
    """As it is named, where none of them has it."""


class Gazetteer:
    """Names of municipalities, settlements and city districts, indexed once."""

    def __init__(
        self, municipalities: Iterable[Municipality], regions: Iterable[Region] = ()
    ) -> None:
        known, areas = tuple(municipalities), tuple(regions)
        self._order = {item.code: at for at, item in enumerate(known)}
        self._region_of = {item.code: item.region for item in known}
        self._names: dict[tuple[str, str | None], set[str]] = defaultdict(set)
        self._city_districts: dict[str, set[str]] = defaultdict(set)
        for municipality in known:
            self._add(municipality)
        self.settlements = Settlements(known)
        self._regions = RegionNames(areas)
        towns = {*self.settlements.printed, *(normal_name(x) for one in areas for x in one.cities)}
        self._commas = Commas(towns, self._regions, self._has_district)

    def read(self, text: str) -> PrintedAddress:
        """The parts of a printed address, its towns told from what is written beside them."""
        return parse_address(self._commas.put(text))

    def locate(self, query: AddressQuery) -> Location:
        """Understand an address: structured parts first, free text for what they leave open."""
        text = self._commas.put(query.text or "")
        parsed = parse_address(text)
        named, unknown = self._named_municipalities(query, parsed)
        mentioned = self._mentioned(query, parsed)
        said = (query.municipality, query.settlement, *parsed.places)
        region, foreign = self._regions.code_in(said), self._regions.foreign_in(said)
        settled = self.settlements.settle(named, mentioned)
        is_coded = query.municipality in self._order
        elsewhere = None if is_coded else foreign
        if not named and not region:
            is_place = bool(mentioned or query.municipality)
            elsewhere = elsewhere or self._foreign_place(mentioned, unknown, is_place)
        if elsewhere:
            return Location(settlement=settled.settlement, elsewhere=elsewhere)
        part = query.city_district or parsed.residential_area or unknown
        district = self._city_district(part, settled.codes, parsed.places)
        codes = tuple(sorted(district.codes, key=self._order.__getitem__))
        own = self._region_of[codes[0]] if codes else region
        street, house = street_and_house(text)
        if query.street:
            street, within = entered_street(query.street, query.house)
            house = within or house
        return Location(
            region=own,
            municipalities=codes,
            settlement=settled.settlement,
            unknown_settlement=settled.unknown,
            city_district=district.known,
            unknown_city_district=district.unknown,
            conflict=settled.conflict or foreign is not None or region not in {None, own},
            may_repeat=settled.may_repeat or (bool(codes) and not settled.codes),
            street=street,
            house=parse_house(query.house) or house,
            quarter=quarter_in(parsed.places),
        )

    def _city_district(
        self, named: str | None, codes: Collection[str], places: tuple[str, ...]
    ) -> _CityDistrict:
        district = named or self._bare_district(codes, places)
        if district is None:
            return _CityDistrict(codes)
        stem = city_district_stem(district)
        having = {code for code, known in self._city_districts.items() if stem in known}
        found = codes or having
        is_known = bool(having & set(found))
        return _CityDistrict(found, stem if is_known else None, None if is_known else district)

    def _has_district(self, city: str, name: str) -> bool:
        code = self.settlements.city(city) or ""
        return city_district_stem(name) in self._city_districts.get(code, ())

    def _bare_district(self, codes: Collection[str], places: tuple[str, ...]) -> str | None:
        """A part of these cities that stands between commas without its mark, and no house after
        it, which would make it a street."""
        for place, following in zip_longest(places, places[1:], fillvalue=""):
            stem = city_district_stem(place)
            if any(stem in self._city_districts.get(code, ()) for code in codes):
                return None if is_house(following) else place
        return None

    def _add(self, municipality: Municipality) -> None:
        code, city = municipality.code, municipality.city
        for name in (municipality.name, *municipality.aliases, *([city] if city else [])):
            stem, _ = municipality_stem(name)
            self._names[stem, municipality.kind].add(code)
            self._names[stem, None].add(code)
        for district in municipality.city_districts:
            self._city_districts[code].add(city_district_stem(district.name))

    def _named_municipalities(
        self, query: AddressQuery, parsed: PrintedAddress
    ) -> tuple[set[str], str | None]:
        """The municipalities named, and a name that is none of them (maybe a city district)."""
        said = query.municipality
        if said in self._order:
            return {said}, None
        if said and not self._regions.code_in([said]) and not self._regions.foreign_in([said]):
            codes = set(self._names.get(municipality_stem(said), ()))
            is_known = codes or self.settlements.homes(named_settlement(said))
            return codes, None if is_known else said
        named: set[str] = set()
        leftover = None
        for district in parsed.districts:
            by_name = self._names.get(municipality_stem(district))
            if by_name:
                named |= by_name
            else:
                leftover = district
        return named, leftover

    def _mentioned(self, query: AddressQuery, parsed: PrintedAddress) -> list[Settlement]:
        """Every settlement named, once: in the parts, and in the line by a mark or as it is known.

        People write a town where the municipality is asked for."""
        said = [named_settlement(query.settlement)] if query.settlement else []
        if query.municipality and municipality_stem(query.municipality) not in self._names:
            town = named_settlement(query.municipality)
            said += [town] if self.settlements.homes(town) else []
        for place, following in zip_longest(parsed.places, parsed.places[1:], fillvalue=""):
            said += self._in_line(place, is_house(following))
        found: dict[str, Settlement] = {}
        for one in said:
            earlier = found.get(one.stem)
            if earlier is None or earlier.mark is None:
                found[one.stem] = one
        return [one for one in found.values() if not self._regions.names(one.stem)]

    def _in_line(self, place: str, is_before_house: bool) -> list[Settlement]:
        marked = [Settlement(mark, normal_name(name)) for mark, name in settlements_in(place)]
        one = named_settlement(place)
        if marked or not self.settlements.homes(one):
            return marked
        return [one._replace(is_sure=one.mark is not None or not is_before_house)]

    def _foreign_place(
        self, mentioned: Collection[Settlement], unknown: str | None, is_place: bool
    ) -> str | None:
        """A town or rayon that is not one of ours, where no municipality of ours is named."""
        if any(self.settlements.is_town(one) for one in mentioned):
            return None
        for one in mentioned:
            if self.settlements.is_foreign_town(one):
                return f"г. {one.stem}"
        if any(one.mark in TOWN_MARKS for one in mentioned):
            return None
        # Villages repeat: «Томский район, с. Моховая» is not our Моховая.
        return unknown if is_place else None
