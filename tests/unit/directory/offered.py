"""Invented services for the directory's unit tests, and an index over them."""

from __future__ import annotations

from typing import Any

from contracts.offer import ServiceListing
from services.directory.adapters.morphology import closest, lemmas
from services.directory.adapters.service_files import read_vocabulary, read_words
from services.directory.domain.finding import Found, Question, find
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.words import Language
from tests.unit.directory.builders import card

VOCABULARY = read_vocabulary()
LANGUAGE = Language(lemmas, read_words())


def listing(**changes: Any) -> ServiceListing:
    """An invented service."""
    item: dict[str, Any] = {
        "id": "x-institution-01.equipment",
        "organization": "x-institution-01",
        "name": "Пункт проката",
        "description": "Ходунки и костыли на время болезни.",
        "kinds": ["communication"],
        "needs": ["equipment"],
        "groups": ["older_people"],
        "forms": ["semi_residential"],
        "source": "invented",
    }
    return ServiceListing.model_validate(item | changes)


def entry(
    id: str = "x-institution-01.equipment",
    *,
    free: bool = False,
    taking_part: bool = True,
    organization: dict[str, Any] | None = None,
    **changes: Any,
) -> Entry:
    """An invented service as it is found."""
    return Entry(listing(id=id, **changes), card(**(organization or {})), free, taking_part)


def index_of(*entries: Entry) -> SearchIndex:
    """An index over these services."""
    index = SearchIndex(VOCABULARY, lemmas, closest)
    index.put_all(entries)
    return index


def found(index: SearchIndex, words: str | None = None, count: int = 10, **asked: Any) -> Found:
    """What is found by words and whatever else is asked."""
    units = LANGUAGE.units(words) if words is not None else ()
    return find(index, Question(units=units, **asked), VOCABULARY, 0, count)


def ids(answer: Found) -> list[str]:
    """The ids of the services found, best first."""
    return [hit.entry.listing.id for hit in answer.hits]
