"""Whom a citizen's id means by now: two citizens may turn out to be one person (L 5.1)."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.document import Document
from chassis.store import Collection
from services.intake.domain.citizen import Citizen


async def find_citizen(citizens: Collection[Citizen], citizen_id: str) -> Document[Citizen] | None:
    """The citizen an id means: their own document, or that of whom they were joined to.

    One read, and one more for each joining: they lead to ever earlier citizens, so they end.
    """
    found = await citizens.get(citizen_id)
    return None if found is None else await survivor_of(citizens, found)


async def same_people(citizens: Collection[Citizen], ids: Iterable[str]) -> set[str]:
    """Every id that means one of these people: of two who were joined, both (L 5.1).

    One query, and one more for each joining on the way from one to the other.
    """
    known, asked = set[str](), set(ids)
    while asked:
        known |= asked
        found = await citizens.find({"_id": {"$in": sorted(asked)}}, limit=len(asked))
        states = [document.state for document in found]
        asked = {joining.citizen for one in states for joining in one.joinings}
        asked |= {one.joined_to for one in states if one.joined_to is not None}
        asked -= known
    return known


async def survivor_of(
    citizens: Collection[Citizen], document: Document[Citizen]
) -> Document[Citizen]:
    """The document itself, or that of whom its citizen was joined to (L 5.1)."""
    while document.state.joined_to is not None:
        further = await citizens.get(document.state.joined_to)
        if further is None:
            break
        document = further
    return document
