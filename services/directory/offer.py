"""Every service in memory with what is free of it, and the index over them (S).

Invariant: a service, and what is free, is replaced by a newer version of it only. What a data file
says of a service holds until a person's change of it is known, and in what they left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from contracts.offer import ServiceCapacity, ServiceListing
from services.directory.domain.capacity import OrganizationCapacity
from services.directory.domain.listing import GIVEN, ListedService, begin_from_file, refile
from services.directory.domain.organization import Organization, Status
from services.directory.domain.places import Places
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.vocabulary import Vocabulary
from services.directory.domain.words import Language
from services.directory.order import Order
from services.directory.snapshot import Snapshot

LONG_AGO = datetime(2013, 10, 3, tzinfo=UTC)
"""Since when a service is known whose organization is not: the day of the oldest source."""


class Offer:
    """The services of all organizations, as last seen."""

    def __init__(
        self, snapshot: Snapshot, filed: Mapping[str, ServiceListing], vocabulary: Vocabulary
    ) -> None:
        self.vocabulary = vocabulary
        self.filed = filed
        self.index: SearchIndex | None = None
        self.language: Language | None = None
        self.places: Places | None = None
        self._snapshot = snapshot
        self._services: dict[str, tuple[int, ListedService]] = {}
        self._capacities: dict[str, tuple[int, OrganizationCapacity]] = {}
        self._begun: dict[str, ListedService] = {}
        self._filed_since: Mapping[str, datetime] = {}
        self._counted_at: dict[str, datetime] = {}
        self.order = Order()
        for listing in filed.values():
            self.order.take_service(listing.id, listing.organization)
        snapshot.taken = self.take_organization

    def take_service(self, service: ListedService, version: int) -> None:
        """Keep this version of a service, unless a newer one is known."""
        if version <= self.version_of(service.id):
            return
        refile(service, self.filed.get(service.id))
        self._services[service.id] = (version, service)
        self.order.take_service(service.id, service.listing.organization)
        self._put([service.id])

    def take_capacity(self, capacity: OrganizationCapacity, version: int) -> None:
        """Keep this version of what is free, unless a newer one is known."""
        if version <= self.capacity_version_of(capacity.id):
            return
        self._capacities[capacity.id] = (version, capacity)
        self._counted_at |= capacity.moments()
        self._put(self.order.of(capacity.id))

    def take_organization(self, organization: Organization) -> None:
        """An organization was changed: its services are found by its new name and places."""
        self.order.take_organization(organization)
        services = self.order.of(organization.id)
        for service in services:
            self._begun.pop(service, None)
        self._put(services)

    def take_filed(self, since: Mapping[str, datetime]) -> None:
        """Keep since when the files say of each service what they say now."""
        self._filed_since = since
        self._begun.clear()

    def version_of(self, service: str) -> int:
        """The version known of a service; 0 for one that only a file has."""
        return self._services[service][0] if service in self._services else 0

    def capacity_version_of(self, organization: str) -> int:
        """The version known of what is free at an organization; 0 if it never counted."""
        return self._capacities[organization][0] if organization in self._capacities else 0

    def get(self, service: str) -> ListedService | None:
        """A service, given or withdrawn."""
        if service in self._services:
            return self._services[service][1]
        if service not in self._begun and service in self.filed:
            self._begun[service] = self.begun(self.filed[service])
        return self._begun.get(service)

    def begun(self, filed: ServiceListing) -> ListedService:
        """A service as its file has it, rebuilt; known since both it and its organization are."""
        organization = self._snapshot.get(filed.organization)
        known = organization.changed_at if organization is not None else LONG_AGO
        since = max(known, self._filed_since.get(filed.id, LONG_AGO))
        return begin_from_file(filed, since)

    def changed_at(self, service: ListedService) -> datetime:
        """When a service, its file, or what is free of it last changed. It never goes back:
        what is counted no longer was changed by that."""
        filed = self._filed_since.get(service.id, LONG_AGO)
        return max(service.changed_at, filed, self._counted_at.get(service.id, LONG_AGO))

    def of(self, organization: str) -> Iterator[ListedService]:
        """The services of an organization, in order of their ids."""
        return (
            service for one in self.order.of(organization) if (service := self.get(one)) is not None
        )

    def given_by(self, organization: str) -> int:
        """How many services of an organization are listed as given."""
        return sum(service.listing.status in GIVEN for service in self.of(organization))

    def capacities_of(self, listing: ServiceListing) -> tuple[ServiceCapacity, ...]:
        """What is free of a service, as far as it is counted."""
        kept = self._capacities.get(listing.organization)
        return kept[1].of(listing.id) if kept is not None else ()

    def entries(self) -> Iterator[Entry]:
        """Everything that is to be found."""
        return (
            entry
            for service in self.order.services()
            if (entry := self._entry(service)) is not None
        )

    def open(self, index: SearchIndex, language: Language, places: Places) -> None:
        """Begin to answer from what was made aside; what changed meanwhile comes in."""
        for entry in self.entries():
            if index.get(entry.listing.id) != entry:
                index.put(entry)
        self.index, self.language, self.places = index, language, places

    def _put(self, services: Iterable[str]) -> None:
        if self.index is None:
            return
        for service in services:
            entry = self._entry(service)
            if entry is not None:
                self.index.put(entry)

    def _entry(self, service: str) -> Entry | None:
        found = self.get(service)
        organization = self._snapshot.get(found.listing.organization) if found else None
        if found is None or organization is None:
            return None
        return Entry(
            listing=found.listing,
            card=organization.card,
            free=any(one.available for one in self.capacities_of(found.listing)),
            taking_part=organization.status is Status.PUBLISHED,
        )
