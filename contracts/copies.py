"""Copies that services keep of what others own: organizations and citizen cards.

Each service works from its own copy, so it works while the owner is down. A copy is made from
the owner's events alone, which carry the whole record every time.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pydantic import BaseModel

from contracts.citizen import (
    CitizenCardChanged,
    CitizenErased,
    CitizenRegistered,
    ConsentGiven,
    ConsentWithdrawn,
)
from contracts.directory import (
    OrganizationCard,
    OrganizationChanged,
    OrganizationChangedV2,
    OrganizationKind,
    OrganizationPublished,
    OrganizationPublishedV2,
    OrganizationRetired,
)
from contracts.event import Event
from contracts.values import CitizenCard


class Copy(BaseModel):
    """What a service keeps of another's record, and the events it is made of."""

    made_of: ClassVar[tuple[type[Event], ...]]

    id: str

    @abstractmethod
    def keep(self, event: Event) -> None:
        """Take over what the owner said."""


class OrganizationCopy(Copy):
    """An organization of the directory, as last published."""

    made_of = (
        OrganizationPublished,
        OrganizationPublishedV2,
        OrganizationChanged,
        OrganizationChangedV2,
        OrganizationRetired,
    )

    card: OrganizationCard | None = None
    retired: bool = False

    def keep(self, event: Event) -> None:
        """Take over what the directory said."""
        if isinstance(
            event,
            OrganizationPublished
            | OrganizationPublishedV2
            | OrganizationChanged
            | OrganizationChangedV2,
        ):
            self.card, self.retired = event.card, False
        elif isinstance(event, OrganizationRetired):
            self.retired = True

    @property
    def kind(self) -> str:
        """Kind, for the index; empty while only a later event has come."""
        return "" if self.card is None or self.retired else str(self.card.kind)

    def is_a(self, kind: OrganizationKind) -> bool:
        """Whether it takes part, as that kind."""
        return self.kind == kind


class CitizenCopy(Copy):
    """A citizen's card and consent, as intake last said."""

    made_of = (
        CitizenRegistered,
        CitizenCardChanged,
        ConsentGiven,
        ConsentWithdrawn,
        CitizenErased,
    )

    card: CitizenCard | None = None
    consented: bool = False
    erased: bool = False

    def keep(self, event: Event) -> None:
        """Take over what intake said; an erased card is gone."""
        if isinstance(event, CitizenRegistered | CitizenCardChanged):
            self.card = event.card
        elif isinstance(event, ConsentGiven):
            self.consented = True
        elif isinstance(event, ConsentWithdrawn):
            self.consented = False
        elif isinstance(event, CitizenErased):
            self.card, self.consented, self.erased = None, False, True
