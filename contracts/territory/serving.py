"""Who serves an address: by municipality, city district and settlement (R 1.3, R 3.1.2).

An authorised body or an MFC passes a referral to the institution that serves the citizen's
address. The index is built once from the directory's organizations; a lookup reads a few
dictionaries. It proposes with reasons and says plainly when there are several or none.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from contracts.directory import Territory
from contracts.territory.gazetteer import AddressQuery, Gazetteer, Location
from contracts.territory.municipality import (
    Municipality,
    Region,
    city_district_stem,
    normal_name,
)

Level = Literal["city_district", "settlement", "municipality", "region"]
Outcome = Literal["one", "several", "possible", "none"]

REFERRAL_KINDS: Final = ("authorised_body", "institution")
"""The kinds a referral needs (R 3.1.2): always answered, be it with "none"."""

_KIND_RU: Final[Mapping[str, str]] = {
    "authorised_body": "уполномоченный орган", "institution": "учреждение",
    "department": "департамент", "coordination_centre": "координационный центр", "mfc": "МФЦ",
    "medical_organization": "медицинская организация", "provider": "поставщик услуг",
    "pension_fund_office": "территориальный орган ПФР",
}  # fmt: skip
_REASON: Final[Mapping[Level, tuple[str, str]]] = {
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


class Candidate(BaseModel):
    """An organization that serves the address, and why we say so."""

    model_config = ConfigDict(frozen=True)

    organization: str
    kind: str
    level: Level
    reason_en: str
    reason_ru: str


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


class _Shelf:
    """The organizations of one kind in one municipality."""

    def __init__(self) -> None:
        self.whole: list[Candidate] = []
        self.by_district: dict[str, list[Candidate]] = defaultdict(list)
        self.by_settlement: dict[str, list[Candidate]] = defaultdict(list)

    def match(self, location: Location) -> tuple[list[Candidate], list[Candidate], bool]:
        """(candidates, wider, undecided) for an address in this municipality."""
        district, settlement = location.city_district, location.settlement
        exact = [
            *(self.by_district.get(district, ()) if district else ()),
            *(self.by_settlement.get(settlement, ()) if settlement else ()),
        ]
        if exact:
            return exact, self.whole, False
        open_parts = [
            *(() if district else self.by_district.values()),
            *(() if settlement else self.by_settlement.values()),
        ]
        possible = [candidate for part in open_parts for candidate in part]
        return [*possible, *self.whole], [], bool(possible)


_EMPTY: Final = _Shelf()


class TerritoryIndex:
    """Organizations by the territory they serve; built once, read-only afterwards."""

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
        self._shelves: dict[tuple[str, str], _Shelf] = defaultdict(_Shelf)
        self._regional: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        kinds = dict.fromkeys(REFERRAL_KINDS)
        for organization in organizations:
            kinds[organization.kind] = None
            for territory in organization.serves:
                self._add(organization, territory)
        self._kinds = tuple(kinds)

    def who_serves(
        self, address: AddressQuery, kinds: Collection[str] | None = None
    ) -> TerritoryAnswer:
        """Candidates for the address by kind, each with its reason (R 1.3, R 3.1.2)."""
        location = self._gazetteer.locate(address)
        wanted = self._kinds if kinds is None else tuple(kinds)
        place = self._place(location)
        answers = {kind: self._answer(kind, location, place) for kind in wanted}
        return TerritoryAnswer.model_construct(location=location, kinds=answers)

    def _add(self, organization: ServingOrganization, territory: Territory) -> None:
        kind, code = organization.kind, territory.municipality
        if code is None:
            region = organization.region or ""
            candidate = self._candidate(organization, "region", self._names.get(region, region))
            self._regional[region, kind].append(candidate)
            return
        shelf = self._shelves[code, kind]
        if territory.city_district:
            candidate = self._candidate(organization, "city_district", territory.city_district)
            shelf.by_district[city_district_stem(territory.city_district)].append(candidate)
        elif territory.settlement:
            candidate = self._candidate(organization, "settlement", territory.settlement)
            shelf.by_settlement[normal_name(territory.settlement)].append(candidate)
        else:
            name = self._names.get(code, code)
            shelf.whole.append(self._candidate(organization, "municipality", name))

    @staticmethod
    def _candidate(organization: ServingOrganization, level: Level, area: str) -> Candidate:
        english, russian = _REASON[level]
        return Candidate(
            organization=organization.key,
            kind=organization.kind,
            level=level,
            reason_en=english.format(area),
            reason_ru=russian.format(area),
        )

    def _answer(self, kind: str, location: Location, place: str) -> KindAnswer:
        candidates: dict[str, Candidate] = {}
        wider: dict[str, Candidate] = {}
        undecided = False
        for code in location.municipalities:
            shelf = self._shelves.get((code, kind), _EMPTY)
            near, far, is_open = shelf.match(location)
            # One that serves only some of the municipalities that fit is not certain either.
            undecided = undecided or is_open or (not near and len(location.municipalities) > 1)
            candidates.update((item.organization, item) for item in near)
            wider.update((item.organization, item) for item in far)
        regional = self._regional.get((location.region or "", kind), ())
        if candidates:
            wider.update((item.organization, item) for item in regional)
        else:
            candidates.update((item.organization, item) for item in regional)
            undecided = False
        found = tuple(candidates.values())
        outcome = _outcome(len(found), undecided)
        english, russian = _statement(outcome, kind, place, location, undecided)
        return KindAnswer.model_construct(
            outcome=outcome,
            candidates=found,
            wider=tuple(item for key, item in wider.items() if key not in candidates),
            statement_en=english,
            statement_ru=russian,
        )

    def _place(self, location: Location) -> str:
        names = [self._names.get(code, code) for code in location.municipalities]
        return " / ".join(names) or self._names.get(location.region or "", "")


def _outcome(count: int, undecided: bool) -> Outcome:
    if count == 0:
        return "none"
    if count > 1:
        return "several"
    return "possible" if undecided else "one"


def _statement(
    outcome: Outcome, kind: str, place: str, location: Location, undecided: bool
) -> tuple[str, str]:
    """The outcome in words, with the cause where we know it."""
    english, russian = kind.replace("_", " "), _KIND_RU.get(kind, kind)
    if outcome == "one":
        return f"One {english} serves this address.", f"Адрес обслуживает один: {russian}."
    if outcome == "none":
        if location.elsewhere:
            name = location.elsewhere
            return (
                f"The address names “{name}”, which is not in this directory.",
                f"В адресе назван «{name}»: его нет в справочнике.",
            )
        if not place:
            return (
                "The municipality of this address could not be told.",
                "Не удалось определить муниципалитет по адресу.",
            )
        return (
            f"No {english} is recorded for this address in {place}.",
            f"Для этого адреса ({place}) не указан: {russian}.",
        )
    cause_en, cause_ru = _cause(location, undecided)
    return (
        f"Not decided which {english} serves this address in {place}: {cause_en}.",
        f"Не определено, кто обслуживает адрес ({place}; {russian}): {cause_ru}.",
    )


def _cause(location: Location, undecided: bool) -> tuple[str, str]:
    if location.conflict:
        return (
            "the municipality and the city named are different ones",
            "названы разные муниципалитет и город",
        )
    if len(location.municipalities) > 1:
        return "several municipalities fit the address", "адресу подходят несколько муниципалитетов"
    if location.unknown_city_district:
        name = location.unknown_city_district
        return f"the city district “{name}” is not known", f"район города «{name}» неизвестен"
    if undecided:
        return (
            "the city district or settlement that decides is not known",
            "не указан район города или населённый пункт",
        )
    return "several serve the same territory", "одну территорию обслуживают несколько"
