"""Since when the data files say of a service what they say now.

A service of a file has no document of its own (`listing.py`), and its organization's moments say
nothing of it: one that a newer file brought, changed or left out must be newer to whoever keeps a
copy of the directory, on every replica alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from pydantic import AwareDatetime, BaseModel

from contracts.offer import ServiceListing
from contracts.values import Value

ID = "services"
"""The one document's."""
GONE = ""
"""The digest of what no file holds any more."""


class Filed(Value):
    """What a file says of one service, as a digest, and since when."""

    digest: str
    since: AwareDatetime


class FiledServices(BaseModel):
    """Every service that a file ever held, by id."""

    id: str = ID
    services: dict[str, Filed] = {}

    @property
    def since(self) -> dict[str, datetime]:
        """Since when the files say of each service what they say now."""
        return {service: filed.since for service, filed in self.services.items()}


def brought_up(
    known: Mapping[str, Filed], files: Mapping[str, ServiceListing], now: datetime
) -> dict[str, Filed]:
    """What is known, and what the files say otherwise since now; no moment goes back."""
    digests = {service: digest_of(listing) for service, listing in files.items()}
    found = dict(known)
    for service in {**known, **digests}:
        digest, before = digests.get(service, GONE), known.get(service)
        if before is None:
            found[service] = Filed(digest=digest, since=now)
        elif before.digest != digest:
            found[service] = Filed(digest=digest, since=max(now, before.since))
    return found


def digest_of(listing: ServiceListing) -> str:
    """The same for the same text; a field that a newer version adds does not change it."""
    text = listing.model_dump_json(exclude_defaults=True)
    return sha256(text.encode()).hexdigest()[:16]
