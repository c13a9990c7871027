"""A service in the directory: its states, what may happen in which, and who changed what (S).

What a data file says of a service needs no document until a person departs from it; from then on
the two are merged field by field, so that neither a restart nor a newer file undoes an edit.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel

from contracts.context import Context
from contracts.errors import InvalidInput, require_allowed
from contracts.event import Event
from contracts.offer import (
    ServiceChanged,
    ServiceListed,
    ServiceListing,
    ServiceStatus,
    ServiceWithdrawn,
)
from contracts.values import Line, Value

CHANGES_KEPT = 30
"""How many changes a service remembers; the register's log has them all."""


class Action(StrEnum):
    """What can be done with a service."""

    CHANGE = "change"
    WITHDRAW = "withdraw"
    RELIST = "relist"


GIVEN = frozenset({ServiceStatus.ACTIVE, ServiceStatus.INACTIVE, ServiceStatus.TEMPORARILY_CLOSED})
ALLOWED: dict[Action, frozenset[ServiceStatus]] = {
    Action.CHANGE: GIVEN,
    Action.WITHDRAW: GIVEN,
    Action.RELIST: frozenset({ServiceStatus.DEFUNCT}),
}
"""What may happen in which state; one test walks every state × action."""


class ChangedField(Value):
    """One field before and after, as text."""

    field: str
    before: str = ""
    after: str = ""


class ListingChange(Value):
    """One change: when, by which office, why, and what. No person is named: it is public."""

    at: AwareDatetime
    action: str
    role: str
    organization: str | None = None
    reason: Line
    fields: tuple[ChangedField, ...] = ()


class ListedService(BaseModel):
    """Everything the directory keeps of one service."""

    id: str
    listing: ServiceListing
    filed: ServiceListing | None = None
    """What the data file said when a person last changed it; an edit departs from it."""
    changed_at: AwareDatetime
    changes: list[ListingChange] = []


def list_service(
    listing: ServiceListing, reason: str, at: Context
) -> tuple[ListedService, list[Event]]:
    """Enter a service that no data file holds."""
    service = ListedService(id=listing.id, listing=listing, changed_at=at.now)
    _require_given(listing)
    _note(service, "create", None, reason, at)
    return service, [ServiceListed(by=at.by, listing=listing, reason=reason)]


def change_service(
    service: ListedService, listing: ServiceListing, reason: str, at: Context
) -> list[Event]:
    """Put a new listing in the place of the present one; the reason travels with it."""
    _require(service, Action.CHANGE)
    _require_given(listing)
    if listing.organization != service.listing.organization:
        raise InvalidInput(
            "organization-fixed", "a service stays with its organization", field="organization"
        )
    if listing == service.listing:
        raise InvalidInput("nothing-changed", "the listing is the present one", field="service")
    before, service.listing = service.listing, listing
    _note(service, "update", before, reason, at)
    return [ServiceChanged(by=at.by, listing=listing, reason=reason)]


def withdraw_service(service: ListedService, reason: str, at: Context) -> list[Event]:
    """The service is given no longer; it stays readable, and is found no more."""
    _require(service, Action.WITHDRAW)
    before = service.listing
    service.listing = before.model_copy(update={"status": ServiceStatus.DEFUNCT})
    _note(service, "withdraw", before, reason, at)
    return [ServiceWithdrawn(by=at.by, organization=before.organization, reason=reason)]


def relist_service(service: ListedService, reason: str, at: Context) -> list[Event]:
    """The service is given again."""
    _require(service, Action.RELIST)
    before = service.listing
    service.listing = before.model_copy(update={"status": ServiceStatus.ACTIVE})
    _note(service, "relist", before, reason, at)
    return [ServiceListed(by=at.by, listing=service.listing, reason=reason)]


def begin_from_file(filed: ServiceListing, since: datetime) -> ListedService:
    """The service as its data file has it, before a person's first change."""
    return ListedService(id=filed.id, listing=filed, filed=filed, changed_at=since)


def refile(service: ListedService, filed: ServiceListing | None) -> None:
    """Take a newer file over, except in fields that a person has changed.

    A status is never taken over once it is stored: what was withdrawn stays so.
    """
    before = service.filed
    if filed is None or before is None or filed == before:
        return
    taken = {
        name: getattr(filed, name)
        for name in ServiceListing.model_fields
        if name != "status" and getattr(service.listing, name) == getattr(before, name)
    }
    service.listing = service.listing.model_copy(update=taken)
    service.filed = filed


def _require(service: ListedService, action: Action) -> None:
    require_allowed(ALLOWED, action, service.listing.status, "service", clause="S")


def _require_given(listing: ServiceListing) -> None:
    if listing.status not in GIVEN:
        raise InvalidInput(
            "withdraw-instead",
            "a service that is given no longer is withdrawn, with the reason",
            field="service.status",
            clause="S",
        )


def _note(
    service: ListedService, action: str, before: ServiceListing | None, reason: str, at: Context
) -> None:
    service.changed_at = at.now
    fields = tuple(
        ChangedField(field=name, before=_text(old), after=_text(new))
        for name in ServiceListing.model_fields
        if before is not None
        and (old := getattr(before, name)) != (new := getattr(service.listing, name))
    )
    change = ListingChange(
        at=at.now,
        action=action,
        role=at.by.role,
        organization=at.by.organization,
        reason=reason,
        fields=fields,
    )
    service.changes = [*service.changes, change][-CHANGES_KEPT:]


def _text(value: object) -> str:
    """A field as a change log shows it, shortened: the whole stands in the event."""
    if isinstance(value, tuple):
        text = ", ".join(_text(item) for item in value)
    elif isinstance(value, Value):
        text = value.model_dump_json(exclude_none=True)
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= 300 else text[:299] + "…"
