"""The documents the directory keeps and how they are found."""

from __future__ import annotations

from chassis.clock import epoch_ms
from chassis.listing import Scalar
from chassis.stored import Spec
from services.directory.domain.actions import AMENDED
from services.directory.domain.import_job import Import, ImportPart, ImportStatus
from services.directory.domain.organization import Organization, Status
from services.directory.domain.register import register_of
from services.directory.domain.register_entry import owner_of
from services.directory.domain.versions import Version


def _organization_index(organization: Organization) -> dict[str, Scalar]:
    return {
        "key": organization.id,
        "status": organization.listed_status,
        "amendment": organization.standing if organization.standing in AMENDED else "",
        "kind": organization.card.kind,
        "changed": epoch_ms(organization.changed_at),
        "register": register_of(organization.card.kind),
        "form": organization.card.ownership or "",
        "municipality": organization.municipality,
        "parent": _parent(organization),
        "proposer": organization.entry.proposed_by.id if organization.entry else "",
        "owner": owner_of(organization.entry.proposed_by) if organization.entry else "",
        **_claimed(organization),
    }


def _parent(organization: Organization) -> str:
    """Whom one that takes part answers to."""
    takes_part = organization.status is Status.PUBLISHED
    return (organization.card.parent or "") if takes_part else ""


def _claimed(organization: Organization) -> dict[str, Scalar]:
    """INN and OGRN that no other of its register is published with; absent where none claims."""
    entry = organization.entry
    if entry is None or not entry.claims_numbers or organization.status is not Status.PUBLISHED:
        return {}
    register = register_of(organization.card.kind)
    numbers = entry.particulars.numbers().items()
    return {f"published_{name}": f"{register}/{number}" for name, number in numbers}


def _wake_at(organization: Organization) -> int:
    """When an announced change takes effect, or versions are to be put away."""
    moments = [item.valid_from for item in organization.announced]
    if organization.archive_at is not None:
        moments.append(organization.archive_at)
    return min((epoch_ms(moment) for moment in moments), default=0)


LISTS_BEFORE = (
    ("status", "municipality", "key"),
    ("status", "kind", "municipality", "key"),
    ("register", "status", "municipality", "key"),
    ("register", "status", "form", "municipality", "key"),
    ("register", "status", "proposer", "key"),
)
"""By which replicas of the version before list, while they run beside these: by the first
municipality that is served, and by the person that proposed."""

ORGANIZATIONS = Spec(
    name="organizations",
    state=Organization,
    index=_organization_index,
    wake_at=_wake_at,
    indexed=(
        ("status", "key"),
        ("status", "kind", "key"),
        ("changed",),
        ("parent", "key"),
        ("register", "status", "key"),
        ("register", "status", "form", "key"),
        ("register", "status", "owner", "key"),
        ("register", "amendment", "key"),
        ("register", "amendment", "owner", "key"),
        *LISTS_BEFORE,
    ),
    unique=("published_inn", "published_ogrn"),
)
"""Those of a municipality are listed from memory: one may serve several."""


def _version_index(version: Version) -> dict[str, Scalar]:
    return {
        "organization": version.organization,
        "edition": version.edition,
        "valid_from": epoch_ms(version.valid_from),
    }


VERSIONS = Spec(
    name="versions",
    state=Version,
    index=_version_index,
    indexed=(("organization", "edition"), ("organization", "valid_from")),
)
"""What organizations were before; each written once."""


def _import_due(found: Import) -> int:
    if found.status is not ImportStatus.APPLYING or found.applied_at is None:
        return 0
    return epoch_ms(found.applied_at)


IMPORTS = Spec(
    name="imports",
    state=Import,
    index=lambda found: {"previewed": epoch_ms(found.previewed_at)},
    wake_at=_import_due,
    indexed=(("previewed", "id"),),
)

IMPORT_PARTS = Spec(
    name="import_parts",
    state=ImportPart,
    index=lambda part: {"import_id": part.import_id, "number": part.number},
    indexed=(("import_id", "number"),),
    max_bytes=4 * 1024 * 1024,
)
"""The rows of imports; a part is written at the preview and once when its rows are done."""
