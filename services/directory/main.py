"""The directory put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.service import Service
from chassis.settings import load
from contracts.directory import ORGANIZATION
from contracts.territory import municipalities, regions
from contracts.topology import READS
from services.directory.adapters.data_files import read_rows
from services.directory.api import imports, organizations, quality, registers, serving, versions
from services.directory.directory import Directory
from services.directory.domain.announcing import take_effect
from services.directory.domain.appendix import Appendix
from services.directory.history import archive
from services.directory.imports import carry_out
from services.directory.loading import load_and_keep_fresh
from services.directory.settings import DirectorySettings
from services.directory.stores import IMPORT_PARTS, IMPORTS, ORGANIZATIONS, VERSIONS


def create_app(
    settings: DirectorySettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(DirectorySettings)
    service = Service("directory", settings, READS, now, backing=backing)

    async def archiving(organization_id: str) -> None:
        await archive(directory, organization_id)

    async def importing(import_id: str) -> None:
        await carry_out(directory, import_id)

    directory = Directory(
        service=service,
        organizations=service.collection(
            ORGANIZATIONS, ORGANIZATION, on_due=take_effect, errand=archiving
        ),
        versions=service.collection(VERSIONS),
        imports=service.collection(IMPORTS, errand=importing),
        import_parts=service.collection(IMPORT_PARTS),
        appendix=Appendix(read_rows(settings.directory_data), municipalities(), regions()),
        refresh_seconds=settings.refresh_seconds,
        further_kinds=settings.further_kinds,
    )

    async def begin() -> None:
        await load_and_keep_fresh(directory)

    service.starting(begin)
    return service.app(
        [
            organizations.router,
            versions.router,
            registers.router,
            imports.router,
            serving.router,
            quality.router,
        ],
        {"directory": directory},
        description="Organizations, the territories they serve, their hours; the quality report.",
    )
