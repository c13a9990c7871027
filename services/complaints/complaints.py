"""What the routes of complaints work with: its collections and its copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import in_state
from chassis.register import Register
from chassis.service import Service
from chassis.store import Collection
from contracts.copies import CitizenCopy, OrganizationCopy
from contracts.directory import OrganizationKind
from contracts.values import Actor
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import Complaint, involves


@dataclass(slots=True)
class Complaints:
    """The service put together; made in `main.py`."""

    service: Service
    complaints: Collection[Complaint]
    register: Register
    cases: Collection[CaseCopy]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]

    async def kind_of(self, organization_id: str | None) -> OrganizationKind | None:
        """What kind of organization the directory says this is; None if it knows none."""
        copy = await self.organizations.get(organization_id) if organization_id else None
        return OrganizationKind(copy.state.kind) if copy and copy.state.kind else None

    async def of_department(self, actor: Actor) -> bool:
        """Whether the caller works at the department, which may examine any complaint (R 5.5)."""
        return await self.kind_of(actor.organization) is OrganizationKind.DEPARTMENT

    async def get_complaint(self, complaint_id: str, by: Actor) -> Document[Complaint]:
        """A complaint the caller may know of."""
        of_department = await self.of_department(by)
        return await get_visible(
            self.complaints,
            complaint_id,
            lambda complaint: involves(complaint, by, of_department=of_department),
            "complaint",
        )


WithComplaints = Annotated[Complaints, in_state("complaints")]
