"""Every organization in memory, for the questions that may not wait for the store.

Invariant: an organization is replaced by a newer version of it only, whichever way it came: from
this process's own change or from a look at what other replicas changed. The index over who serves
what is kept with each of them: a lookup never builds it, however many come in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from chassis.document import Document
from contracts.territory import AddressQuery, TerritoryAnswer, index_of, serving_of
from services.directory.domain.organization import Organization, Status
from services.directory.domain.register import claim_of, numbers_shared


class Snapshot:
    """The organizations as last seen, and the index over the territories they serve."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Organization]] = {}
        self._index = index_of(())
        self._marks: dict[str, frozenset[str]] = {}
        self._marked: dict[str, set[str]] = defaultdict(set)
        self.complete = False
        self.taken: Callable[[Organization], None] = lambda organization: None
        """Told of every organization that is taken in."""

    def __len__(self) -> int:
        return len(self._known)

    def take(self, organization: Organization, version: int) -> None:
        """Keep this version, unless a newer one is known."""
        if version <= self.version_of(organization.id):
            return
        self._known[organization.id] = (version, organization)
        self._mark(organization)
        if organization.status is Status.PUBLISHED:
            self._index.put(serving_of(organization.card))
        else:
            self._index.remove(organization.id)
        self.taken(organization)

    def version_of(self, organization_id: str) -> int:
        """The version known of an organization; 0 if none is."""
        return self._known[organization_id][0] if organization_id in self._known else 0

    def get(self, organization_id: str) -> Organization | None:
        """An organization, published or retired."""
        return self._known[organization_id][1] if organization_id in self._known else None

    def all(self) -> dict[str, tuple[int, Organization]]:
        """Every organization with its version, as it stands now."""
        return dict(self._known)

    def of_municipality(self, code: str) -> list[Document[Organization]]:
        """All that serve a municipality or a part of it, be it beside others; by id."""
        return self._documents(f"place/{code}")

    def announcing(self) -> list[Document[Organization]]:
        """All that a change is announced of, by id."""
        return self._documents("announced")

    def _documents(self, mark: str) -> list[Document[Organization]]:
        known = ((key, *self._known[key]) for key in sorted(self._marked.get(mark, ())))
        return [Document(id=key, state=state, version=version) for key, version, state in known]

    def with_numbers_of(self, organization: Organization) -> list[Organization]:
        """Other entries with the INN or OGRN of an entry, or of its amendment, whatever became of
        them; by id."""
        numbers = claim_of(organization).particulars.numbers().items()
        marks = [f"{name}/{number}" for name, number in numbers]
        keys = {key for mark in marks for key in self._marked.get(mark, ())}
        others = (self._known[key][1] for key in sorted(keys))
        return [other for other in others if numbers_shared(organization, other)]

    def answering_to(self, organization_id: str) -> list[str]:
        """Those that take part and answer to one, or are announced to; by id."""
        return sorted(self._marked.get(f"parent/{organization_id}", ()))

    def astray(self) -> list[str]:
        """Those that take part and answer to one that was retired, by id: none, but where both
        were decided in one moment."""
        known = [one for _, one in self._known.values()]
        retired = {one.id for one in known if one.status is Status.RETIRED}
        return sorted(
            one.id for one in known if one.status is Status.PUBLISHED and one.card.parent in retired
        )

    def who_serves(
        self, address: AddressQuery, kinds: Collection[str] | None = None
    ) -> TerritoryAnswer:
        """Who of those that take part serves an address; a few dictionaries are read."""
        return self._index.who_serves(address, kinds)

    def _mark(self, organization: Organization) -> None:
        """Have it found by its municipalities and numbers, and by no others."""
        before, now = self._marks.get(organization.id, frozenset()), _marks_of(organization)
        for mark in before - now:
            self._marked[mark].discard(organization.id)
        for mark in now - before:
            self._marked[mark].add(organization.id)
        self._marks[organization.id] = now


def _marks_of(organization: Organization) -> frozenset[str]:
    entry = organization.entry
    numbers = entry.particulars.numbers().items() if entry is not None else ()
    parents = {organization.card.parent, *(item.card.parent for item in organization.announced)}
    takes_part = organization.status is Status.PUBLISHED
    return frozenset(
        [
            *(f"parent/{parent}" for parent in parents if parent is not None and takes_part),
            *(("announced",) if organization.announced else ()),
            *(f"place/{code}" for code in organization.municipalities),
            *(f"{name}/{number}" for name, number in numbers),
        ]
    )
