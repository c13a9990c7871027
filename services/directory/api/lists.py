"""Lists of organizations: from the store; those of a municipality from memory."""

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
) -> Page[T]:
    """A page in order of ids. One that serves several municipalities is in the list of each."""
    if municipality is None:
        return await page(directory.organizations, query, "key", cursor, limit, show)
    check_municipality(municipality, "query.municipality")
    found = [
        document
        for document in directory.loaded().of_municipality(municipality)
        if query.items() <= ORGANIZATIONS.index(document.state).items()
    ]
    return kept(found, cursor, limit, show)
