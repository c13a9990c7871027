"""How much is free at an organization: kept apart, for it changes many times a day (M, L).

One small document for each organization; what is said of one unit of one service replaces what was
said before. Who may is decided before: an organization counts its own, an editor anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from contracts.context import Context
from contracts.errors import InvalidInput, NotPermitted
from contracts.event import Event
from contracts.offer import CapacityChanged, CapacityKey, ServiceCapacity, ServiceListing, Units
from contracts.roles import Role
from contracts.values import Actor, Line, Value
from services.directory.domain.listing import GIVEN
from services.directory.domain.vocabulary import Vocabulary

CHANGES_KEPT = 20


class Counted(Value):
    """What is said to be free now."""

    service: Line
    unit: Line
    available: Units
    maximum: Units | None = None
    description: Line | None = None


class CapacityChange(Value):
    """One change: when, by which office, why, and the numbers of each unit, before and after."""

    at: AwareDatetime
    role: str
    organization: str | None = None
    reason: Line
    before: tuple[ServiceCapacity, ...] = ()
    after: tuple[ServiceCapacity, ...] = ()


class OrganizationCapacity(BaseModel):
    """What is free at one organization, by service and unit."""

    id: str
    capacities: list[ServiceCapacity] = []
    changed_at: AwareDatetime
    changes: list[CapacityChange] = []
    moved: dict[str, AwareDatetime] = {}
    """When what is free of each service was last changed, be it that it is counted no longer."""

    def moments(self) -> dict[str, datetime]:
        """The same, also as far as a version that did not keep it wrote the document."""
        found: dict[str, datetime] = dict(self.moved)
        told = [
            (entry.service, change.at)
            for change in self.changes
            for entry in (*change.before, *change.after)
        ]
        for service, at in [*told, *((one.service, one.updated_at) for one in self.capacities)]:
            found[service] = max(found.get(service, at), at)
        return found

    def of(self, service: str) -> tuple[ServiceCapacity, ...]:
        """What is free of one service."""
        return tuple(entry for entry in self.capacities if entry.service == service)


def require_own(organization: str, by: Actor) -> None:
    """An organization says what is free at itself; the directory's editor of anybody (S)."""
    if by.role != Role.DIRECTORY_EDITOR and by.organization != organization:
        raise NotPermitted(
            "own-capacity-only",
            "an organization changes its own capacity; the directory's editor changes any",
            clause="S",
        )


def change_capacity(
    kept: OrganizationCapacity,
    counted: Sequence[Counted],
    uncounted: Sequence[CapacityKey],
    given: Mapping[str, ServiceListing],
    vocabulary: Vocabulary,
    reason: str,
    at: Context,
) -> list[Event]:
    """Take new numbers in. `given` are the organization's services by id."""
    _check(kept, counted, uncounted, given, vocabulary)
    known = {_key(entry): entry for entry in kept.capacities}
    new = {_key(entry): ServiceCapacity(**dict(entry), updated_at=at.now) for entry in counted}
    gone = [_key(entry) for entry in uncounted]
    before = tuple(known[key] for key in [*new, *gone] if key in known)
    touched = {service: at.now for service, _ in [*new, *gone]}
    kept.moved = kept.moments() | touched
    kept.capacities = [entry for key, entry in sorted((known | new).items()) if key not in gone]
    kept.changed_at = at.now
    change = CapacityChange(
        at=at.now,
        role=at.by.role,
        organization=at.by.organization,
        reason=reason,
        before=before,
        after=tuple(new.values()),
    )
    kept.changes = [*kept.changes, change][-CHANGES_KEPT:]
    return [
        CapacityChanged(
            by=at.by, capacities=change.after, uncounted=tuple(uncounted), reason=reason
        )
    ]


def _key(entry: CapacityKey | Counted) -> tuple[str, str]:
    return entry.service, entry.unit


def _check(
    kept: OrganizationCapacity,
    counted: Sequence[Counted],
    uncounted: Sequence[CapacityKey],
    given: Mapping[str, ServiceListing],
    vocabulary: Vocabulary,
) -> None:
    keys = [*map(_key, counted), *map(_key, uncounted)]
    if not keys:
        raise _wrong("nothing-counted", "send at least one number", "capacities")
    if len(set(keys)) != len(keys):
        raise _wrong("counted-twice", "each unit of a service once", "capacities")
    vocabulary.require("units", (entry.unit for entry in counted), "capacities.unit")
    for entry in counted:
        listing = given.get(entry.service)
        if listing is None or listing.status not in GIVEN:
            raise _wrong(
                "unknown-service", "the organization gives no such service", "capacities.service"
            )
        if entry.maximum is not None and entry.available > entry.maximum:
            raise _wrong(
                "more-than-there-is",
                "what is free is at most what there is",
                "capacities.available",
            )
    present = {_key(entry) for entry in kept.capacities}
    if any(_key(entry) not in present for entry in uncounted):
        raise _wrong("not-counted", "this is not counted at present", "uncounted")


def _wrong(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause="M")
