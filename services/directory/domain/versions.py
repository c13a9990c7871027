"""The versions of an organization: an old case shows the contact as it was (R 1.3, 3.1.2).

A version is the card as it held from one moment to the next, with who made it so and why. The
present one is the organization itself; the one before it rides along in the same document, so that
a change stays one write, until the sweeper has put it into a document of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pydantic import AwareDatetime, BaseModel

from contracts.directory import OrganizationCard
from contracts.values import Actor

ARCHIVED_AFTER = timedelta(hours=1)
"""How long a version rides along: changes that come close together are put away together."""


class Held(BaseModel):
    """Since when the present card holds, who made it so, and what differs from the one before.

    `recorded_at` is the organization's `changed_at` of then: a replica that does not know versions
    changes that one and not this, and what it changed has no known author.
    """

    recorded_at: AwareDatetime
    valid_from: AwareDatetime
    by: Actor
    fields: tuple[str, ...] = ()


class Version(BaseModel):
    """A card that held once. `id` is `<organization>.v<edition>`: written twice, it is one."""

    id: str
    organization: str
    edition: int
    status: str
    card: OrganizationCard
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    author: Actor | None = None
    reason: str | None = None
    fields: tuple[str, ...] = ()


class Announcement(BaseModel):
    """A change that takes effect on a later day: of the fields that differed when it was made, so
    that it does not undo what changes until then."""

    id: str
    card: OrganizationCard
    fields: tuple[str, ...]
    reason: str
    by: Actor
    made_at: AwareDatetime
    valid_from: AwareDatetime

    def onto(self, card: OrganizationCard) -> OrganizationCard:
        """The card with the announced fields."""
        return taking(card, self.card, self.fields)


class Withdrawal(BaseModel):
    """An announced change that was taken back, with the reason."""

    announcement: str
    reason: str
    by: Actor
    at: AwareDatetime


def differing(before: OrganizationCard, after: OrganizationCard) -> tuple[str, ...]:
    """The fields of two cards that differ."""
    return tuple(
        name
        for name in OrganizationCard.model_fields
        if getattr(before, name) != getattr(after, name)
    )


def taking(
    card: OrganizationCard, other: OrganizationCard, fields: Iterable[str]
) -> OrganizationCard:
    """A card with some fields of another."""
    return card.model_copy(update={name: getattr(other, name) for name in fields})


def in_force(versions: Iterable[Version], moment: AwareDatetime) -> Version | None:
    """The version that held at a moment; of two that began together the later one."""
    begun = [version for version in versions if version.valid_from <= moment]
    return max(begun, key=lambda version: (version.valid_from, version.edition), default=None)
