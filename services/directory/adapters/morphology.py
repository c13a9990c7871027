"""Russian words: their dictionary forms (pymorphy3) and what is nearest to them (rapidfuzz)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from pymorphy3 import MorphAnalyzer  # type: ignore[import-untyped]
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

KEPT = 200_000
"""Words whose forms are remembered: more than a region's directory has."""

LEAST_LIKENESS = 0.75
LEAST_PROPOSED, MOST_PROPOSED = 0.6, 3
"""What is only proposed to a person may be less like."""
SHORTEST_MISSPELT = 4
"""A shorter word is too like too many others."""


@cache
def _analyzer() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")


def load() -> None:
    """Read the dictionaries: takes a moment, so it is done aside."""
    _analyzer()


@lru_cache(maxsize=KEPT)
def lemmas(word: str) -> frozenset[str]:
    """All dictionary forms of a word, «ё» as «е»."""
    parsed = _analyzer().parse(word)
    return frozenset(form.normal_form.replace("ё", "е") for form in parsed) or frozenset({word})


def closest(word: str, known: Sequence[str]) -> str | None:
    """The known word that was probably meant, one or two slips away."""
    if len(word) < SHORTEST_MISSPELT:
        return None
    found = process.extractOne(
        word,
        known,
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=LEAST_LIKENESS,
    )
    return None if found is None else str(found[0])


def nearest(text: str, known: Sequence[str]) -> list[str]:
    """A few names that a text is most like, the likest first, whatever the capitals."""
    if len(text) < SHORTEST_MISSPELT:
        return []
    found = process.extract(
        text.lower(),
        {name: name.lower() for name in known},
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=LEAST_PROPOSED,
        limit=MOST_PROPOSED,
    )
    return [str(name) for _, _, name in found]
