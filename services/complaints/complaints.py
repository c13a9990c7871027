"""What the routes of complaints work with: its collections and its copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from chassis.service import Service
from chassis.store import Collection
from contracts.copies import CitizenCopy, OrganizationCopy
from contracts.directory import OrganizationKind
from contracts.values import Actor
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import Complaint


@dataclass(slots=True)
class Complaints:
    """The service put together; made in `main.py`."""

    service: Service
    complaints: Collection[Complaint]
    cases: Collection[CaseCopy]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]
    last_numbers: dict[str, int] = field(default_factory=dict)

    async def kind_of(self, organization_id: str | None) -> OrganizationKind | None:
        """What kind of organization the directory says this is; None if it knows none."""
        copy = await self.organizations.get(organization_id) if organization_id else None
        return OrganizationKind(copy.state.kind) if copy and copy.state.kind else None

    async def of_department(self, actor: Actor) -> bool:
        """Whether the caller works at the department, which may examine any complaint (R 5.5)."""
        return await self.kind_of(actor.organization) is OrganizationKind.DEPARTMENT


def _complaints(http: Request) -> Complaints:
    complaints: Complaints = http.app.state.complaints
    return complaints


WithComplaints = Annotated[Complaints, Depends(_complaints)]
