"""Use cases of services and capacity: one function, one save (S, M)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.commands import Request
from chassis.document import Answered, Document
from contracts.context import Context
from contracts.errors import NotFound
from contracts.event import Event
from contracts.offer import CAPACITY, SERVICE, CapacityKey, ServiceListing
from contracts.values import Actor
from services.directory.commands import answered_before, taking_part
from services.directory.directory import Directory
from services.directory.domain.capacity import (
    Counted,
    OrganizationCapacity,
    change_capacity,
    require_own,
)
from services.directory.domain.listing import ListedService, change_service, list_service, refile
from services.directory.domain.listing_rules import check_listing
from services.directory.domain.organization import Organization

Decide = Callable[[ListedService, Context], Sequence[Event]]


async def enter_service(
    directory: Directory, listing: ServiceListing, reason: str, request: Request, by: Actor
) -> Answered:
    """A service that no data file holds. Its id comes from the key: a repetition finds it."""
    if (known := await _checked(directory, listing, request)) is not None:
        return known
    at = directory.service.at(by)
    service, events = list_service(listing, reason, at)
    return await directory.service.commands.create(
        directory.services, Document(id=service.id, state=service), SERVICE, request, at, events
    )


async def change_listed(
    directory: Directory, service_id: str, request: Request, by: Actor, decide: Decide
) -> Answered:
    """Carry a decision out on a service."""
    at = directory.service.at(by)
    filed = directory.offer.filed.get(service_id)

    def decision(service: ListedService) -> Sequence[Event]:
        refile(service, filed)  # the editor has seen the newer file
        return decide(service, at)

    return await directory.service.commands.execute(
        directory.services,
        service_id,
        SERVICE,
        request,
        at,
        decision,
        visible=lambda _: True,
        what="service",
        begin=lambda: begun(directory, service_id),
    )


async def replace_listing(
    directory: Directory, listing: ServiceListing, reason: str, request: Request, by: Actor
) -> Answered:
    """A new listing for a service, with the reason."""
    if (known := await _checked(directory, listing, request)) is not None:
        return known
    return await change_listed(
        directory,
        listing.id,
        request,
        by,
        lambda service, at: change_service(service, listing, reason, at),
    )


async def count_capacity(
    directory: Directory,
    organization_id: str,
    counted: Sequence[Counted],
    uncounted: Sequence[CapacityKey],
    reason: str,
    request: Request,
    by: Actor,
) -> Answered:
    """What is free at an organization now: its own small document, and nothing else is written."""

    async def check() -> None:
        await require_taking_part(directory, organization_id)
        await _know(directory, [item.service for item in counted])
        await _know(directory, [item.service for item in uncounted])

    known = await answered_before(directory, directory.capacities, organization_id, request, check)
    if known is not None:
        return known
    at = directory.service.at(by)
    given = {service.id: service.listing for service in directory.offer.of(organization_id)}
    vocabulary = directory.offer.vocabulary

    def decision(kept: OrganizationCapacity) -> Sequence[Event]:
        require_own(organization_id, by)
        return change_capacity(kept, counted, uncounted, given, vocabulary, reason, at)

    return await directory.service.commands.execute(
        directory.capacities,
        organization_id,
        CAPACITY,
        request,
        at,
        decision,
        visible=lambda _: True,
        what="organization",
        begin=lambda: uncounted_yet(directory, organization_id),
    )


def begun(directory: Directory, service_id: str) -> Document[ListedService] | None:
    """A service that only a data file has, as a document that was never stored."""
    filed = directory.offer.filed.get(service_id)
    if filed is None:
        return None
    return Document(id=service_id, state=directory.offer.begun(filed))


def uncounted_yet(directory: Directory, organization_id: str) -> Document[OrganizationCapacity]:
    """An organization that never counted what is free."""
    state = OrganizationCapacity(id=organization_id, changed_at=directory.service.now())
    return Document(id=organization_id, state=state)


async def require_taking_part(directory: Directory, organization_id: str) -> Organization:
    """An organization that takes part; any other does not exist here."""
    organization = await taking_part(directory, organization_id)
    if organization is None:
        raise NotFound("organization")
    return organization


async def _checked(
    directory: Directory, listing: ServiceListing, request: Request
) -> Answered | None:
    """Check a listing; what was answered before, if it does not pass any more."""

    async def check() -> None:
        organization = await taking_part(directory, listing.organization)
        card = organization.card if organization is not None else None
        check_listing(listing, card, directory.offer.vocabulary)

    return await answered_before(directory, directory.services, listing.id, request, check)


async def _know(directory: Directory, services: Sequence[str]) -> None:
    """Look up what is not known here: another replica may just have listed it."""
    for service in services:
        if directory.offer.get(service) is None:
            document = await directory.services.get(service)
            if document is not None:
                directory.offer.take_service(document.state, document.version)
