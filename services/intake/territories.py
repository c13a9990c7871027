"""Who serves an address, from memory: the directory's institutions with an index over what they
serve (R 3.1.2).

Invariant: an institution is replaced by a later copy of it only, whichever way that came: stored by
this process, or found when looking at what other replicas stored. None is left out for its number.
"""

from __future__ import annotations

import asyncio

import structlog

from chassis.document import Document
from chassis.store import Collection, StoreUnavailable
from contracts.copies import OrganizationCopy
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.territory import index_of, query_of, serving_of
from contracts.territory.statements import Outcome
from contracts.values import Address

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""How often it is looked for what other replicas have heard of the directory."""
LOOKED_AT = 1000
"""Institutions by one look."""


class Territories:
    """The institutions that take part, in step with the copies of the directory."""

    def __init__(self, looked_at: int = LOOKED_AT) -> None:
        self._index = index_of(())
        self._cards: dict[str, OrganizationCard] = {}
        self._revs: dict[str, int] = {}
        self._whole = False
        self._looked_at = looked_at

    def take(self, document: Document[OrganizationCopy]) -> None:
        """A copy as it was stored, unless a later one is known."""
        if document.rev <= self._revs.get(document.id, 0):
            return
        copy, self._revs[document.id] = document.state, document.rev
        if copy.card is not None and copy.kind == OrganizationKind.INSTITUTION:
            self._cards[copy.id] = copy.card
            self._index.put(serving_of(copy.card))
        else:
            self._cards.pop(copy.id, None)
            self._index.remove(copy.id)

    async def ready(self, organizations: Collection[OrganizationCopy]) -> None:
        """Every copy is read once; whoever asks before that waits for it."""
        if self._whole:
            return
        async for document in organizations.each():
            self.take(document)
        self._whole = True

    async def refresh(self, organizations: Collection[OrganizationCopy]) -> None:
        """Take what other replicas stored: the revisions are looked at, what is new is read."""
        await self.ready(organizations)
        present, after = dict[str, int](), ""
        while True:
            query = {"kind": OrganizationKind.INSTITUTION.value, "id": {"$gt": after}}
            page = await organizations.look(query, "rev", limit=self._looked_at)
            present |= {found["id"]: found["rev"] for found in page}
            if len(page) < self._looked_at:
                break
            after = page[-1]["id"]
        changed = {key for key, rev in present.items() if rev > self._revs.get(key, 0)}
        for key in sorted(changed | (self._cards.keys() - present.keys())):
            document = await organizations.get(key)
            if document is not None:
                self.take(document)

    async def keep_fresh(self, organizations: Collection[OrganizationCopy]) -> None:
        """Look now and then, to the end; while the store is away, what is known stands."""
        while True:
            try:
                await self.refresh(organizations)
            except StoreUnavailable:
                log.warning("territories-wait-for-store")
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def regions(self) -> set[str]:
        """The regions they lie in, as ISO 3166-2 codes."""
        return {card.region for card in self._cards.values() if card.region}

    def who_serves(self, address: Address) -> tuple[Outcome, list[OrganizationCard]]:
        """How certain it is who serves an address, and who may (`contracts/territory`)."""
        kind = OrganizationKind.INSTITUTION.value
        found = self._index.who_serves(query_of(address), kinds=[kind]).kinds[kind]
        return found.outcome, [self._cards[one.organization] for one in found.candidates]
