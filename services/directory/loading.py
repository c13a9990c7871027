"""Loading the data files into the store, and keeping what is in memory fresh.

Invariant: every row becomes its own document by its own write, so a process that dies in the
middle leaves a beginning that the next start completes; several replicas that start at once load
each row once, for the document's id is the row's key. What is up to date is not written, nor what a
newer file set brought, which a replica of the version before does not know yet.
"""

from __future__ import annotations

import structlog

from chassis.document import Document
from chassis.races import until_won
from contracts.directory import FIRST_KINDS, ORGANIZATION
from contracts.values import SYSTEM
from services.directory.directory import Directory
from services.directory.domain.announcing import take_effect
from services.directory.domain.loading import enter_row, is_up_to_date, take_row
from services.directory.domain.organization import Organization
from services.directory.freshness import News, keep_fresh

log = structlog.get_logger()


async def load_and_keep_fresh(directory: Directory) -> None:
    """What the directory does beside serving, from its start to its end."""
    await load_files(directory)
    await keep_fresh(directory.refresh_seconds, news_of(directory).take_in)


async def load_files(directory: Directory) -> None:
    """Bring every row of the files in; may be done again at any time."""
    stored = await _take_all(directory)
    for key, card in directory.appendix.cards.items():
        if card.kind not in FIRST_KINDS and not directory.further_kinds:
            continue
        await _load_row(directory, key, stored.get(key))
    directory.snapshot.complete = True
    log.info("organizations-loaded", rows=len(directory.appendix.rows), known=len(stored))


def news_of(directory: Directory) -> News[Organization]:
    """What other replicas change of organizations."""
    snapshot = directory.snapshot
    return News(directory.organizations, snapshot.version_of, snapshot.take, directory.service.now)


async def _take_all(directory: Directory) -> dict[str, Document[Organization]]:
    stored = {document.id: document async for document in directory.organizations.each()}
    for document in stored.values():
        directory.snapshot.take(document.state, document.version)
    return stored


async def _load_row(
    directory: Directory, key: str, document: Document[Organization] | None
) -> None:
    row, card = directory.appendix.rows[key], directory.appendix.cards[key]
    files, tried = directory.appendix.version, 0

    @until_won("organization")
    async def attempt() -> None:
        nonlocal tried
        tried += 1
        present = document if tried == 1 else await directory.organizations.get(key)
        if present is None or not is_up_to_date(present.state, row, card, files):
            await _store_row(directory, key, present)
        else:
            directory.snapshot.take(present.state, present.version)

    await attempt()


async def _store_row(
    directory: Directory, key: str, document: Document[Organization] | None
) -> None:
    row, card = directory.appendix.rows[key], directory.appendix.cards[key]
    at, files = directory.service.at(SYSTEM), directory.appendix.version
    if document is None:
        organization, events = enter_row(row, card, at, files)
        document = Document(id=key, state=organization)
    else:
        due = take_effect(document.state, at)
        events = [*due, *take_row(document.state, row, card, at, files)]
    await directory.service.commands.store(
        directory.organizations, document, ORGANIZATION, None, at, events
    )
