"""Lists of organizations: from the store; those of a municipality, and those that a change
is announced of, from memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chassis.document import Document
from chassis.paging import Page, kept, page
from services.directory.directory import Directory
from services.directory.domain.card_rules import check_municipality
from services.directory.domain.organization import Organization
from services.directory.stores import ORGANIZATIONS

T = TypeVar("T")


async def listed(
    directory: Directory,
    query: dict[str, str],
    municipality: str | None,
    cursor: str | None,
    limit: int,
    show: Callable[[Document[Organization]], T],
    *,
    announced: bool = False,
) -> Page[T]:
    """A page in order of ids. One that serves several municipalities is in the list of each.

    With `announced` only those that a change is announced of.
    """
    if municipality is None and not announced:
        return await page(directory.organizations, query, "key", cursor, limit, show)
    snapshot = directory.loaded()
    if municipality is not None:
        check_municipality(municipality, "query.municipality")
        kept_in_memory = snapshot.of_municipality(municipality)
    else:
        kept_in_memory = snapshot.announcing()
    found = [
        document
        for document in kept_in_memory
        if query.items() <= ORGANIZATIONS.index(document.state).items()
        and (document.state.announced or not announced)
    ]
    return kept(found, cursor, limit, show)
