"""Assessment put together: the only file that names concrete classes."""

from __future__ import annotations

from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.service import Service
from chassis.settings import load
from contracts import careplan, intake
from contracts.assessment import CASE
from contracts.topology import READS
from services.assessment.api import cases, commission
from services.assessment.assessment import Assessment
from services.assessment.domain.opening import sound_terms
from services.assessment.handlers import CASE_HANDLERS
from services.assessment.settings import AssessmentSettings
from services.assessment.stores import CASES, CITIZENS, ORGANIZATIONS


def create_app(
    settings: AssessmentSettings | None = None,
    now: clock.Now = clock.now,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or load(AssessmentSettings)
    service = Service("assessment", settings, READS, now, backing=backing)
    assessment = Assessment(
        service=service,
        cases=service.collection(CASES, CASE, on_due=sound_terms),
        citizens=service.copies(CITIZENS),
        organizations=service.copies(ORGANIZATIONS),
    )
    service.read(assessment.cases, [intake.CASE, careplan.CASE], CASE_HANDLERS)
    return service.app(
        [cases.router, commission.router],
        {"assessment": assessment},
        description="Primary survey, commission, act, typization, protocol.",
    )
