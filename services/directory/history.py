"""What an organization was, and putting away what it was.

Invariant: a version leaves the organization's document only after it lies in a document of its
own, whose id is the organization's and the version's number: whoever dies between the two writes
leaves both, and the next sweep finishes it. Nothing is lost and nothing is kept twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from chassis.clock import epoch_ms
from chassis.document import Document
from chassis.paging import Page, page
from chassis.store import AlreadyExists
from contracts.directory import ORGANIZATION
from contracts.errors import NotFound, Refusal
from contracts.event import Event
from contracts.values import SYSTEM
from services.directory.directory import Directory
from services.directory.domain.organization import Organization
from services.directory.domain.versions import Version, in_force

BEGUN_TOGETHER = 10
"""How many versions of one millisecond are told apart."""


class NotKnownThen(Refusal):
    """The directory did not hold the organization yet."""

    status = 404


async def archive(directory: Directory, organization_id: str) -> None:
    """Put away what an organization was, and then take it out of its document."""
    document = await directory.organizations.get(organization_id)
    if document is None or not _is_due(document.state, directory.service.now()):
        return
    kept = list(document.state.unarchived)
    for version in kept:
        with contextlib.suppress(AlreadyExists):  # the process before us came that far
            await directory.versions.save(Document(id=version.id, state=version))
    known = {version.id for version in kept}

    def forget(organization: Organization) -> Sequence[Event]:
        left = [item for item in organization.unarchived if item.id not in known]
        organization.unarchived = left
        organization.archive_at = organization.archive_at if left else None
        return ()

    await directory.service.commands.execute(
        directory.organizations,
        organization_id,
        ORGANIZATION,
        None,
        directory.service.at(SYSTEM),
        forget,
        visible=lambda _: True,
        what="organization",
    )


def _is_due(organization: Organization, now: datetime) -> bool:
    return organization.archive_at is not None and organization.archive_at <= now


async def version_at(directory: Directory, organization_id: str, at: date | datetime) -> Version:
    """The version that held at a moment, or at the end of a day where the organization is.

    For a later moment it is what is announced for it.
    """
    found = (await published(directory, organization_id)).state
    moment = at if isinstance(at, datetime) else _end_of(at, directory, found)
    present = _announced(found, moment)
    if present.valid_from <= moment:
        return present
    riding = in_force(found.unarchived, moment)
    if riding is not None:
        return _shown(found, riding)
    archived = await directory.versions.find(
        {"organization": organization_id, "valid_from": {"$lte": epoch_ms(moment)}},
        sort=[("valid_from", -1)],
        limit=BEGUN_TOGETHER,
    )
    return _shown(found, in_force((version.state for version in archived), moment))


async def versions_of(
    directory: Directory, organization_id: str, cursor: str | None, limit: int
) -> Page[Version]:
    """All versions from the first on; the last page brings the newest with it."""
    document = await published(directory, organization_id)
    shown = await page(
        directory.versions,
        {"organization": organization_id},
        "edition",
        cursor,
        limit,
        lambda version: version.state,
    )
    found = document.state
    if shown.next is None:
        last = shown.items[-1].edition if shown.items else 0
        newest = [*found.unarchived, found.present]
        shown.items += [version for version in newest if version.edition > last]
    shown.items = [version for version in shown.items if _is_public(found, version)]
    return shown


async def published(directory: Directory, organization_id: str) -> Document[Organization]:
    """An organization that is or was in the directory; a proposal is nobody else's."""
    document = await directory.organizations.get(organization_id)
    if document is None or document.state.is_proposal:
        raise NotFound("organization")
    return document


def _end_of(day: date, directory: Directory, organization: Organization) -> datetime:
    zone = directory.service.calendars.of(organization.card.region).zone
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight - timedelta(milliseconds=1)


def _shown(organization: Organization, version: Version | None) -> Version:
    if version is None or not _is_public(organization, version):
        raise NotKnownThen(
            "not-known-then",
            "the directory did not hold this organization yet",
            field="query.at",
            clause="R 1.3",
        )
    return version


def _is_public(organization: Organization, version: Version) -> bool:
    """Whether it is of after the publication: what was proposed before is the register's."""
    entry = organization.entry
    published_at = entry.decided_at if entry is not None else None
    return published_at is None or version.valid_from >= published_at


def _announced(organization: Organization, moment: datetime) -> Version:
    """The present version, with what is announced to hold at a moment."""
    version = organization.present
    for item in organization.announced:
        if item.valid_from <= moment:
            version = version.model_copy(
                update={
                    "edition": version.edition + 1,
                    "card": item.onto(version.card),
                    "valid_from": item.valid_from,
                    "author": item.by,
                    "reason": item.reason,
                    "fields": item.fields,
                }
            )
    return version
