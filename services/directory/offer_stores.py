"""Services and capacity as they are stored; both are looked through for the newest only."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.stored import Spec
from services.directory.domain.capacity import OrganizationCapacity
from services.directory.domain.listing import ListedService

SERVICES = Spec(
    name="services",
    state=ListedService,
    index=lambda service: {"changed": epoch_ms(service.changed_at)},
    indexed=(("changed",),),
)

CAPACITIES = Spec(
    name="capacities",
    state=OrganizationCapacity,
    index=lambda capacity: {"changed": epoch_ms(capacity.changed_at)},
    indexed=(("changed",),),
)
