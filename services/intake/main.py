"""Intake put together: the only file that names concrete classes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
from fastapi import FastAPI

from chassis import clock
from chassis.backing import REAL, Backing
from chassis.limits import GuessLimits
from chassis.register import Register
from chassis.service import Service
from chassis.settings import load
from contracts import assessment, careplan
from contracts.appointments import APPOINTMENT
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
    appointments,
    attachments,
    bureaus,
    cases,
    citizens,
    consent,
    consultations,
    documents,
    ending,
    fhir,
    fhir_kept,
    fhir_metadata,
    fhir_tasks,
    fhir_withdrawal,
    forwarding,
    further,
    interagency,
    journal,
    own_appointments,
    pairs,
    referrals,
    status_code,
    webhooks,
    worklists,
)
from services.intake.commands import run_errands
from services.intake.consenting import tell_cases
from services.intake.correcting import finish
from services.intake.domain.consenting import sound_erasure
from services.intake.domain.consultations import forget_person
from services.intake.domain.reminders import ring
from services.intake.domain.terms import sound_terms
from services.intake.handlers import CASE_HANDLERS
from services.intake.intake import Intake
from services.intake.joining import settle
from services.intake.notifying import release_held, release_returned, run_deliveries
from services.intake.recognising import compare_citizen, give_keys
from services.intake.sending import Sending
from services.intake.settings import IntakeSettings
from services.intake.stores import (
    APPOINTMENTS,
    CASES,
    CITIZEN_PAIRS,
    CITIZENS,
    CONSULTATIONS,
    ENDPOINTS,
    GATEWAYS,
    JOURNAL,
    ORGANIZATIONS,
    OUTGOING_NUMBERS,
    SCHEDULES,
    SLOTS,
    TASKS,
)
from services.intake.territories import Territories


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

    def errand(run: Callable[[Intake, str], Awaitable[object]]) -> Callable[[str], Awaitable[None]]:
        async def owed(document_id: str) -> None:
            await run(intake, document_id)

        return owed

    lines = service.collection(JOURNAL, errand=errand(finish))
    kept = service.collection(CASES, CASE, on_due=sound_terms, errand=errand(run_errands))
    people = service.collection(
        CITIZENS, CITIZEN, on_due=sound_erasure, errand=errand(owed_to_citizen)
    )
    gateways = Gateways(settings.every_gateway, outside)
    territories = Territories()
    intake = Intake(
        service=service,
        cases=kept,
        citizens=people,
        pairs=service.collection(CITIZEN_PAIRS, errand=errand(settle)),
        journal=lines,
        register=Register(lines),
        organizations=service.copies(ORGANIZATIONS, territories.take),
        territories=territories,
        appointments=service.collection(APPOINTMENTS, APPOINTMENT, on_due=ring),
        slots=service.collection(SLOTS),
        schedules=service.collection(SCHEDULES),
        consultations=service.collection(CONSULTATIONS, on_due=forget_person),
        limits=GuessLimits(settings.status_per_address, settings.status_per_number),
        identity=Identity(settings.identity_key.get_secret_value()),
        attachments=Attachments(settings.attachments_url, now=now),
        gateways=gateways,
        sending=Sending(service, kept, people, service.collection(GATEWAYS), gateways),
        outgoing_numbers=service.collection(OUTGOING_NUMBERS),
        pension_fund_office=settings.pension_fund_office,
        tasks=service.collection(TASKS, errand=errand(run_deliveries)),
        endpoints=service.collection(ENDPOINTS, errand=errand(release_held)),
        partners=settings.all_partners(),
        rates=Rates(service.now),
        webhooks=Webhooks(outside, loopback=settings.outgoing_loopback),
        fetching=Fetching(outside, loopback=settings.outgoing_loopback),
        institutions=settings.institutions,
    )
    service.read(intake.cases, [assessment.CASE, careplan.CASE], CASE_HANDLERS)
    service.starting(intake.sending.run)
    service.starting(lambda: territories.keep_fresh(intake.organizations))
    service.starting(lambda: give_keys(intake))
    service.starting(lambda: release_returned(intake))
    for close in (gateways.close, intake.webhooks.close, intake.fetching.close):
        service.closing(close)
    return service.app(
        [
            journal.router,
            referrals.router,
            forwarding.router,
            cases.router,
            further.router,
            citizens.router,
            pairs.router,
            worklists.router,
            consent.router,
            application.router,
            documents.router,
            attachments.router,
            answers.router,
            interagency.router,
            ending.router,
            fhir.router,
            fhir_tasks.router,
            fhir_withdrawal.router,
            fhir_kept.router,
            fhir_metadata.router,
            webhooks.router,
            appointments.router,
            own_appointments.router,
            bureaus.router,
            consultations.router,
            status_code.router,
        ],
        {"intake": intake},
        description="Referrals, journal, triage, documents, interagency requests, appointments.",
    )


async def owed_to_citizen(intake: Intake, citizen_id: str) -> None:
    """Their cases go by the consent that stands, and they are compared with who is like them."""
    await tell_cases(intake, citizen_id)
    await compare_citizen(intake, citizen_id)
