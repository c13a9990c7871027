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
from services.intake.adapters.fhir_attachments import Fetching
from services.intake.adapters.gateways import Gateways
from services.intake.adapters.identity import Identity
from services.intake.adapters.rates import Rates
from services.intake.adapters.webhooks import Webhooks
from services.intake.api import (
    answers,
    application,
    attachments,
    cases,
    consent,
    documents,
    ending,
    fhir,
    fhir_kept,
    fhir_metadata,
    fhir_tasks,
    interagency,
    referrals,
    webhooks,
)
from services.intake.commands import run_errands
from services.intake.domain.registration import sound_terms
from services.intake.handlers import CASE_HANDLERS
from services.intake.intake import Intake
from services.intake.notifying import release_held, run_deliveries
from services.intake.placing import place
from services.intake.sending import Sending
from services.intake.settings import IntakeSettings
from services.intake.stores import (
    CASES,
    CITIZENS,
    ENDPOINTS,
    GATEWAYS,
    JOURNAL,
    ORGANIZATIONS,
    OUTGOING_NUMBERS,
    TASKS,
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

    async def deliveries(task_id: str) -> None:
        await run_deliveries(intake, task_id)

    async def releasing(requester: str) -> None:
        await release_held(intake, requester)

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
        tasks=service.collection(TASKS, errand=deliveries),
        endpoints=service.collection(ENDPOINTS, errand=releasing),
        partners=settings.all_partners(),
        rates=Rates(service.now),
        webhooks=Webhooks(outside, loopback=settings.outgoing_loopback),
        fetching=Fetching(outside, loopback=settings.outgoing_loopback),
        institutions=settings.institutions,
    )
    service.read(intake.cases, [assessment.CASE, careplan.CASE], CASE_HANDLERS)
    service.starting(intake.sending.run)
    service.closing(gateways.close)
    service.closing(intake.webhooks.close)
    service.closing(intake.fetching.close)
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
            ending.router,
            fhir.router,
            fhir_tasks.router,
            fhir_kept.router,
            fhir_metadata.router,
            webhooks.router,
        ],
        {"intake": intake},
        description="Referrals, journal, triage, documents, interagency requests.",
    )
