"""Reading the offer in, making its index aside, and taking in what other replicas change.

Invariant: nothing is written here. A service of a data file is a document only after a person
changed it, so any number of replicas may start at once, and a start costs the store two questions.
"""

from __future__ import annotations

import asyncio

import structlog

from services.directory.adapters import morphology
from services.directory.adapters.service_files import read_words
from services.directory.directory import Directory
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.vocabulary import Vocabulary
from services.directory.domain.words import Language
from services.directory.freshness import keep_fresh, take_news

log = structlog.get_logger()


async def open_and_keep_fresh(directory: Directory) -> None:
    """What is done beside serving, from the start to the end."""
    while not directory.snapshot.complete:  # noqa: ASYNC110 - another task of ours loads
        await asyncio.sleep(0.05)
    await open_offer(directory)
    await keep_fresh(directory.refresh_seconds, lambda: refresh(directory))


async def open_offer(directory: Directory) -> None:
    """Take everything stored in, then index it: from then on the navigator answers."""
    await _take_services(directory)
    await _take_capacities(directory)
    offer = directory.offer
    entries = list(offer.entries())
    index, language = await directory.service.aside(_index, offer.vocabulary, entries)
    offer.open(index, language)
    log.info("offer-open", services=len(entries))


async def refresh(directory: Directory) -> None:
    """Take in what other replicas changed; two small queries."""
    offer = directory.offer
    await take_news(
        directory.services,
        offer.version_of,
        offer.take_service,
        lambda: _take_services(directory),
    )
    await take_news(
        directory.capacities,
        offer.capacity_version_of,
        offer.take_capacity,
        lambda: _take_capacities(directory),
    )


async def _take_services(directory: Directory) -> None:
    async for document in directory.services.each():
        directory.offer.take_service(document.state, document.version)


async def _take_capacities(directory: Directory) -> None:
    async for document in directory.capacities.each():
        directory.offer.take_capacity(document.state, document.version)


def _index(vocabulary: Vocabulary, entries: list[Entry]) -> tuple[SearchIndex, Language]:
    """Dictionaries and index: the work of a thread, which touches nothing that is served from."""
    morphology.load()
    index = SearchIndex(vocabulary, morphology.lemmas, morphology.closest)
    index.put_all(entries)
    return index, Language(morphology.lemmas, read_words())
