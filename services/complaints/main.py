"""Complaints put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.replica import keeping
from chassis.service import Service
from chassis.settings import load
from contracts import careplan, intake
from contracts.complaints import COMPLAINT
from contracts.copies import CITIZEN_EVENTS, ORGANIZATION_EVENTS
from contracts.directory import ORGANIZATION
from contracts.topology import READS
from services.complaints.api import complaints as routes
from services.complaints.complaints import Complaints
from services.complaints.domain.examination import sound_terms
from services.complaints.handlers import CASE_HANDLERS
from services.complaints.settings import ComplaintsSettings
from services.complaints.stores import CASES, CITIZENS, COMPLAINTS, ORGANIZATIONS


def create_app(settings: ComplaintsSettings | None = None, now: clock.Now = clock.now) -> FastAPI:
    """The application; settings come from the environment unless given."""
    service = Service("complaints", settings or load(ComplaintsSettings), READS, now)
    complaints = Complaints(
        service=service,
        complaints=service.collection(COMPLAINTS, COMPLAINT, on_due=sound_terms),
        cases=service.collection(CASES),
        citizens=service.collection(CITIZENS),
        organizations=service.collection(ORGANIZATIONS),
    )
    service.read(complaints.cases, [intake.CASE, careplan.CASE], CASE_HANDLERS)
    service.read(complaints.citizens, [intake.CITIZEN], keeping(*CITIZEN_EVENTS))
    service.read(complaints.organizations, [ORGANIZATION], keeping(*ORGANIZATION_EVENTS))
    return service.app(
        [routes.router],
        {"complaints": complaints},
        description="Complaints: registration, decision, remedy, answer.",
    )
