"""Reading the offer in, making its index aside, and taking in what other replicas change.

A service of a data file is a document only after a person changed it, so any number of replicas may
start at once, and a start costs the store three questions. Written is only, once for every change
of the files, since when they say what they say: whichever replica is first, the others go by it.
"""

from __future__ import annotations

import asyncio

import structlog

from chassis.document import Document
from chassis.races import until_won
from contracts.territory import municipalities, regions
from services.directory.adapters import morphology
from services.directory.adapters.service_files import read_words
from services.directory.directory import Directory
from services.directory.domain.appendix import Appendix
from services.directory.domain.filed import ID, FiledServices, brought_up
from services.directory.domain.places import Places
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.vocabulary import Vocabulary
from services.directory.domain.words import Language
from services.directory.freshness import News, keep_fresh

log = structlog.get_logger()


async def open_and_keep_fresh(directory: Directory) -> None:
    """What is done beside serving, from the start to the end."""
    while not directory.snapshot.complete:  # noqa: ASYNC110 - another task of ours loads
        await asyncio.sleep(0.05)
    await open_offer(directory)
    offer, now = directory.offer, directory.service.now
    services = News(directory.services, offer.version_of, offer.take_service, now)
    capacities = News(directory.capacities, offer.capacity_version_of, offer.take_capacity, now)

    async def refresh() -> None:
        await services.take_in()
        await capacities.take_in()

    await keep_fresh(directory.refresh_seconds, refresh)


async def open_offer(directory: Directory) -> None:
    """Take everything stored in, then index it: from then on the navigator answers."""
    await _take_filed(directory)
    await _take_services(directory)
    await _take_capacities(directory)
    offer = directory.offer
    entries = list(offer.entries())
    made = await directory.service.aside(_made, directory.appendix, offer.vocabulary, entries)
    offer.open(*made)
    directory.service.keep()
    log.info("offer-open", services=len(entries))


@until_won("list of filed services")
async def _take_filed(directory: Directory) -> None:
    """Another replica may say so meanwhile."""
    document = await directory.filed_services.get(ID)
    document = document or Document(id=ID, state=FiledServices())
    known, now = document.state, directory.service.now()
    found = brought_up(known.services, directory.offer.filed, now)
    if found != known.services:
        known.services = found
        await directory.filed_services.save(document)
    directory.offer.take_filed(known.since)


async def _take_services(directory: Directory) -> None:
    async for document in directory.services.each():
        directory.offer.take_service(document.state, document.version)


async def _take_capacities(directory: Directory) -> None:
    async for document in directory.capacities.each():
        directory.offer.take_capacity(document.state, document.version)


def _made(
    appendix: Appendix, vocabulary: Vocabulary, entries: list[Entry]
) -> tuple[SearchIndex, Language, Places]:
    """Dictionaries and index: the work of a thread, which touches nothing that is served from."""
    morphology.load()
    lemmas = morphology.lemmas
    index = SearchIndex(vocabulary, lemmas, morphology.closest)
    index.put_all(entries)
    places = Places(appendix.gazetteer, municipalities(), regions(), lemmas, morphology.nearest)
    return index, Language(lemmas, read_words()), places
