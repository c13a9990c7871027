"""The organizations of one kind in one municipality, by the piece of ground they serve (R 3.1.2).

The smaller piece goes before the larger: a street before a city district or settlement, that before
the whole municipality. What the address leaves open is never decided here.
"""

from __future__ import annotations

from bisect import bisect_left, insort_right
from collections import defaultdict
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from contracts.directory import Territory
from contracts.territory.gazetteer import Location
from contracts.territory.houses import covers
from contracts.territory.municipality import city_district_stem
from contracts.territory.settlements import settlement_stem
from contracts.territory.streets import Street, parse_street

T = TypeVar("T")

Level = Literal["street", "city_district", "settlement", "municipality", "region"]
Undecided = Literal["", "area", "street", "name", "house", "village", "settlement", "contradiction"]
"""Which part leaves it open: "name" a street written in another way, or one of a rayon that is
entered without its settlement; "house" a part of its number that cannot be read; "village" a
settlement that may lie elsewhere, "settlement" one that is not known beside one that is."""


class Candidate(BaseModel):
    """An organization that serves the address, and why we say so."""

    model_config = ConfigDict(frozen=True)

    organization: str
    kind: str
    level: Level
    reason_en: str
    reason_ru: str


class StreetPiece(NamedTuple):
    """A street or some of its houses, and who serves it."""

    street: Street
    place: Territory
    district: str | None
    settlement: str | None
    candidate: Candidate
    city: str | None = None
    """The city of the urban district: there a street stands that is entered without a settlement.
    A rayon has none, and any of its settlements may have a street of that name."""

    def is_unsure(self, location: Location) -> bool:
        """Whether only a person can say that it is the street named (R 3.1.2)."""
        if location.street is None:
            return False
        return location.street.may_be(self.street) is None or self._may_be_another(location)

    def _may_be_another(self, location: Location) -> bool:
        if self.settlement or self.district:
            return False
        return self.city is None or location.settlement not in {None, self.city}

    def fits(self, location: Location) -> bool | None:
        """Whether the address lies here; None if a part of it that decides is not known."""
        street, houses = location.street, self.place.houses
        same = street is None or street.may_be(self.street)
        if same is False and location.quarter is not None:
            same = location.quarter.may_be(self.street)
            if same and houses:  # of the quarter: the house named is one of the street
                same, houses = None, ()
        if same is False:
            return False
        pairs = ((self.district, location.city_district), (self.settlement, location.settlement))
        if any(own and given and own != given for own, given in pairs):
            return False
        if street is not None and houses:
            if location.house is None:
                return None
            covered = covers(houses, location.house)
            if not covered:
                return covered
        is_open = street is None or any(own and not given for own, given in pairs)
        return None if is_open or same is None or self._may_be_another(location) else True


def organization_of(candidate: Candidate) -> str:
    """Whose candidate it is."""
    return candidate.organization


def owner_of(piece: StreetPiece) -> str:
    """Who serves a street."""
    return piece.candidate.organization


def shelve(items: list[T], item: T, key: Callable[[T], str]) -> None:
    """Put an item where its organization stands."""
    insort_right(items, item, key=key)


def unshelve(items: list[T], organization: str, key: Callable[[T], str]) -> None:
    """Take out what is an organization's."""
    start = end = bisect_left(items, organization, key=key)
    while end < len(items) and key(items[end]) == organization:
        end += 1
    del items[start:end]


class Match(NamedTuple):
    """What a shelf has for an address; `undecided` says by which part, empty if it is decided."""

    near: list[Candidate]
    far: list[Candidate]
    undecided: Undecided = ""


class Shelf:
    """The organizations of one kind in one municipality."""

    def __init__(self) -> None:
        self.whole: list[Candidate] = []
        self.by_district: dict[str, list[Candidate]] = defaultdict(list)
        self.by_settlement: dict[str, list[Candidate]] = defaultdict(list)
        self.by_street: dict[str, list[StreetPiece]] = defaultdict(list)
        self._one_of_each: dict[tuple[str, str | None, str | None], StreetPiece] = {}

    def add_street(self, piece: StreetPiece) -> None:
        """A street; where an address names none, one of a body's streets stands for all."""
        for name in piece.street.names:
            shelve(self.by_street[name], piece, owner_of)
        area = (owner_of(piece), piece.district, piece.settlement)
        self._one_of_each.setdefault(area, piece)

    def remove(self, organization: str, territory: Territory) -> None:
        """Take a place out that an organization serves no longer, and all it has there."""
        district, settlement = territory.city_district, territory.settlement
        if territory.street:
            for name in parse_street(territory.street).names:
                unshelve(self.by_street[name], organization, owner_of)
                if not self.by_street[name]:
                    del self.by_street[name]
            area = (
                organization,
                city_district_stem(district) if district else None,
                settlement_stem(settlement) if settlement else None,
            )
            self._one_of_each.pop(area, None)
        elif district:
            unshelve(self.by_district[city_district_stem(district)], organization, organization_of)
        elif settlement:
            unshelve(self.by_settlement[settlement_stem(settlement)], organization, organization_of)
        else:
            unshelve(self.whole, organization, organization_of)

    def match(self, location: Location) -> Match:
        """Who serves an address in this municipality; the smaller piece goes before the larger."""
        area = self._areas(location)
        if not self.by_street:
            return area
        certain, possible = self._streets(location)
        if certain:  # the very street goes before one that is written in another way
            possible = [piece for piece in possible if not piece.is_unsure(location)]
        near = [piece.candidate for piece in (*certain, *possible)]
        if not near:
            return area
        if not possible:
            return Match(near, [*area.near, *area.far])
        return Match([*near, *area.near], area.far, _left_open_by(possible, location))

    def _streets(self, location: Location) -> tuple[list[StreetPiece], list[StreetPiece]]:
        if location.street is None:
            pieces = sorted(self._one_of_each.values(), key=owner_of)
        else:
            names = [*location.street.names, *(location.quarter.names if location.quarter else ())]
            found = {id(piece): piece for name in names for piece in self.by_street.get(name, ())}
            pieces = sorted(found.values(), key=owner_of)
        fitting = [(piece, piece.fits(location)) for piece in pieces]
        return (
            [piece for piece, fits in fitting if fits],
            [piece for piece, fits in fitting if fits is None],
        )

    def _areas(self, location: Location) -> Match:
        district, settlement = location.city_district, location.settlement
        exact = [
            *(self.by_district.get(district, ()) if district else ()),
            *(self.by_settlement.get(settlement, ()) if settlement else ()),
        ]
        if exact:
            return Match(exact, self.whole)
        open_parts = [
            *(() if district else self.by_district.values()),
            *(() if settlement else self.by_settlement.values()),
        ]
        possible = sorted(
            (candidate for part in open_parts for candidate in part), key=organization_of
        )
        return Match([*possible, *self.whole], [], "area" if possible else "")


def _left_open_by(possible: list[StreetPiece], location: Location) -> Undecided:
    if all(piece.is_unsure(location) for piece in possible):
        return "name"
    house = location.house
    return "house" if location.street and house and house.unread else "street"
