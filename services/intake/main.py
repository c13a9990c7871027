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
from services.intake.adapters.attachments import Attachments
from services.intake.adapters.gateways import Gateways
from services.intake.adapters.identity import Identity
from services.intake.adapters.webhooks import Webhooks
from services.intake.api import (
    answers,
    application,
    attachments,
    cases,
    consent,
    documents,
    fhir,
    interagency,
    referrals,
)
from services.intake.commands import run_errands
from services.intake.domain.registration import sound_terms
from services.intake.handlers import CASE_HANDLERS
from services.intake.intake import Intake
from services.intake.placing import place
from services.intake.sending import Sending
from services.intake.settings import IntakeSettings
from services.intake.stores import (
    CASES,
    CITIZENS,
    GATEWAYS,
    JOURNAL,
    ORGANIZATIONS,
    OUTGOING_NUMBERS,
)


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
        await place(intake, journal_id)

    journal = service.collection(JOURNAL, errand=placing)
    kept = service.collection(CASES, CASE, on_due=sound_terms, errand=errands)
    citizens = service.collection(CITIZENS, CITIZEN)
    gateways = Gateways(settings.every_gateway, outside)
    intake = Intake(
        service=service,
        cases=kept,
        citizens=citizens,
        journal=journal,
        register=Register(journal),
        organizations=service.copies(ORGANIZATIONS),
        identity=Identity(settings.identity_key.get_secret_value()),
        attachments=Attachments(settings.attachments_url, now=now),
        gateways=gateways,
        sending=Sending(service, kept, citizens, service.collection(GATEWAYS), gateways),
        outgoing_numbers=service.collection(OUTGOING_NUMBERS),
        pension_fund_office=settings.pension_fund_office,
        webhooks=_webhooks(settings, outside),
        webhook_organization=settings.webhook_organization,
        institutions=settings.institutions,
    )
    service.read(intake.cases, [assessment.CASE, careplan.CASE], CASE_HANDLERS)
    service.starting(intake.sending.run)
    service.closing(gateways.close)
    if intake.webhooks is not None:
        service.closing(intake.webhooks.close)
    return service.app(
        [
            referrals.router,
            cases.router,
            consent.router,
            application.router,
            documents.router,
            attachments.router,
            answers.router,
            interagency.router,
            fhir.router,
        ],
        {"intake": intake},
        description="Referrals, journal, triage, documents, interagency requests.",
    )


def _webhooks(
    settings: IntakeSettings, outside: httpx.AsyncBaseTransport | None
) -> Webhooks | None:
    if settings.webhook_url is None or settings.webhook_secret is None:
        return None
    return Webhooks(settings.webhook_url, settings.webhook_secret.get_secret_value(), outside)
