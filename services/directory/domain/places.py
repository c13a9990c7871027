"""Places as people name them: in any grammatical form, with their kind or without it (S).

What the gazetteer understands as part of an address is understood so. Else the words are compared
with the names that are known, as words of a question are; and what is merely like a name is
proposed, never taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.errors import InvalidInput
from contracts.territory import AddressQuery, Gazetteer, Location, Municipality, Region
from services.directory.domain.words import BETWEEN, Lemmas, words_of

Nearest = Callable[[str, Sequence[str]], Sequence[str]]
"""The names of a list that are most like a text, the likest first; none if none is like it."""

RAYON = frozenset({"муниципальный", "район", "округ", "р", "н", "мо"})
URBAN = frozenset({"город", "г", "гор", "городской", "округ", "го"})
SETTLEMENT = frozenset(
    {"поселок", "пос", "п", "село", "с", "деревня", "дер", "д", "пгт", "рп", "станция", "ст",
     "рабочий", "тип", "городской", "город", "г", "гор"}
)  # fmt: skip
PART = frozenset({"жилой", "район", "р", "н", "ж", "жр"})
REGION = frozenset({"область", "обл", "город", "г"})
KINDS = RAYON | URBAN | SETTLEMENT | PART | REGION
"""Words that say of which kind a place is, by the kinds of places that are called so."""


class UnknownPlace(InvalidInput):
    """No such place among ours; `nearest` are names that may have been meant."""

    def __init__(self, nearest: Sequence[str]) -> None:
        perhaps = f"; perhaps {' or '.join(nearest)}" if nearest else ""
        super().__init__(
            "unknown-place",
            f"not a place of this directory's regions{perhaps}",
            field="query.place",
            clause="S",
        )
        self.nearest = tuple(nearest)


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    words: tuple[frozenset[str], ...]
    """Without those that say its kind."""
    said: frozenset[str]
    """The words that say its kind in the name itself."""
    kinds: frozenset[str]
    """All words that may say its kind."""
    query: AddressQuery


class Places:
    """The places of our regions by their names; made once."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        municipalities: Iterable[Municipality],
        regions: Iterable[Region],
        lemmas: Lemmas,
        nearest: Nearest,
    ) -> None:
        self._gazetteer = gazetteer
        self._lemmas = lemmas
        self._nearest = nearest
        self._codes: set[str] = set()
        self._known: list[_Known] = []
        for region in regions:
            for name in (region.name, *region.aliases, *region.cities):
                self._add(name, REGION, AddressQuery(text=name))
        for municipality in municipalities:
            self._codes.add(municipality.code)
            for name, kinds, query in _names(municipality):
                self._add(name, kinds, query)

    def locate(self, place: str | None, municipality: str | None) -> Location | None:
        """Where both are; None if neither is said.

        Raises InvalidInput: `unknown-place`, `unknown-municipality`,
        `place-outside-municipality`: both must hold.
        """
        if municipality is not None and municipality not in self._codes:
            raise InvalidInput(
                "unknown-municipality",
                "no municipality of this directory's regions has that code",
                field="query.municipality",
                clause="S",
            )
        where = self._place(place) if place is not None else None
        if municipality is None:
            return where
        whole = self._gazetteer.locate(AddressQuery(municipality=municipality))
        if where is None or (not where.municipalities and where.region == whole.region):
            return whole
        if municipality not in where.municipalities:
            raise InvalidInput(
                "place-outside-municipality",
                f"the place does not lie in {municipality}: say one of the two",
                field="query.place",
                clause="S",
            )
        return where.model_copy(update={"municipalities": (municipality,)})

    def _place(self, text: str) -> Location:
        written = self._gazetteer.locate(AddressQuery(text=text))
        if _is_found(written):
            return written
        found = [self._gazetteer.locate(known.query) for known in self._named(text)]
        located = list(dict.fromkeys(where for where in found if _is_found(where)))
        if not located:
            names = list(dict.fromkeys(known.name for known in self._known))
            raise UnknownPlace(self._nearest(text, names))
        return _together(located)

    def _named(self, text: str) -> list[_Known]:
        """Those of that name, of the kind that is said; such as are called just so go alone."""
        words, said = self._read(text)
        found = [
            known
            for known in self._known
            if len(known.words) == len(words)
            and said <= known.kinds
            and all(a & b for a, b in zip(known.words, words, strict=True))
        ]
        return [known for known in found if known.said == said] or found

    def _add(self, name: str, kinds: frozenset[str], query: AddressQuery) -> None:
        words, said = self._read(name)
        self._known.append(_Known(name, words, said, kinds, query))

    def _read(self, text: str) -> tuple[tuple[frozenset[str], ...], frozenset[str]]:
        """The words of a name in all their dictionary forms, and those that say its kind."""
        names: list[frozenset[str]] = []
        kinds: set[str] = set()
        for word in words_of(text):
            forms = frozenset(re.sub("ской$", "ский", form) for form in self._lemmas(word))
            of_kind = ({word} | forms) & KINDS
            if of_kind:
                kinds |= of_kind
            elif word not in BETWEEN:
                names.append(forms)
        return tuple(names), frozenset(kinds)


def _names(item: Municipality) -> Iterator[tuple[str, frozenset[str], AddressQuery]]:
    own = AddressQuery(municipality=item.code)
    kinds = URBAN if item.kind == "urban_district" else RAYON
    for name in (item.name, *item.aliases):
        yield name, kinds, own
    for name in (*item.settlements, *item.further_settlements):
        query = AddressQuery(settlement=name)
        yield name, URBAN if name == item.city else SETTLEMENT, query
    for district in item.city_districts:
        yield district.name, PART, AddressQuery(city_district=district.name)


def _is_found(where: Location) -> bool:
    return bool(where.municipalities) or where.region is not None


def _together(found: list[Location]) -> Location:
    """All places of one name: as where the name of a village does not say in which rayon it is."""
    regions = {where.region for where in found}
    return Location(
        region=next(iter(regions)) if len(regions) == 1 else None,
        municipalities=tuple(dict.fromkeys(code for one in found for code in one.municipalities)),
        settlement=next((one.settlement for one in found if one.settlement), None),
        city_district=next((one.city_district for one in found if one.city_district), None),
    )
