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
from services.intake.adapters.identity import Identity
from services.intake.adapters.pension_fund import PensionFund
from services.intake.adapters.rates import Rates
from services.intake.adapters.webhooks import Webhooks
from services.intake.api import (
    application,
    cases,
    consent,
    ending,
    fhir,
    fhir_kept,
    fhir_metadata,
    fhir_tasks,
    fhir_withdrawal,
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
from services.intake.settings import IntakeSettings
from services.intake.stores import CASES, CITIZENS, ENDPOINTS, JOURNAL, ORGANIZATIONS, TASKS


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
    intake = Intake(
        service=service,
        cases=service.collection(CASES, CASE, on_due=sound_terms, errand=errands),
        citizens=service.collection(CITIZENS, CITIZEN),
        journal=journal,
        register=Register(journal),
        organizations=service.copies(ORGANIZATIONS),
        identity=Identity(settings.identity_key.get_secret_value()),
        attachments=Attachments(settings.attachments_url, now=now),
        pension_fund=_pension_fund(settings, outside),
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
    service.closing(intake.pension_fund.close)
    service.closing(intake.webhooks.close)
    service.closing(intake.fetching.close)
    return service.app(
        [
            referrals.router,
            cases.router,
            consent.router,
            application.router,
            interagency.router,
            ending.router,
            fhir.router,
            fhir_tasks.router,
            fhir_withdrawal.router,
            fhir_kept.router,
            fhir_metadata.router,
            webhooks.router,
        ],
        {"intake": intake},
        description="Referrals, journal, triage, documents, interagency requests.",
    )


def _pension_fund(
    settings: IntakeSettings, outside: httpx.AsyncBaseTransport | None
) -> PensionFund:
    token = settings.pension_fund_token.get_secret_value()
    return PensionFund(settings.pension_fund_url, token, outside)
