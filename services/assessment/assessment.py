"""What the routes of assessment work with: its cases and its copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import in_state
from chassis.service import Service
from chassis.store import Collection
from contracts.copies import CitizenCopy, OrganizationCopy
from contracts.values import Actor
from services.assessment.domain.case import Case, involves


@dataclass(slots=True)
class Assessment:
    """Assessment put together; made in `main.py`."""

    service: Service
    cases: Collection[Case]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]

    async def get_case(self, case_id: str, by: Actor) -> Document[Case]:
        """A case the caller may know of."""
        return await get_visible(self.cases, case_id, lambda case: involves(case, by))

    async def find_citizen(self, case: Case) -> CitizenCopy | None:
        """The copy of the citizen's card; None while intake has not been heard."""
        if case.ref is None:
            return None
        copy = await self.citizens.get(case.ref.citizen_id)
        return copy.state if copy else None

    async def has_phone(self, case_id: str) -> bool:
        """Whether the citizen can be told beforehand by phone (R 3.3.4)."""
        document = await self.cases.get(case_id)
        copy = await self.find_citizen(document.state) if document else None
        return copy is not None and copy.card is not None and copy.card.phone is not None

    async def names_of(self, organizations: Iterable[str]) -> dict[str, str]:
        """Names of organizations as the directory last published them."""
        wanted = sorted(set(organizations))
        if not wanted:
            return {}
        copies = await self.organizations.find({"_id": {"$in": wanted}}, limit=len(wanted))
        return {copy.id: copy.state.card.name for copy in copies if copy.state.card is not None}


WithAssessment = Annotated[Assessment, in_state("assessment")]
