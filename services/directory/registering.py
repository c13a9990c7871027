"""Use cases of the registers of providers and of volunteers' organizations (L)."""

from __future__ import annotations

from collections.abc import Callable

from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.store import AlreadyExists
from contracts.directory import ORGANIZATION, OrganizationCard
from contracts.values import Actor
from services.directory.commands import Decide, change_organization, entered_before
from services.directory.directory import Directory
from services.directory.domain.organization import Organization
from services.directory.domain.register import (
    amend,
    missing_checks,
    number_taken,
    propose,
    publish_entry,
)
from services.directory.domain.register_entry import Particulars

Visible = Callable[[Organization], bool]


async def propose_entry(
    directory: Directory,
    card: OrganizationCard,
    particulars: Particulars,
    request: Request,
    by: Actor,
) -> Answered:
    """A proposal: one write, and nobody else hears of it."""
    if (known := await entered_before(directory, card, request)) is not None:
        return known
    at = directory.service.at(by)
    organization = propose(card, particulars, at)
    return await directory.service.commands.create(
        directory.organizations,
        Document(id=organization.id, state=organization),
        ORGANIZATION,
        request,
        at,
        (),
    )


async def amend_entry(
    directory: Directory,
    card: OrganizationCard,
    particulars: Particulars,
    reason: str,
    request: Request,
    by: Actor,
    visible: Visible,
) -> Answered:
    """A corrected entry: it is looked at anew."""
    if (known := await entered_before(directory, card, request)) is not None:
        return known
    return await decide_on_entry(
        directory,
        card.id,
        request,
        by,
        lambda found, at: amend(
            found, card.model_copy(update={"kind": found.card.kind}), particulars, reason, at
        ),
        visible,
    )


async def publish_checked(
    directory: Directory,
    entry_id: str,
    reason: str,
    despite: str | None,
    request: Request,
    by: Actor,
) -> Answered:
    """Publish an entry, one with its INN and OGRN in its register: those that are known are named,
    and of two that are published at once the store takes one."""
    snapshot = directory.loaded()
    try:
        return await decide_on_entry(
            directory,
            entry_id,
            request,
            by,
            lambda found, at: publish_entry(
                found, reason, at, snapshot.with_numbers_of(found), despite
            ),
        )
    except AlreadyExists as taken:
        raise number_taken() from taken


async def decide_on_entry(
    directory: Directory,
    entry_id: str,
    request: Request,
    by: Actor,
    decide: Decide,
    visible: Visible = lambda organization: True,
) -> Answered:
    """Carry a decision out on an entry; what has still to pass is answered with it, and how many
    services are listed of it: what an entry claims is in no list of services by itself."""
    return await change_organization(
        directory,
        entry_id,
        request,
        by,
        decide,
        visible=lambda found: found.entry is not None and visible(found),
        answer=lambda found: {
            "status": str(found.standing),
            "missing_checks": [str(item) for item in missing_checks(found)],
            "services_listed": directory.offer.given_by(found.id),
        },
    )
