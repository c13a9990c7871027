"""Which version of an event tells of an organization.

Version 1 knows the first eight kinds, and every older reader understands it; the further kinds are
told by version 2 alone, which an older reader passes over. So an event is one event, and an older
replica works on without the organizations it cannot know (L 3.8-3.12, S).
"""

from __future__ import annotations

from contracts.directory import (
    FIRST_KINDS,
    OrganizationCard,
    OrganizationChanged,
    OrganizationChangedV2,
    OrganizationPublished,
    OrganizationPublishedV2,
    OrganizationRetired,
)
from contracts.event import Event
from contracts.values import Actor


def published(card: OrganizationCard, by: Actor, reason: str | None = None) -> list[Event]:
    """What tells of a new organization; one that a data file brings has no reason beside it."""
    if card.kind in FIRST_KINDS:
        return [OrganizationPublished(by=by, card=card, reason=reason)]
    return [OrganizationPublishedV2(by=by, card=card, reason=reason)]


def changed(
    before: OrganizationCard, card: OrganizationCard, reason: str, by: Actor
) -> list[Event]:
    """What tells of a change.

    An organization that ceases to be of a kind that version 1 knows is retired for its readers
    first: they would keep it as it was for ever.
    """
    if card.kind in FIRST_KINDS:
        return [OrganizationChanged(by=by, card=card, reason=reason)]
    if before.kind in FIRST_KINDS:
        return [
            OrganizationRetired(by=by, reason=reason),
            OrganizationPublishedV2(by=by, card=card, reason=reason),
        ]
    return [OrganizationChangedV2(by=by, card=card, reason=reason)]
