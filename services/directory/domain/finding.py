"""Finding services: filters that all hold, words that rank, and why each was found (S)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, or_

from contracts.territory import Location
from services.directory.domain.hours_pattern import HoursPattern
from services.directory.domain.ranking import Levels, page_of, ranked
from services.directory.domain.search import Entry, Field, SearchIndex
from services.directory.domain.vocabulary import Facet, Vocabulary
from services.directory.domain.words import Unit, Way

OpenIn = Callable[[HoursPattern], bool]
"""Whether who has such hours is open at the moment asked about."""

SAID, MEANT, GUESSED = 10, 8, 4
"""Of three ways to find a word, what each is worth."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; what is not said does not restrict."""

    units: tuple[Unit, ...] = ()
    codes: Mapping[Facet, Collection[str]] = field(default_factory=dict)
    location: Location | None = None
    organization: str | None = None
    open_in: OpenIn | None = None
    free: bool = False
    given_only: bool = True


@dataclass(frozen=True, slots=True)
class Why:
    """That a word was found: in which field, and as which word if not as itself."""

    typed: str
    field: Field
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that was found, and why."""

    entry: Entry
    why: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, how much there is, and how it divides.

    `partly`: no service has all that was asked for; these have the most of it.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[Facet, Mapping[str, int]]
    partly: bool
    elsewhere: int = 0
    """How much there is without the place, where the place has nothing."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """A word that was looked up: the ways that led somewhere, with what they are worth."""

    unit: Unit
    ways: tuple[tuple[Way, int], ...]
    levels: Levels

    @property
    def bits(self) -> int:
        return reduce(or_, self.levels.values(), 0)


def find(
    index: SearchIndex, question: Question, vocabulary: Vocabulary, start: int, count: int
) -> Found:
    """The services that fit, best first; some of them from `start` on."""
    looked = [_look_up(index, unit) for unit in question.units]
    base = _filtered(index, question)
    by_words, partly = _by_words(looked, base)
    of_facet = {facet: _of_codes(index, question, facet) for facet in Facet}
    hits = reduce(and_, of_facet.values(), by_words)
    groups = ranked(hits, [*(word.levels for word in looked), _nearness(index, question)])
    return Found(
        total=hits.bit_count(),
        hits=tuple(
            Hit(index.entry(place), _why(index, place, looked))
            for place in page_of(groups, start, count, index.id_at)
        ),
        facets={
            facet: _counts(
                index,
                facet,
                reduce(and_, (bits for of, bits in of_facet.items() if of != facet), by_words),
                vocabulary,
            )
            for facet in Facet
        },
        partly=partly,
        elsewhere=0 if hits else _elsewhere(index, question, looked, of_facet.values()),
    )


def _elsewhere(
    index: SearchIndex, question: Question, looked: list[_Looked], codes: Iterable[int]
) -> int:
    if question.location is None:
        return 0
    base = _filtered(index, replace(question, location=None))
    return reduce(and_, codes, _by_words(looked, base)[0]).bit_count()


def _filtered(index: SearchIndex, question: Question) -> int:
    bits = index.sets["given" if question.given_only else "all", ""]
    if question.organization is not None:
        bits &= index.sets["organization", question.organization]
    if question.free:
        bits &= index.sets["free", ""]
    if question.location is not None:
        bits &= reduce(or_, _nearness(index, question).values(), 0)
    if question.open_in is not None:
        bits &= index.sets["running", ""] & reduce(
            or_,
            (found for pattern, found in index.hours.items() if question.open_in(pattern)),
            0,
        )
    return bits


def _of_codes(index: SearchIndex, question: Question, facet: Facet) -> int:
    codes = question.codes.get(facet)
    if not codes:
        return index.sets["all", ""]
    return reduce(or_, (index.sets[facet, code] for code in codes), 0)


def _nearness(index: SearchIndex, question: Question) -> Levels:
    """Who serves the place: its own quarter or village before the municipality and the region."""
    where = question.location
    if where is None:
        return {}
    sets, near, wide = index.sets, 0, 0
    if not where.municipalities:
        return {20: sets["in-region", where.region or ""]}
    for code in where.municipalities:
        if where.settlement is not None:
            near |= sets["settlement", f"{code}/{where.settlement}"]
        if where.city_district is not None:
            near |= sets["district", f"{code}/{where.city_district}"]
        wide |= sets["municipality", code]
        if where.settlement is None and where.city_district is None:
            wide |= sets["some-of", code]
        elif where.city_district is None:
            wide |= sets["districts-of", code]  # which of them is meant is not known
    region = sets["region", where.region] if where.region is not None else 0
    return {30: near, 20: wide & ~near, 5: region & ~wide & ~near}


def _look_up(index: SearchIndex, unit: Unit) -> _Looked:
    ways = [(way, SAID if way.meant is None else MEANT) for way in unit.ways]
    levels = _levels(index, ways)
    if not levels:
        ways = [(Way((frozenset({near}),), near), GUESSED) for near in _near(index, unit)]
        levels = _levels(index, ways)
    rarity = _rarity(index, reduce(or_, levels.values(), 0))
    weighed = {weight * rarity: bits for weight, bits in levels.items()}
    return _Looked(unit, tuple(ways), weighed)


def _rarity(index: SearchIndex, bits: int) -> int:
    """What few services have tells more than what most have: from 1 to 5."""
    times = index.sets["all", ""].bit_count() // max(bits.bit_count(), 1)
    return min(max(times, 1).bit_length(), 5)


def _near(index: SearchIndex, unit: Unit) -> list[str]:
    """Known words for a unit that nothing has."""
    forms = [form for way in unit.ways for form in sorted(way.words[0])]
    return list(dict.fromkeys(near for form in forms for near in index.near(form)))


def _levels(index: SearchIndex, ways: list[tuple[Way, int]]) -> Levels:
    """Services by the weight of the best way in which they have what was asked for."""
    found: Levels = {}
    for way, worth in ways:
        for weight, bits in _of_way(index, way).items():
            found[weight * worth] = found.get(weight * worth, 0) | bits
    best: Levels = {}
    seen = 0
    for weight in sorted(found, reverse=True):
        fresh = found[weight] & ~seen
        if fresh:
            best[weight] = fresh
            seen |= fresh
    return best


def _of_way(index: SearchIndex, way: Way) -> Levels:
    """All words of the way; it weighs what its weakest word does."""
    levels: Levels = {int(field): 0 for field in Field}
    enough = index.sets["all", ""]
    reached = 0
    for weight in sorted(levels, reverse=True):
        reached_here = enough
        for forms in way.words:
            reached_here &= _in_fields(index, forms, weight)
        levels[weight] = reached_here & ~reached
        reached |= reached_here
    return {weight: bits for weight, bits in levels.items() if bits}


def _in_fields(index: SearchIndex, forms: frozenset[str], least: int) -> int:
    """Services that have a word in a field of at least that weight."""
    return reduce(
        or_,
        (index.holding(form, at) for form in forms for at in Field if at >= least),
        0,
    )


def _by_words(looked: list[_Looked], base: int) -> tuple[int, bool]:
    """Those that have every word; if none has, those that have the most."""
    every = reduce(and_, (word.bits for word in looked), base)
    if every or not looked or not base:
        return every, False
    counts = [base]  # counts[n]: those that have at least n of the words
    for word in looked:
        counts.append(0)
        for number in range(len(counts) - 1, 0, -1):
            counts[number] |= counts[number - 1] & word.bits
    most = next((bits for bits in reversed(counts[1:]) if bits), 0)
    return most, bool(most)


def _counts(
    index: SearchIndex, facet: Facet, hits: int, vocabulary: Vocabulary
) -> Mapping[str, int]:
    counted = {
        code: (index.sets[facet, code] & hits).bit_count() for code in vocabulary.terms(facet)
    }
    return {code: count for code, count in counted.items() if count}


def _why(index: SearchIndex, place: int, looked: list[_Looked]) -> tuple[Why, ...]:
    reasons = (_reason(index, place, word) for word in looked)
    return tuple(why for why in reasons if why is not None)


def _reason(index: SearchIndex, place: int, word: _Looked) -> Why | None:
    best: tuple[int, Why] | None = None
    for way, worth in word.ways:
        fields = [index.best_field(place, forms) for forms in way.words]
        weakest = min((field for field in fields if field is not None), default=None)
        if weakest is None or None in fields:
            continue
        if best is None or weakest * worth > best[0]:
            best = (weakest * worth, Why(word.unit.typed, weakest, way.meant))
    return best[1] if best is not None else None
