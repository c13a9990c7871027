"""Use cases of the directory: one function, one save."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.store import AlreadyExists, Collection
from contracts.context import Context
from contracts.directory import FIRST_KINDS, ORGANIZATION, OrganizationCard
from contracts.errors import Refusal
from contracts.event import Event
from contracts.values import SYSTEM, Actor
from services.directory.directory import Directory
from services.directory.domain.announcing import announce, is_due, take_effect
from services.directory.domain.card_rules import above_of, check_card, parent_stands
from services.directory.domain.correction import Correction, correct
from services.directory.domain.organization import (
    Organization,
    Status,
    change,
    publish,
    reinstate,
    require_enterable,
    retire,
)
from services.directory.domain.quality_survey import MOST_LISTED
from services.directory.domain.register import number_taken, reinstate_beside

Decide = Callable[[Organization, Context], Sequence[Event]]


class KindNotInUse(Refusal):
    """A kind that an older replica could not read: it is not entered while there may be one."""

    status = 409


class _EffectDue(Exception):
    """Something announced has come due, and no sweep was there yet."""


async def answered_before(
    directory: Directory,
    collection: Collection[Any],
    document_id: str,
    request: Request,
    check: Callable[[], Awaitable[None]],
) -> Answered | None:
    """Check a request by what others are now; if it does not pass, what it was answered before.

    What was carried out is answered the same again, whatever has changed since. A new request that
    does not pass is refused as the check says.
    """
    try:
        await check()
    except Refusal:
        known = await directory.service.commands.first_answer(collection, document_id, request)
        if known is None:
            raise
        return known
    return None


async def publish_organization(
    directory: Directory, card: OrganizationCard, reason: str, request: Request, by: Actor
) -> Answered:
    """Enter a new organization. Its id comes from the key, so a repetition finds it there."""
    known = await entered_before(directory, card, request, lambda: require_enterable(card))
    if known is not None:
        return known
    at = directory.service.at(by)
    organization, events = publish(card, reason, at)
    return await directory.service.commands.create(
        directory.organizations,
        Document(id=organization.id, state=organization),
        ORGANIZATION,
        request,
        at,
        events,
    )


async def change_organization(
    directory: Directory,
    organization_id: str,
    request: Request | None,
    by: Actor,
    decide: Decide,
    *,
    visible: Callable[[Organization], bool] = lambda organization: not organization.is_proposal,
    answer: Callable[[Organization], dict[str, Any]] = lambda organization: {},
) -> Answered:
    """Carry a decision out on an organization.

    What was announced and has come due takes effect before: nobody has decided on it as it is then,
    so a version that was read before is stale.
    """
    at = directory.service.at(by)

    def decided(organization: Organization) -> Sequence[Event]:
        if is_due(organization, at):
            raise _EffectDue
        return decide(organization, at)

    execute = partial(
        directory.service.commands.execute,
        directory.organizations,
        organization_id,
        ORGANIZATION,
        visible=visible,
        what="organization",
    )
    try:
        return await execute(request, at, decided, answer=answer)
    except _EffectDue:
        now = directory.service.at(SYSTEM)
        await execute(None, now, lambda organization: take_effect(organization, now))
        return await execute(request, at, decided, answer=answer)


async def replace_card(
    directory: Directory, card: OrganizationCard, reason: str, request: Request, by: Actor
) -> Answered:
    """A new card for an organization, with the reason (R 1.3)."""
    if (known := await entered_before(directory, card, request)) is not None:
        return known
    return await change_organization(
        directory, card.id, request, by, lambda found, at: change(found, card, reason, at)
    )


async def retire_organization(
    directory: Directory, organization_id: str, reason: str, request: Request, by: Actor
) -> Answered:
    """Take one out, unless others answer to it or are announced to: by memory, and by the store,
    for another replica may just have entered one.

    Who is entered under it in this very moment is told by the metrics (`astray.py`).
    """
    known = directory.loaded()
    under = {"parent": organization_id}
    stored = await directory.organizations.look(under, sort=[("key", 1)], limit=MOST_LISTED + 1)

    def answering() -> list[str]:
        return sorted({*known.answering_to(organization_id), *(one["id"] for one in stored)})

    return await change_organization(
        directory,
        organization_id,
        request,
        by,
        lambda found, at: retire(found, reason, at, answering()),
    )


async def reinstate_organization(
    directory: Directory,
    organization_id: str,
    card: OrganizationCard | None,
    reason: str,
    despite: str | None,
    request: Request,
    by: Actor,
) -> Answered:
    """One that was retired takes part again, as it was or with a new card (R 1.3).

    Its card is judged as one that is entered: whom it answers to may be gone.
    """
    present = directory.loaded().get(organization_id)
    card = card or (present.card if present is not None else None)

    async def check() -> None:
        if card is not None:
            await check_entered(directory, card, anew=True)

    known = await answered_before(
        directory, directory.organizations, organization_id, request, check
    )
    if known is not None:
        return known
    try:
        return await change_organization(
            directory,
            organization_id,
            request,
            by,
            lambda found, at: (
                reinstate(found, card or found.card, reason, at)
                if despite is None
                else reinstate_beside(found, card or found.card, reason, despite, at)
            ),
        )
    except AlreadyExists as taken:
        raise number_taken() from taken


async def announce_card(
    directory: Directory,
    card: OrganizationCard,
    reason: str,
    valid_from: datetime,
    request: Request,
    by: Actor,
) -> Answered:
    """A new card for a later day, with the reason (R 1.3)."""
    if (known := await entered_before(directory, card, request)) is not None:
        return known
    announcement_id = f"A-{request.key}"
    return await change_organization(
        directory,
        card.id,
        request,
        by,
        lambda found, at: announce(found, card, reason, valid_from, announcement_id, at),
        answer=lambda _: {"announcement": announcement_id},
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
    gazetteer = directory.appendix.gazetteer
    return await change_organization(
        directory,
        organization_id,
        request,
        by,
        lambda found, at: correct(
            found, corrections, directory.appendix.faults_in(found), gazetteer, reason, at
        ),
    )


async def entered_before(
    directory: Directory,
    card: OrganizationCard,
    request: Request,
    rule: Callable[[], None] = lambda: None,
    *,
    by_memory: bool = False,
) -> Answered | None:
    """Check a card; what was answered before, if it does not pass any more."""

    async def check() -> None:
        rule()
        await check_entered(directory, card, by_memory=by_memory)

    return await answered_before(directory, directory.organizations, card.id, request, check)


async def check_entered(
    directory: Directory, card: OrganizationCard, *, anew: bool = False, by_memory: bool = False
) -> None:
    """Refuse a card that others could not work with, or that not all of them could read yet.

    What was judged when the present card was entered is not judged again, unless `anew`. A new
    parent is looked up, for another replica may just have retired it; `by_memory`, where a file
    brings thousands, only if it is not known to take part.
    """
    if card.kind not in FIRST_KINDS and not directory.further_kinds:
        raise KindNotInUse(
            "kind-not-in-use",
            "this kind may be entered once all replicas know it (OPORA_FURTHER_KINDS)",
            field="card.kind",
        )
    present = directory.snapshot.get(card.id) if not anew else None
    before = present.card if present is not None else None
    if card.parent is not None and not parent_stands(card, before):
        await taking_part(directory, card.parent, by_memory=by_memory)
    check_card(card, above_of(card.parent, directory.snapshot.get), before)


async def taking_part(
    directory: Directory, organization_id: str, *, by_memory: bool = True
) -> Organization | None:
    """An organization that takes part, or None.

    One that is not known here to do so is looked up: another replica may just have published it.
    So is any, unless `by_memory`: another may just have retired it.
    """
    snapshot = directory.loaded()
    known = snapshot.get(organization_id)
    if not by_memory or known is None or known.status is not Status.PUBLISHED:
        document = await directory.organizations.get(organization_id)
        if document is not None:
            snapshot.take(document.state, document.version)
        known = snapshot.get(organization_id)
    return known if known is not None and known.status is Status.PUBLISHED else None
