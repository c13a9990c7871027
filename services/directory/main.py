"""The directory put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.service import Service
from chassis.settings import load
from contracts.directory import ORGANIZATION
from contracts.offer import CAPACITY, SERVICE
from contracts.territory import municipalities, regions
from contracts.topology import READS
from services.directory.adapters.data_files import read_rows, read_version
from services.directory.adapters.service_files import read_services, read_vocabulary
from services.directory.api import (
    capacity,
    hsds,
    imports,
    navigator,
    navigator_page,
    organizations,
    quality,
    registers,
    services,
    serving,
    versions,
)
from services.directory.applying import carry_out
from services.directory.astray import Astray
from services.directory.directory import Directory
from services.directory.domain.announcing import take_effect
from services.directory.domain.appendix import Appendix
from services.directory.domain.listing_rows import listings_of
from services.directory.history import archive
from services.directory.loading import load_and_keep_fresh
from services.directory.offer import Offer
from services.directory.offer_freshness import open_and_keep_fresh
from services.directory.offer_stores import CAPACITIES, FILED_SERVICES, SERVICES
from services.directory.settings import DirectorySettings
from services.directory.snapshot import Snapshot
from services.directory.stores import IMPORT_PARTS, IMPORTS, ORGANIZATIONS, VERSIONS


def create_app(
    settings: DirectorySettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(DirectorySettings)
    service = Service("directory", settings, READS, now, backing=backing)
    folder = settings.directory_data
    appendix = Appendix(
        read_rows(folder), municipalities(), regions(), version=read_version(folder)
    )
    snapshot, vocabulary = Snapshot(), read_vocabulary()
    filed = listings_of(read_services(settings.directory_data), tuple(appendix.rows), vocabulary)
    offer = Offer(snapshot, filed, vocabulary)

    async def archiving(organization_id: str) -> None:
        await archive(directory, organization_id)

    async def importing(import_id: str) -> None:
        await carry_out(directory, import_id)

    directory = Directory(
        service=service,
        organizations=service.collection(
            ORGANIZATIONS,
            ORGANIZATION,
            on_due=take_effect,
            errand=archiving,
            saved=lambda stored: snapshot.take(stored.state, stored.version),
        ),
        versions=service.collection(VERSIONS),
        imports=service.collection(IMPORTS, errand=importing),
        import_parts=service.collection(IMPORT_PARTS),
        appendix=appendix,
        refresh_seconds=settings.refresh_seconds,
        further_kinds=settings.further_kinds,
        services=service.collection(
            SERVICES, SERVICE, saved=lambda stored: offer.take_service(stored.state, stored.version)
        ),
        capacities=service.collection(
            CAPACITIES,
            CAPACITY,
            saved=lambda stored: offer.take_capacity(stored.state, stored.version),
        ),
        filed_services=service.collection(FILED_SERVICES),
        offer=offer,
        snapshot=snapshot,
    )

    service.registry.register(Astray(snapshot))

    async def begin() -> None:
        await load_and_keep_fresh(directory)

    async def begin_offer() -> None:
        await open_and_keep_fresh(directory)

    service.starting(begin)
    service.starting(begin_offer)
    return service.app(
        [
            organizations.router,
            versions.router,
            registers.router,
            imports.router,
            serving.router,
            quality.router,
            services.router,
            capacity.router,
            navigator.router,
            navigator_page.router,
            hsds.router,
        ],
        {"directory": directory},
        description="Organizations, the territories they serve, their hours, services and capacity;"
        " the navigator; Open Referral HSDS; the quality report.",
    )
