"""Copies that services keep of what others own: organizations and citizen cards.

Each service works from its own copy, so it works while the owner is down. A copy is made from
the owner's events alone, which carry the whole record every time.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, Field

from contracts.citizen import (
    CitizenCardChanged,
    CitizenErased,
    CitizenRegistered,
    CitizensJoined,
    CitizensParted,
    ConsentGiven,
    ConsentWithdrawn,
)
from contracts.directory import (
    OrganizationCard,
    OrganizationChanged,
    OrganizationChangedV2,
    OrganizationPublished,
    OrganizationPublishedV2,
    OrganizationRetired,
)
from contracts.event import Event
from contracts.offer import (
    CapacityChanged,
    ServiceCapacity,
    ServiceChanged,
    ServiceListed,
    ServiceListing,
    ServiceWithdrawn,
)
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


MOST_JOININGS = 20
"""How far a joining of joined citizens is followed."""


class CitizenCopy(Copy):
    """A citizen's card and consent, as intake last said.

    `survivor` is the citizen this one was joined to: whoever names this one means that one.
    """

    made_of = (
        CitizenRegistered,
        CitizenCardChanged,
        ConsentGiven,
        ConsentWithdrawn,
        CitizenErased,
        CitizensJoined,
        CitizensParted,
    )

    card: CitizenCard | None = None
    consented: bool = False
    erased: bool = False
    erase_by: AwareDatetime | None = None
    survivor: str | None = None
    joined: list[str] = Field(default_factory=list)

    def keep(self, event: Event) -> None:
        """Take over what intake said; an erased card is gone."""
        if isinstance(event, CitizenRegistered | CitizenCardChanged):
            self.card = event.card
        elif isinstance(event, ConsentGiven):
            self.consented, self.erase_by = True, None
        elif isinstance(event, ConsentWithdrawn):
            self.consented = False
            self.erase_by = next((term.due_at for term in event.opened), None)
        elif isinstance(event, CitizensJoined | CitizensParted):
            self._keep_joining(event)
        elif isinstance(event, CitizenErased):
            self.card, self.consented, self.erased, self.erase_by = None, False, True, None

    def _keep_joining(self, event: CitizensJoined | CitizensParted) -> None:
        """Who the citizen is taken for, or who is taken for them (L 5.1)."""
        if event.opened:
            self.erase_by = event.opened[0].due_at
        elif event.closed:
            self.erase_by = None
        if event.survivor != self.id:
            self.survivor = event.survivor if isinstance(event, CitizensJoined) else None
            if isinstance(event, CitizensParted) and event.parted_consented is not None:
                self.consented = event.parted_consented
            return
        self.consented = event.consented
        other = event.joined if isinstance(event, CitizensJoined) else event.parted
        self.joined = [known for known in self.joined if known != other]
        if isinstance(event, CitizensJoined):
            self.joined.append(other)


async def followed(
    find: Callable[[str], Awaitable[CitizenCopy | None]], citizen_id: str
) -> CitizenCopy | None:
    """The copy of whom an id means by now: the citizen's own, or that of the last survivor (L 5.1).

    One look-up, and one more for each joining. Intake is heard in each citizen's own order only, so
    a survivor may not be there yet: then the joined one's copy is the best there is.
    """
    found = await find(citizen_id)
    for _ in range(MOST_JOININGS):
        if found is None or found.survivor is None:
            break
        further = await find(found.survivor)
        if further is None:
            break
        found = further
    return found


class ServiceCopy(Copy):
    """A service of the directory that a person entered or changed, as last listed.

    What a data file says and nobody changed is not told: ask the directory for that.
    """

    made_of = (ServiceListed, ServiceChanged, ServiceWithdrawn)

    listing: ServiceListing | None = None
    given: bool = True

    def keep(self, event: Event) -> None:
        """Take over what the directory said."""
        if isinstance(event, ServiceListed | ServiceChanged):
            self.listing, self.given = event.listing, True
        elif isinstance(event, ServiceWithdrawn):
            self.given = False


class CapacityCopy(Copy):
    """What is free at an organization, as it last counted."""

    made_of = (CapacityChanged,)

    capacities: tuple[ServiceCapacity, ...] = ()

    def keep(self, event: Event) -> None:
        """Take over the numbers that changed."""
        if isinstance(event, CapacityChanged):
            known = {(one.service, one.unit): one for one in self.capacities}
            known |= {(one.service, one.unit): one for one in event.capacities}
            gone = {(one.service, one.unit) for one in event.uncounted}
            self.capacities = tuple(one for key, one in sorted(known.items()) if key not in gone)
