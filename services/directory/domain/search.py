"""The index of services: by words, codes, place, hours and free capacity; kept step by step (S).

Invariant: a service is found as it was put last. Everything is in memory; putting one service
touches its own words only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from contracts.directory import OrganizationCard, Territory
from contracts.offer import ServiceListing, ServiceStatus
from contracts.territory.municipality import city_district_stem
from contracts.territory.settlements import settlement_stem
from services.directory.domain.bitmap import Bitmaps
from services.directory.domain.hours_pattern import HoursPattern, pattern_of
from services.directory.domain.listing import GIVEN
from services.directory.domain.vocabulary import Facet, Vocabulary
from services.directory.domain.words import Lemmas, indexed_words

Closest = Callable[[str, Sequence[str]], str | None]
"""The word of a list that was probably meant by a misspelt one; None if none is close."""


Read = Callable[[str], Iterable[str]]
"""Every dictionary form of every word of a text."""


class Field(IntEnum):
    """Where a word stands; the value is its weight."""

    NAME = 8
    NEED = 6
    DESCRIBED = 5
    WHO = 3
    TEXT = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A service with its organization, as it is found."""

    listing: ServiceListing
    card: OrganizationCard
    free: bool
    taking_part: bool
    """Whether the organization takes part still."""

    @property
    def serves(self) -> tuple[Territory, ...]:
        """Where the service is given: its own places, else the organization's."""
        return self.listing.serves or self.card.serves


class SearchIndex:
    """Every service with the sets it is in."""

    def __init__(self, vocabulary: Vocabulary, lemmas: Lemmas, closest: Closest) -> None:
        self._vocabulary = vocabulary
        self._lemmas = lemmas
        self._closest = closest
        self._place_of: dict[str, int] = {}
        self._ids: list[str] = []
        self._entries: list[Entry] = []
        self.words: Bitmaps[tuple[str, Field]] = Bitmaps()
        self.sets: Bitmaps[tuple[str, str]] = Bitmaps()
        self.hours: Bitmaps[HoursPattern] = Bitmaps()
        self._sorted: list[str] | None = None

    def put(self, entry: Entry) -> None:
        """A service as it now is."""
        place = self._place(entry)
        self.words.put(place, self._words(entry, self._read))
        self.sets.put(place, self._sets(entry))
        self.hours.put(place, [pattern_of(entry.listing, entry.card)])
        self._sorted = None

    def put_all(self, entries: Iterable[Entry]) -> None:
        """Many new services at once."""
        placed = [(self._place(entry), entry) for entry in entries]
        read = cache(lambda text: tuple(indexed_words(text, self._lemmas)))
        self.words.put_all((place, self._words(entry, read)) for place, entry in placed)
        self.sets.put_all((place, self._sets(entry)) for place, entry in placed)
        self.hours.put_all(
            (place, [pattern_of(entry.listing, entry.card)]) for place, entry in placed
        )
        self._sorted = None

    def entry(self, place: int) -> Entry:
        """The service at a place."""
        return self._entries[place]

    def id_at(self, place: int) -> str:
        """The id of the service at a place: what is otherwise equal goes in its order."""
        return self._ids[place]

    def get(self, service: str) -> Entry | None:
        """A service by its id."""
        place = self._place_of.get(service)
        return None if place is None else self._entries[place]

    def holding(self, word: str, field: Field) -> int:
        """The services that have a word in a field."""
        return self.words[word, field]

    def best_field(self, place: int, forms: Iterable[str]) -> Field | None:
        """The weightiest field in which the service at a place has a word in one of its forms."""
        held = (at for form in forms for at in Field if self.words[form, at] >> place & 1)
        return max(held, default=None)

    def near(self, word: str) -> tuple[str, ...]:
        """Known words for one that no service has: such that begin so, else the closest one."""
        known = self._vocabulary_of_words()
        if len(word) >= 4:
            start = bisect_left(known, word)
            begun = [w for w in known[start : start + 20] if w.startswith(word)]
            if begun:
                return tuple(begun)
        close = self._closest(word, known)
        return (close,) if close is not None else ()

    def _vocabulary_of_words(self) -> list[str]:
        if self._sorted is None:
            self._sorted = sorted({word for word, _ in self.words})
        return self._sorted

    def _place(self, entry: Entry) -> int:
        place = self._place_of.setdefault(entry.listing.id, len(self._entries))
        if place == len(self._entries):
            self._entries.append(entry)
            self._ids.append(entry.listing.id)
        else:
            self._entries[place] = entry
        return place

    def _read(self, text: str) -> Iterable[str]:
        return indexed_words(text, self._lemmas)

    def _words(
        self, entry: Entry, read: Callable[[str], Iterable[str]]
    ) -> Iterator[tuple[str, Field]]:
        listing, card, vocabulary = entry.listing, entry.card, self._vocabulary
        described = [
            (facet, code)
            for facet in (Facet.KINDS, Facet.GROUPS, Facet.FORMS)
            for code in getattr(listing, facet)
        ]
        texts: list[tuple[Field, str]] = [
            (Field.NAME, listing.name),
            *((Field.NEED, vocabulary.ru("needs", code)) for code in listing.needs),
            *((Field.DESCRIBED, vocabulary.ru(facet, code)) for facet, code in described),
            (Field.WHO, card.name),
            (Field.WHO, vocabulary.ru("organizations", card.kind)),
            (Field.WHO, card.address.text if card.address else ""),
            (Field.TEXT, listing.description),
            (Field.TEXT, listing.eligibility or ""),
            *((Field.TEXT, self._about("needs", code)) for code in listing.needs),
            *((Field.TEXT, self._about("groups", code)) for code in listing.groups),
        ]
        for field, text in texts:
            for word in read(text):
                yield word, field

    def _about(self, name: str, code: str) -> str:
        term = self._vocabulary.terms(name).get(code)
        return term.about if term is not None else ""

    def _sets(self, entry: Entry) -> Iterator[tuple[str, str]]:
        listing = entry.listing
        yield "all", ""
        yield "organization", listing.organization
        if entry.taking_part and listing.status in GIVEN:
            yield "given", ""
            if listing.status is ServiceStatus.ACTIVE:
                yield "running", ""
        if entry.free:
            yield "free", ""
        for facet in Facet:
            for code in getattr(listing, facet):
                yield facet, code
        if entry.card.region is not None:
            yield "in-region", entry.card.region
        for place in entry.serves:
            yield from _areas(place, entry.card.region)


def _areas(place: Territory, region: str | None) -> Iterator[tuple[str, str]]:
    if place.municipality is None:
        if region is not None:
            yield "region", region
        return
    yield "some-of", place.municipality
    if place.settlement:
        yield "settlement", f"{place.municipality}/{settlement_stem(place.settlement)}"
    elif place.city_district:
        yield "district", f"{place.municipality}/{city_district_stem(place.city_district)}"
        yield "districts-of", place.municipality
    else:
        yield "municipality", place.municipality
