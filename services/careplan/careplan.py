"""What the routes of care planning work with: its cases, its copies of others' records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import in_state
from chassis.replica import state_of
from chassis.service import Service
from chassis.store import Collection
from contracts.copies import CapacityCopy, CitizenCopy, OrganizationCopy, followed
from contracts.directory import OrganizationCard
from contracts.values import Actor, CitizenCard
from services.careplan.domain.case import Case, involves


@dataclass(slots=True)
class Careplan:
    """Care planning put together; made in `main.py`."""

    service: Service
    cases: Collection[Case]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]
    capacities: Collection[CapacityCopy]

    async def get_case(self, case_id: str, by: Actor) -> Document[Case]:
        """A case the caller may know of."""
        return await get_visible(self.cases, case_id, lambda case: involves(case, by))

    async def organizations_named(
        self, organization_ids: Iterable[str | None]
    ) -> dict[str, OrganizationCard]:
        """Those of the named organizations that take part, by id."""
        named = {name for name in organization_ids if name is not None}
        copies = [await self.organizations.get(name) for name in sorted(named)]
        return {
            copy.id: copy.state.card
            for copy in copies
            if copy is not None and copy.state.card is not None and not copy.state.retired
        }

    async def kinds_of(self, organization_ids: Iterable[str | None]) -> dict[str, str]:
        """The kinds of those of the named organizations that take part, by id."""
        cards = await self.organizations_named(organization_ids)
        return {name: str(card.kind) for name, card in cards.items()}

    async def card_of(self, citizen_id: str) -> CitizenCard | None:
        """The citizen's card, the survivor's where two were joined (L 5.1); None before it has come
        and after it was erased."""
        copy = await followed(partial(state_of, self.citizens), citizen_id)
        return copy.card if copy is not None else None


WithCareplan = Annotated[Careplan, in_state("careplan")]
