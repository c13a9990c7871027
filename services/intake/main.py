"""Intake put together: the only file that names concrete classes."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.register import Register
from chassis.service import Service
from chassis.settings import load
from contracts import assessment, careplan
from contracts.citizen import CITIZEN
from contracts.intake import CASE
from contracts.topology import READS
from services.intake.adapters.identity import Identity
from services.intake.adapters.pension_fund import PensionFund
from services.intake.adapters.webhooks import Webhooks
from services.intake.api import (
    application,
    cases,
    consent,
    fhir,
    forwarding,
    interagency,
    journal,
    referrals,
)
from services.intake.commands import run_errands
from services.intake.correcting import finish
from services.intake.domain.registration import sound_terms
from services.intake.handlers import CASE_HANDLERS
from services.intake.intake import Intake
from services.intake.settings import IntakeSettings
from services.intake.stores import CASES, CITIZENS, JOURNAL, ORGANIZATIONS


def create_app(
    settings: IntakeSettings | None = None,
    now: clock.Now = clock.now,
    outside: httpx.AsyncBaseTransport | None = None,
    backing: Backing = REAL,
) -> FastAPI:
    """The application; settings come from the environment unless given.

    `outside` replaces the network towards the Pension Fund and those who are told by webhook.
    """
    settings = settings or load(IntakeSettings)
    service = Service("intake", settings, READS, now, backing=backing)

    async def errands(case_id: str) -> None:
        await run_errands(intake, case_id)

    async def placing(journal_id: str) -> None:
        await finish(intake, journal_id)

    lines = service.collection(JOURNAL, errand=placing)
    intake = Intake(
        service=service,
        cases=service.collection(CASES, CASE, on_due=sound_terms, errand=errands),
        citizens=service.collection(CITIZENS, CITIZEN),
        journal=lines,
        register=Register(lines),
        organizations=service.copies(ORGANIZATIONS),
        identity=Identity(settings.identity_key.get_secret_value()),
        pension_fund=_pension_fund(settings, outside),
        pension_fund_office=settings.pension_fund_office,
        webhooks=_webhooks(settings, outside),
        webhook_organization=settings.webhook_organization,
        institutions=settings.institutions,
    )
    service.read(intake.cases, [assessment.CASE, careplan.CASE], CASE_HANDLERS)
    service.closing(intake.pension_fund.close)
    if intake.webhooks is not None:
        service.closing(intake.webhooks.close)
    return service.app(
        [
            journal.router,
            referrals.router,
            forwarding.router,
            cases.router,
            consent.router,
            application.router,
            interagency.router,
            fhir.router,
        ],
        {"intake": intake},
        description="Referrals, journal, triage, documents, interagency requests.",
    )


def _pension_fund(
    settings: IntakeSettings, outside: httpx.AsyncBaseTransport | None
) -> PensionFund:
    token = settings.pension_fund_token.get_secret_value()
    return PensionFund(settings.pension_fund_url, token, outside)


def _webhooks(
    settings: IntakeSettings, outside: httpx.AsyncBaseTransport | None
) -> Webhooks | None:
    if settings.webhook_url is None or settings.webhook_secret is None:
        return None
    return Webhooks(settings.webhook_url, settings.webhook_secret.get_secret_value(), outside)
