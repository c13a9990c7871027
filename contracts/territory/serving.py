"""Who serves an address: by municipality, city district, settlement, street (R 1.3, R 3.1.2).

An authorised body or an MFC passes a referral to the institution that serves the citizen's
address. The index is kept organization by organization; a lookup reads a few dictionaries. It
proposes with reasons and says plainly when there are several or none.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from contracts.directory import Territory
from contracts.territory.gazetteer import AddressQuery, Gazetteer, Location
from contracts.territory.municipality import (
    Municipality,
    Region,
    city_district_stem,
)
from contracts.territory.settlements import settlement_stem
from contracts.territory.shelf import (
    Candidate,
    Level,
    Shelf,
    StreetPiece,
    Undecided,
    organization_of,
    shelve,
    unshelve,
)
from contracts.territory.statements import Outcome, statement
from contracts.territory.streets import parse_street, street_words

REFERRAL_KINDS: Final = ("authorised_body", "institution")
"""The kinds a referral needs (R 3.1.2): always answered, be it with "none"."""

_REASON: Final[Mapping[Level, tuple[str, str]]] = {
    "street": ("serves {}", "обслуживает: {}"),
    "city_district": ("serves the city district {}", "обслуживает район города: {}"),
    "settlement": ("serves the settlement {}", "обслуживает населённый пункт: {}"),
    "municipality": ("serves the whole municipality {}", "обслуживает муниципалитет: {}"),
    "region": ("serves the whole region {}", "обслуживает весь регион: {}"),
}


class ServingOrganization(BaseModel):
    """As much of an organization as the question needs."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    region: str | None = None
    serves: tuple[Territory, ...] = ()


class KindAnswer(BaseModel):
    """The answer for one kind of organization.

    "possible": one candidate, but a part of the address that would decide is not known.
    `wider` are those that serve a larger area around the address besides the candidates.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    wider: tuple[Candidate, ...] = ()
    statement_en: str
    statement_ru: str


class TerritoryAnswer(BaseModel):
    """What the address was understood to be, and who serves it by kind."""

    model_config = ConfigDict(frozen=True)

    location: Location
    kinds: dict[str, KindAnswer]


_EMPTY: Final = Shelf()


class TerritoryIndex:
    """Organizations by the territory they serve.

    Putting or removing one touches its own places only, and the answers are those of an index made
    anew: what is found stands in the order of the organizations' keys.
    """

    def __init__(
        self,
        municipalities: Iterable[Municipality],
        organizations: Iterable[ServingOrganization],
        regions: Iterable[Region] = (),
    ) -> None:
        known, areas = tuple(municipalities), tuple(regions)
        self._gazetteer = Gazetteer(known, areas)
        self._names = {item.code: item.name for item in known}
        self._names.update((item.code, item.name) for item in areas)
        self._cities = {item.code: settlement_stem(item.city) for item in known if item.city}
        self._shelves: dict[tuple[str, str], Shelf] = defaultdict(Shelf)
        self._regional: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        self._known: dict[str, ServingOrganization] = {}
        self._of_kind: Counter[str] = Counter()
        for organization in organizations:
            self.put(organization)

    def put(self, organization: ServingOrganization) -> None:
        """An organization as it now is; nothing is done if it is known so already."""
        if self._known.get(organization.key) == organization:
            return
        self.remove(organization.key)
        self._known[organization.key] = organization
        self._of_kind[organization.kind] += 1
        for territory in organization.serves:
            self._add(organization, territory)

    def remove(self, key: str) -> None:
        """It serves nobody any more."""
        organization = self._known.pop(key, None)
        if organization is None:
            return
        self._of_kind[organization.kind] -= 1
        for territory in organization.serves:
            self._drop(organization, territory)

    def who_serves(
        self, address: AddressQuery, kinds: Collection[str] | None = None
    ) -> TerritoryAnswer:
        """Candidates for the address by kind, each with its reason (R 1.3, R 3.1.2)."""
        location = self._gazetteer.locate(address)
        wanted = self._kinds() if kinds is None else tuple(kinds)
        place = self._place(location)
        answers = {kind: self._answer(kind, location, place) for kind in wanted}
        return TerritoryAnswer.model_construct(location=location, kinds=answers)

    def _kinds(self) -> tuple[str, ...]:
        known = (kind for kind, count in self._of_kind.items() if count)
        return tuple(dict.fromkeys((*REFERRAL_KINDS, *known)))

    def _drop(self, organization: ServingOrganization, territory: Territory) -> None:
        key, kind, code = organization.key, organization.kind, territory.municipality
        if code is None:
            unshelve(self._regional[organization.region or "", kind], key, organization_of)
        else:
            self._shelves[code, kind].remove(key, territory)

    def _add(self, organization: ServingOrganization, territory: Territory) -> None:
        kind, code = organization.kind, territory.municipality
        if code is None:
            region = organization.region or ""
            candidate = self._candidate(organization, "region", self._names.get(region, region))
            shelve(self._regional[region, kind], candidate, organization_of)
            return
        shelf = self._shelves[code, kind]
        if territory.street:
            piece = self._piece(organization, territory, territory.street)
            shelf.add_street(piece)
        elif territory.city_district:
            candidate = self._candidate(organization, "city_district", territory.city_district)
            district = shelf.by_district[city_district_stem(territory.city_district)]
            shelve(district, candidate, organization_of)
        elif territory.settlement:
            candidate = self._candidate(organization, "settlement", territory.settlement)
            settlement = shelf.by_settlement[settlement_stem(territory.settlement)]
            shelve(settlement, candidate, organization_of)
        else:
            candidate = self._candidate(organization, "municipality", self._names.get(code, code))
            shelve(shelf.whole, candidate, organization_of)

    def _piece(
        self, organization: ServingOrganization, territory: Territory, street: str
    ) -> StreetPiece:
        district, settlement = territory.city_district, territory.settlement
        return StreetPiece(
            parse_street(street),
            territory,
            city_district_stem(district) if district else None,
            settlement_stem(settlement) if settlement else None,
            self._candidate(organization, "street", *street_words(territory)),
            self._cities.get(territory.municipality or ""),
        )

    @staticmethod
    def _candidate(
        organization: ServingOrganization, level: Level, area: str, area_ru: str | None = None
    ) -> Candidate:
        english, russian = _REASON[level]
        return Candidate(
            organization=organization.key,
            kind=organization.kind,
            level=level,
            reason_en=english.format(area),
            reason_ru=russian.format(area_ru or area),
        )

    def _answer(self, kind: str, location: Location, place: str) -> KindAnswer:
        candidates: dict[str, Candidate] = {}
        wider: dict[str, Candidate] = {}
        undecided = _open_by(location)
        for code in location.municipalities:
            found = self._shelves.get((code, kind), _EMPTY).match(location)
            undecided = undecided or found.undecided
            if not found.near and len(location.municipalities) > 1:
                # One that serves only some of the municipalities that fit is not certain either.
                undecided = undecided or "area"
            for item in found.near:
                candidates.setdefault(item.organization, item)
            for item in found.far:
                wider.setdefault(item.organization, item)
        regional = self._regional.get((location.region or "", kind), ())
        if candidates:
            wider.update((item.organization, item) for item in regional)
        else:
            candidates.update((item.organization, item) for item in regional)
            undecided = ""
        serving = tuple(candidates.values())
        outcome = _outcome(len(serving), bool(undecided))
        english, russian = statement(outcome, kind, place, location, undecided)
        return KindAnswer.model_construct(
            outcome=outcome,
            candidates=serving,
            wider=tuple(item for key, item in wider.items() if key not in candidates),
            statement_en=english,
            statement_ru=russian,
        )

    def _place(self, location: Location) -> str:
        names = [self._names.get(code, code) for code in location.municipalities]
        return " / ".join(names) or self._names.get(location.region or "", "")


def _open_by(location: Location) -> Undecided:
    """What leaves open in which municipality it is, before anybody is looked for."""
    if location.conflict and len(location.municipalities) == 1:
        return "contradiction"
    if location.unknown_settlement is not None:
        return "settlement"
    return "village" if location.may_repeat else ""


def _outcome(count: int, undecided: bool) -> Outcome:
    if count == 0:
        return "none"
    if count > 1:
        return "several"
    return "possible" if undecided else "one"
