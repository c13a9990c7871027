"""What a data file does to an organization: enters it, changes it, or leaves it alone (R 1.3).

A file is merged field by field: what a person changed with a reason is not undone by a restart,
nor by a newer file. File sets are numbered, so that a replica that starts with older files while
replicas are replaced does not undo what the newer ones brought.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.context import Context
from contracts.directory import OrganizationCard
from contracts.event import Event
from services.directory.domain import telling
from services.directory.domain.organization import Organization, Status, enter, succeed
from services.directory.domain.rows import SourceRow
from services.directory.domain.versions import differing, taking


def enter_row(
    row: SourceRow, card: OrganizationCard, at: Context, files: int = 0
) -> tuple[Organization, list[Event]]:
    """An organization that the directory does not hold yet."""
    organization = enter(card, at)
    organization.loaded, organization.row, organization.files = card, row, files
    return organization, telling.published(card, at.by)


def is_up_to_date(
    organization: Organization, row: SourceRow, card: OrganizationCard, files: int = 0
) -> bool:
    """Whether nothing is written: a newer file set was read before, or this one says the same."""
    if organization.files > files:
        return True
    return organization.loaded == card and organization.row == row


def take_row(
    organization: Organization, row: SourceRow, card: OrganizationCard, at: Context, files: int = 0
) -> list[Event]:
    """Take over what a changed file says, except in fields that a person has changed."""
    before = organization.loaded
    organization.loaded, organization.row, organization.files = card, row, files
    if before is None or organization.status is Status.RETIRED:
        return []  # a person's own entry, or one taken out: the file does not speak for it
    fields = differing(before, card)
    kept = [name for name in fields if getattr(organization.card, name) != getattr(before, name)]
    taken = {name: getattr(card, name) for name in fields if name not in kept}
    if organization.imported is not None:
        last = taking(organization.imported.card, card, taken)
        organization.imported = organization.imported.model_copy(update={"card": last})
    present, reason = organization.card, _reason(fields, kept)
    succeed(organization, present.model_copy(update=taken), reason, at)
    return telling.changed(present, organization.card, reason, at.by)


def _reason(fields: Sequence[str], kept: Sequence[str]) -> str:
    reason = f"data file changed: {', '.join(fields) or 'printed text'}"
    return f"{reason}; kept as edited: {', '.join(kept)}" if kept else reason
