"""What the routes of the directory work with: the collection, the printed rows, the memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from chassis.http import in_state
from chassis.service import Service
from chassis.store import Collection
from contracts.errors import Refusal
from services.directory.domain.appendix import Appendix
from services.directory.domain.capacity import OrganizationCapacity
from services.directory.domain.filed import FiledServices
from services.directory.domain.import_job import Import, ImportPart
from services.directory.domain.listing import ListedService
from services.directory.domain.organization import Organization
from services.directory.domain.places import Places
from services.directory.domain.search import SearchIndex
from services.directory.domain.versions import Version
from services.directory.domain.words import Language
from services.directory.offer import Offer
from services.directory.snapshot import Snapshot


class NotLoadedYet(Refusal):
    """The service has just started: an answer from half a directory would mislead."""

    status = 503

    def __init__(self) -> None:
        super().__init__("directory-loading", "the directory is being loaded; ask again")


@dataclass(slots=True)
class Directory:
    """The directory put together; made in `main.py`."""

    service: Service
    organizations: Collection[Organization]
    versions: Collection[Version]
    imports: Collection[Import]
    import_parts: Collection[ImportPart]
    appendix: Appendix
    refresh_seconds: float
    services: Collection[ListedService]
    capacities: Collection[OrganizationCapacity]
    filed_services: Collection[FiledServices]
    offer: Offer
    further_kinds: bool = True
    snapshot: Snapshot = field(default_factory=Snapshot)

    def loaded(self) -> Snapshot:
        """The organizations in memory, once all are there."""
        if not self.snapshot.complete:
            raise NotLoadedYet
        return self.snapshot

    def searchable(self) -> tuple[SearchIndex, Language]:
        """The index over all services, once it is made, and what understands a question to it."""
        if self.offer.index is None or self.offer.language is None:
            raise NotLoadedYet
        return self.offer.index, self.offer.language

    def places(self) -> Places:
        """What understands the name of a place, once it is made."""
        if self.offer.places is None:
            raise NotLoadedYet
        return self.offer.places


WithDirectory = Annotated[Directory, in_state("directory")]
