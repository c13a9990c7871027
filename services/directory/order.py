"""Which records there are, in the order of their ids, and whose a UUID of HSDS is.

Invariant: in step with the memory it stands beside, for it is told of everything that is taken in
there. What the order rests on changes seldom: a list is put in order again only after it did, and
a page of it, or one record, costs what is shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from services.directory.domain.organization import Organization, Status
from services.directory.hsds_ids import hsds_id


@dataclass(frozen=True, slots=True)
class _Standing:
    """All of an organization that decides in which lists it and its services are."""

    takes_part: bool
    is_public: bool
    is_located: bool


@dataclass(frozen=True, slots=True)
class _Lists:
    organizations: tuple[str, ...]
    with_retired: tuple[str, ...]
    services: tuple[str, ...]
    located: tuple[str, ...]


class Order:
    """The lists of organizations and services, and their UUIDs."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}
        self._of: dict[str, set[str]] = defaultdict(set)
        self._by_uuid: dict[str, str] = {}
        self._lists: _Lists | None = None

    def take_organization(self, organization: Organization) -> None:
        """An organization as it stands now."""
        standing = _Standing(
            takes_part=organization.status is Status.PUBLISHED,
            is_public=not organization.is_proposal,
            is_located=organization.card.address is not None,
        )
        if self._standing.get(organization.id) == standing:
            return
        self._standing[organization.id] = standing
        self._by_uuid[hsds_id("organization", organization.id)] = organization.id
        self._lists = None

    def take_service(self, service: str, organization: str) -> None:
        """A service of an organization, whether that is known yet or not."""
        if service in self._of[organization]:
            return
        self._of[organization].add(service)
        for kind in ("service", "service_at_location"):
            self._by_uuid[hsds_id(kind, service)] = service
        self._lists = None

    def of(self, organization: str) -> list[str]:
        """The services of an organization."""
        return sorted(self._of.get(organization, ()))

    def organizations(self) -> tuple[str, ...]:
        """Those that take part."""
        return self._present().organizations

    def with_retired(self) -> tuple[str, ...]:
        """Those that take part, and those that did."""
        return self._present().with_retired

    def services(self) -> tuple[str, ...]:
        """Those of organizations that are known, retired ones too; of no proposal."""
        return self._present().services

    def located_services(self) -> tuple[str, ...]:
        """Those of them whose organization's address is known."""
        return self._present().located

    def named(self, kind: str, uuid: str) -> str | None:
        """The id of the record of a kind that has this UUID."""
        found = self._by_uuid.get(uuid)
        return found if found is not None and hsds_id(kind, found) == uuid else None

    def _present(self) -> _Lists:
        if self._lists is None:
            public = {key: one for key, one in self._standing.items() if one.is_public}
            self._lists = _Lists(
                organizations=tuple(sorted(key for key, one in public.items() if one.takes_part)),
                with_retired=tuple(sorted(public)),
                services=self._services(public),
                located=self._services({k: one for k, one in public.items() if one.is_located}),
            )
        return self._lists

    def _services(self, organizations: dict[str, _Standing]) -> tuple[str, ...]:
        return tuple(sorted(one for key in organizations for one in self._of.get(key, ())))
