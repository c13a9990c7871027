"""The documents the directory keeps and how they are found."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.listing import Scalar
from chassis.store import Spec
from services.directory.domain.organization import Organization


def _organization_index(organization: Organization) -> dict[str, Scalar]:
    return {
        "key": organization.id,
        "status": organization.status,
        "kind": organization.card.kind,
        "municipality": organization.municipality,
        "changed": epoch_ms(organization.changed_at),
    }


ORGANIZATIONS = Spec(
    name="organizations",
    state=Organization,
    index=_organization_index,
    indexed=(
        ("status", "key"),
        ("status", "kind", "key"),
        ("status", "municipality", "key"),
        ("status", "kind", "municipality", "key"),
        ("changed",),
    ),
)
