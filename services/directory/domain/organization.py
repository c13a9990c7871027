"""The organization: its states, what may happen in which, and how an editor changes it (R 1.3)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.context import Context
from contracts.directory import (
    OrganizationCard,
    OrganizationChanged,
    OrganizationPublished,
    OrganizationRetired,
)
from contracts.errors import InvalidInput, require_allowed
from contracts.event import Event
from services.directory.domain.rows import SourceRow


class Status(StrEnum):
    """States of an organization in the directory."""

    PUBLISHED = "published"
    RETIRED = "retired"


class Action(StrEnum):
    """What can be done with an organization."""

    CHANGE = "change"
    CORRECT = "correct"
    RETIRE = "retire"


ALLOWED: dict[Action, frozenset[Status]] = {
    Action.CHANGE: frozenset({Status.PUBLISHED}),
    Action.CORRECT: frozenset({Status.PUBLISHED}),
    Action.RETIRE: frozenset({Status.PUBLISHED}),
}
"""What may happen in which state; one test walks every state × action."""


class Organization(BaseModel):
    """Everything the directory keeps of one organization."""

    id: str
    status: Status = Status.PUBLISHED
    card: OrganizationCard
    loaded: OrganizationCard | None = Field(
        default=None, description="the card as last read from a data file; an edit departs from it"
    )
    row: SourceRow | None = Field(default=None, description="the row of the data file, as printed")
    reason: str | None = Field(default=None, description="why it was last changed or retired")
    changed_at: AwareDatetime

    @property
    def municipality(self) -> str:
        """Code of the municipality it is listed under; empty for one of a whole region."""
        served = next((place.municipality for place in self.card.serves if place.municipality), "")
        return served or (self.card.address.municipality if self.card.address else None) or ""

    def is_edited(self, *fields: str) -> bool:
        """Whether a person has departed from the data file in one of these fields of the card."""
        if self.loaded is None:
            return False
        return any(getattr(self.card, name) != getattr(self.loaded, name) for name in fields)


def require(organization: Organization, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, organization.status, "organization", clause="R 1.3")


def publish(card: OrganizationCard, at: Context) -> tuple[Organization, list[Event]]:
    """Enter an organization that the data files do not hold."""
    organization = Organization(id=card.id, card=card, changed_at=at.now)
    return organization, [OrganizationPublished(by=at.by, card=card)]


def change(
    organization: Organization, card: OrganizationCard, reason: str, at: Context
) -> list[Event]:
    """Replace the card; the reason travels with it (R 1.3)."""
    require(organization, Action.CHANGE)
    return replace(organization, card, reason, at)


def replace(
    organization: Organization, card: OrganizationCard, reason: str, at: Context
) -> list[Event]:
    """Put a new card in the place of the present one, whoever decided it."""
    if card == organization.card:
        raise InvalidInput("nothing-changed", "the card is the present one", field="card")
    organization.card, organization.reason, organization.changed_at = card, reason, at.now
    return [OrganizationChanged(by=at.by, card=card, reason=reason)]


def retire(organization: Organization, reason: str, at: Context) -> list[Event]:
    """Take an organization out of the directory; its record stays readable (R 1.3)."""
    require(organization, Action.RETIRE)
    organization.status = Status.RETIRED
    organization.reason, organization.changed_at = reason, at.now
    return [OrganizationRetired(by=at.by, reason=reason)]
