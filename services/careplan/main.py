"""Care planning put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.consumer import subject
from chassis.service import Service
from chassis.settings import load
from contracts import assessment, complaints, intake
from contracts.careplan import CASE
from contracts.topology import READS
from services.careplan.api import cases, decision, plan, programme
from services.careplan.careplan import Careplan
from services.careplan.domain.terms import sound_terms
from services.careplan.handlers import CASE_HANDLERS, complained_case
from services.careplan.settings import CareplanSettings
from services.careplan.stores import CAPACITIES, CASES, CITIZENS, ORGANIZATIONS


def create_app(
    settings: CareplanSettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(CareplanSettings)
    service = Service("careplan", settings, READS, now, backing=backing)
    careplan = Careplan(
        service=service,
        cases=service.collection(CASES, CASE, on_due=sound_terms),
        citizens=service.copies(CITIZENS),
        organizations=service.copies(ORGANIZATIONS),
        capacities=service.copies(CAPACITIES),
    )
    service.read(
        careplan.cases,
        {
            intake.CASE: subject,
            assessment.CASE: subject,
            complaints.COMPLAINT: complained_case,
        },
        CASE_HANDLERS,
    )
    return service.app(
        [cases.router, plan.router, programme.router, decision.router],
        {"careplan": careplan},
        description="Care plan, individual programme, decision, contract, enrolment.",
    )
