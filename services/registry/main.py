"""The register put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.limits import GuessLimits
from chassis.service import Service
from chassis.settings import load
from contracts.envelope import Envelope
from contracts.topology import READS
from services.registry.api import cases, citizens, log, status
from services.registry.domain.log import CASE_STREAMS
from services.registry.figures import Figures
from services.registry.handlers import CASE_HANDLERS
from services.registry.recording import record
from services.registry.registry import Registry
from services.registry.settings import RegistrySettings
from services.registry.stores import CAPACITIES, CASES, CITIZENS, LOG, ORGANIZATIONS, SERVICES


def create_app(
    settings: RegistrySettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(RegistrySettings)
    service = Service("registry", settings, READS, now, backing=backing)
    records = service.collection(CASES)
    people = service.copies(CITIZENS)
    organizations = service.copies(ORGANIZATIONS)
    registry = Registry(
        service=service,
        cases=records,
        citizens=people,
        organizations=organizations,
        services=service.copies(SERVICES),
        capacities=service.copies(CAPACITIES),
        log=service.collection(LOG),
        limits=GuessLimits(settings.status_per_address, settings.status_per_number),
        figures=Figures(records, people, organizations, now),
    )

    async def write_down(envelope: Envelope) -> None:
        await record(registry, envelope)

    service.record = write_down
    service.read(records, CASE_STREAMS, CASE_HANDLERS)
    return service.app(
        [cases.router, citizens.router, log.router, status.router],
        {"registry": registry},
        description="The regional register: citizens, cases, timelines, terms, the system's log.",
    )
