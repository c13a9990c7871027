"""Every organization in memory, for the questions that may not wait for the store.

Invariant: an organization is replaced by a newer version of it only, whichever way it came: from
this process's own change or from a look at what other replicas changed. The index over who serves
what is kept with each of them: a lookup never builds it, however many come in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from contracts.territory import AddressQuery, TerritoryAnswer, index_of, serving_of
from services.directory.domain.organization import Organization, Status
from services.directory.domain.rows import ImportedRow


class Snapshot:
    """The organizations as last seen, and the index over the territories they serve."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Organization]] = {}
        self._index = index_of(())
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

    def imported(self) -> dict[str, ImportedRow]:
        """The rows that were taken from imported files, by organization."""
        return {
            key: organization.imported
            for key, (_, organization) in sorted(self._known.items())
            if organization.imported is not None
        }

    def who_serves(
        self, address: AddressQuery, kinds: Collection[str] | None = None
    ) -> TerritoryAnswer:
        """Who of those that take part serves an address; a few dictionaries are read."""
        return self._index.who_serves(address, kinds)
