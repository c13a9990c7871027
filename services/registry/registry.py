"""What the routes of the register work with: its records, its log, its limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import in_state
from chassis.limits import GuessLimits
from chassis.service import Service
from chassis.store import Collection
from contracts.copies import CapacityCopy, CitizenCopy, OrganizationCopy, ServiceCopy
from contracts.directory import OrganizationCard
from contracts.values import Actor
from services.registry.domain.case import CaseRecord, involves
from services.registry.domain.log import LogEntry
from services.registry.figures import Figures

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Registry:
    """The register put together; made in `main.py`."""

    service: Service
    cases: Collection[CaseRecord]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]
    services: Collection[ServiceCopy]
    capacities: Collection[CapacityCopy]
    log: Collection[LogEntry]
    limits: GuessLimits
    figures: Figures
    last_arrival: datetime = BEFORE_ALL

    def now(self) -> datetime:
        """The present moment."""
        return self.service.now()

    def arrival(self) -> datetime:
        """A moment for the log: later than the one before, whatever the clock was set back to."""
        self.last_arrival = max(self.now(), self.last_arrival + timedelta(microseconds=1))
        return self.last_arrival

    async def get_case(self, case_id: str, by: Actor) -> Document[CaseRecord]:
        """A case the caller may know of."""
        return await get_visible(self.cases, case_id, lambda case: involves(case, by))

    async def card(self, organization_id: str | None) -> OrganizationCard | None:
        """An organization as the directory last published it."""
        copy = await self.organizations.get(organization_id) if organization_id else None
        return copy.state.card if copy else None


WithRegistry = Annotated[Registry, in_state("registry")]
