"""Complaints put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.register import Register
from chassis.service import Service
from chassis.settings import load
from contracts import careplan, intake
from contracts.complaints import COMPLAINT
from contracts.topology import READS
from services.complaints.api import complaints as routes
from services.complaints.complaints import Complaints
from services.complaints.domain.examination import sound_terms
from services.complaints.handlers import CASE_HANDLERS
from services.complaints.settings import ComplaintsSettings
from services.complaints.stores import CASES, CITIZENS, COMPLAINTS, ORGANIZATIONS


def create_app(
    settings: ComplaintsSettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(ComplaintsSettings)
    service = Service("complaints", settings, READS, now, backing=backing)
    entries = service.collection(COMPLAINTS, COMPLAINT, on_due=sound_terms)
    complaints = Complaints(
        service=service,
        complaints=entries,
        register=Register(entries),
        cases=service.collection(CASES),
        citizens=service.copies(CITIZENS),
        organizations=service.copies(ORGANIZATIONS),
    )
    service.read(complaints.cases, [intake.CASE, careplan.CASE], CASE_HANDLERS)
    return service.app(
        [routes.router],
        {"complaints": complaints},
        description="Complaints: registration, decision, remedy, answer.",
    )
