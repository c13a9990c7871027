"""Where an address lies: which municipality, settlement and city district it names.

A rayon and the city of the same name are told apart by what the address says («г. …» or
«… район»). Where it does not say, or says two different things, all are returned: the caller asks
a person and never picks one silently (R 1.3, R 3.1.2, R appendix 1).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict

from contracts.territory.houses import House, is_house, parse_house
from contracts.territory.municipality import (
    Municipality,
    Region,
    city_district_stem,
    municipality_stem,
    normal_name,
    region_stem,
)
from contracts.territory.printed import PrintedAddress, parse_address
from contracts.territory.settlements import settlement_mark, split_settlement
from contracts.territory.streets import (
    Street,
    entered_street,
    is_kind,
    quarter_in,
    street_and_house,
)

_VILLAGE_MARKS = frozenset({"с", "д"})
_TOWN_MARKS = frozenset({"г", "пгт", "рп"})
_AREA_WORDS = frozenset({"район", "р-н", "муниципальный", "городской", "округ", "мо", "го"})


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
    may_repeat: bool = False
    """Only a village, a settlement that no source prints or a city district tells the municipality:
    others may have one of that name."""
    elsewhere: str | None = None
    """A region, rayon or town the address names that is not among ours: it is not our address."""
    street: Street | None = None
    house: House | None = None
    quarter: Street | None = None
    """The «микрорайон» or «квартал» in which the street lies, where both are named."""


class Gazetteer:
    """Names of municipalities, settlements and city districts, indexed once."""

    def __init__(
        self, municipalities: Iterable[Municipality], regions: Iterable[Region] = ()
    ) -> None:
        self._order: dict[str, int] = {}
        self._regions: dict[str, str] = {}
        self._names: dict[tuple[str, str | None], set[str]] = defaultdict(set)
        self._settlements: dict[str, set[str]] = defaultdict(set)
        self._printed: set[str] = set()
        self._cities: dict[str, str] = {}
        self._city_districts: dict[str, set[str]] = defaultdict(set)
        for municipality in municipalities:
            self._add(municipality)
        self._town = _town_first(self._printed)
        self._region_names = {
            normal_name(name): region.code
            for region in regions
            for name in (region.name, *region.aliases, *region.cities)
        }

    def read(self, text: str) -> PrintedAddress:
        """The parts of a printed address, its towns told from what is written beside them."""
        return parse_address(self._apart(text))

    def locate(self, query: AddressQuery) -> Location:
        """Understand an address: structured parts first, free text for what they leave open."""
        text = self._apart(query.text or "")
        parsed = parse_address(text)
        named, unknown = self._named_municipalities(query, parsed)
        mark, settlement = self._settlement(query, parsed)
        elsewhere = self._foreign_region(query, parsed.places)
        if not named:
            is_place = bool(settlement or query.municipality)
            elsewhere = elsewhere or self._foreign_place(mark, settlement, unknown, is_place)
        if elsewhere:
            return Location(settlement=settlement, elsewhere=elsewhere)
        found, conflict = self._combine(named, mark, settlement)
        may_repeat = bool(found) and not named and self._is_village(mark, settlement)
        district = query.city_district or parsed.residential_area or unknown
        district = district or self._bare_district(found, parsed.places)
        stem = city_district_stem(district) if district else None
        if stem and not found:
            found = {code for code, known in self._city_districts.items() if stem in known}
            may_repeat = bool(found)
        is_known = any(stem in self._city_districts.get(code, ()) for code in found)
        codes = tuple(sorted(found, key=self._order.__getitem__))
        street, house = street_and_house(text)
        if query.street:
            street, within = entered_street(query.street, query.house)
            house = within or house
        return Location(
            region=self._region(query, codes, settlement, parsed.places),
            municipalities=codes,
            settlement=settlement,
            city_district=stem if is_known else None,
            unknown_city_district=None if is_known else district,
            conflict=conflict,
            may_repeat=may_repeat,
            street=street,
            house=parse_house(query.house) or house,
            quarter=quarter_in(parsed.places),
        )

    def _apart(self, text: str) -> str:
        """«Кемерово Рудничный р-н» → «Кемерово, Рудничный р-н»: a comma after a town's name."""
        # Names are told by their capitals; a line typed in one case gets them first.
        line = text.title() if text.islower() or text.isupper() else text
        return ",".join(self._split_town(segment) for segment in line.split(","))

    def _split_town(self, segment: str) -> str:
        found = self._town.match(segment)
        if found is None:
            return segment
        rest = found["rest"]
        first, *more = rest.split()
        if normal_name(first) in _AREA_WORDS:  # of the rayon, unless it names a part of the city
            code = self._cities.get(normal_name(found["name"]), "")
            known = self._city_districts.get(code, ())
            if not more or city_district_stem(more[0]) not in known:
                return segment
        elif is_kind(rest) or settlement_mark(first):
            return segment
        return f"{segment[: found.start('rest')]}, {rest}"

    def _is_village(self, mark: str | None, settlement: str | None) -> bool:
        """Whether it is one of a name that others may have: a village, or one no source prints."""
        return mark in _VILLAGE_MARKS or settlement not in self._printed

    def _bare_district(self, codes: Collection[str], places: tuple[str, ...]) -> str | None:
        """A part of these cities that stands between commas without its mark, and no house after
        it, which would make it a street."""
        for place, following in zip_longest(places, places[1:], fillvalue=""):
            stem = city_district_stem(place)
            if any(stem in self._city_districts.get(code, ()) for code in codes):
                return None if is_house(following) else place
        return None

    def _add(self, municipality: Municipality) -> None:
        code = municipality.code
        self._order[code] = len(self._order)
        self._regions[code] = municipality.region
        city = municipality.city
        for name in (municipality.name, *municipality.aliases, *([city] if city else [])):
            stem, _ = municipality_stem(name)
            self._names[stem, municipality.kind].add(code)
            self._names[stem, None].add(code)
        self._printed.update(map(normal_name, municipality.settlements))
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
        for segment in parsed.places:
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

    def _foreign_place(
        self, mark: str | None, settlement: str | None, unknown: str | None, is_place: bool
    ) -> str | None:
        """A town or rayon that is not one of ours, where no municipality of ours is named."""
        known = settlement in self._settlements or settlement in self._region_names
        if mark == "г" and not known:  # villages of ours may be missing here, towns are not
            return f"г. {settlement}"
        if mark in _TOWN_MARKS or settlement in self._cities:
            return None
        # Villages repeat: «Томский район, с. Моховая» is not our Моховая.
        return unknown if is_place else None

    def _foreign_region(self, query: AddressQuery, places: tuple[str, ...]) -> str | None:
        """A region the address names that is not one of ours («Томская область»)."""
        for segment in (query.municipality or "", *places):
            stem = region_stem(segment)
            if stem and stem not in self._region_names:
                return segment.strip()
        return None

    def _region(
        self,
        query: AddressQuery,
        codes: tuple[str, ...],
        settlement: str | None,
        places: tuple[str, ...],
    ) -> str | None:
        if codes:
            return self._regions[codes[0]]
        for segment in (query.municipality, settlement, *places):
            _, name = split_settlement(segment or "")
            code = self._region_names.get(region_stem(name) or normal_name(name))
            if code:
                return code
        return None


def _town_first(names: Iterable[str]) -> re.Pattern[str]:
    """A town, marked as one or not, and something behind it without a comma."""
    spelt = "|".join(
        re.escape(name).replace("е", "[её]").replace(r"\-", r"\s?[-‐‑–—]\s?")
        for name in sorted(names, key=len, reverse=True)
    )
    return re.compile(
        rf"\s*(?:\d{{6}}\s+)?(?:(?:г|гор|город|пгт|п\.г\.т|рп|р\.п)(?:\.\s*|\s+))?"
        rf"(?P<name>{spelt or '(?!)'})\s+(?P<rest>[^\W\d_].*)",
        re.I,
    )
