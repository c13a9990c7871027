"""Use cases of the directory: one function, one save."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.store import StoreUnavailable
from contracts.context import Context
from contracts.directory import ORGANIZATION, OrganizationCard
from contracts.event import Event
from contracts.values import Actor
from services.directory.directory import Directory
from services.directory.domain.card_rules import check_card
from services.directory.domain.correction import Correction, correct
from services.directory.domain.organization import Organization, change, publish

Decide = Callable[[Organization, Context], Sequence[Event]]


async def publish_organization(
    directory: Directory, card: OrganizationCard, request: Request, by: Actor
) -> Answered:
    """Enter a new organization. Its id comes from the key, so a repetition finds it there."""
    await _check(directory, card)
    at = directory.service.at(by)
    organization, events = publish(card, at)
    answered = await directory.service.commands.create(
        directory.organizations,
        Document(id=organization.id, state=organization),
        ORGANIZATION,
        request,
        at,
        events,
    )
    await _see(directory, card.id)
    return answered


async def change_organization(
    directory: Directory, organization_id: str, request: Request, by: Actor, decide: Decide
) -> Answered:
    """Carry a decision out on an organization; this process answers from it at once."""
    at = directory.service.at(by)
    answered = await directory.service.commands.execute(
        directory.organizations,
        organization_id,
        ORGANIZATION,
        request,
        at,
        lambda organization: decide(organization, at),
        visible=lambda _: True,
        what="organization",
    )
    await _see(directory, organization_id)
    return answered


async def replace_card(
    directory: Directory, card: OrganizationCard, reason: str, request: Request, by: Actor
) -> Answered:
    """A new card for an organization, with the reason (R 1.3)."""
    await _check(directory, card)
    return await change_organization(
        directory, card.id, request, by, lambda found, at: change(found, card, reason, at)
    )


async def accept_corrections(
    directory: Directory,
    organization_id: str,
    corrections: Sequence[Correction],
    reason: str,
    request: Request,
    by: Actor,
) -> Answered:
    """Proposals of the quality report, accepted by a person with the reason (R 1.3)."""
    appendix = directory.appendix
    faults = appendix.faults_of(organization_id)
    return await change_organization(
        directory,
        organization_id,
        request,
        by,
        lambda found, at: correct(found, corrections, faults, appendix.gazetteer, reason, at),
    )


async def _check(directory: Directory, card: OrganizationCard) -> None:
    parent = await directory.organizations.get(card.parent) if card.parent else None
    check_card(card, parent.state if parent else None)


async def _see(directory: Directory, organization_id: str) -> None:
    """Have what was stored in memory at once; if the store is away, the next look finds it."""
    with contextlib.suppress(StoreUnavailable):
        document = await directory.organizations.get(organization_id)
        if document is not None:
            directory.snapshot.take(document.state, document.version)
