"""Use cases of intake: one function, one save. Registration, which takes several, is in
`registering.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chassis.commands import Request
from chassis.document import Answered
from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.errors import NotFound
from contracts.event import Event
from contracts.intake import CASE
from contracts.values import SYSTEM, Actor
from services.intake.adapters.pension_fund import GatewayUnavailable
from services.intake.adapters.webhooks import NotDelivered
from services.intake.domain.case import Action, Case, involves, require
from services.intake.domain.citizen import Citizen, Consent, give_consent
from services.intake.domain.interagency import record_not_sent, record_sent
from services.intake.domain.notices import (
    notice_id,
    record_not_told,
    record_told,
    status_text,
    tell_requester,
)
from services.intake.domain.records import RequestState
from services.intake.forwarding import pass_on
from services.intake.intake import Intake

Decide = Callable[[Case, Context], Sequence[Event]]


def summary(case: Case) -> dict[str, Any]:
    """What every command answers besides its receipt."""
    return {
        "status": case.status,
        "proposal": case.proposal.model_dump(mode="json") if case.proposal else None,
        "request_id": case.request.id if case.request else None,
    }


async def change_case(
    intake: Intake,
    case_id: str,
    request: Request,
    by: Actor,
    decide: Decide,
    visible: Callable[[Case, Actor], bool] = involves,
    what: str = "case",
) -> Answered:
    """Carry a decision out on a case the caller may know of; tell the requester of the change."""
    at = intake.service.at(by)

    def decided(case: Case) -> Sequence[Event]:
        events = decide(case, at)
        tell_requester(case, at)
        return events

    return await intake.service.commands.execute(
        intake.cases,
        case_id,
        CASE,
        request,
        at,
        decided,
        visible=lambda case: visible(case, by),
        answer=summary,
        what=what,
    )


async def record_consent(
    intake: Intake, case_id: str, request: Request, by: Actor, consent: Consent
) -> Answered:
    """Consent belongs to the citizen; it is given in the course of a case (R 3.3.7)."""
    case = await intake.get_case(case_id, by)
    at = intake.service.at(by)
    today = at.calendar.local_date(at.now)

    def decide(citizen: Citizen) -> Sequence[Event]:
        require(case.state, Action.RECORD_CONSENT)
        return give_consent(citizen, consent, at, today)

    return await intake.service.commands.execute(
        intake.citizens,
        case.state.reference.citizen_id,
        CITIZEN,
        request,
        at,
        decide,
        visible=lambda citizen: True,
        what="citizen",
    )


async def case_of_request(intake: Intake, request_id: str) -> str:
    """The case an interagency request was made for."""
    found = await intake.cases.find_one(request_id=request_id)
    if found is None:
        raise NotFound("interagency request")
    return found.id


async def run_errands(intake: Intake, case_id: str) -> None:
    """What this case owes now: a request to send, a notice to give, lines in the journals."""
    document = await intake.cases.get(case_id)
    if document is None:
        return
    now, case = intake.now(), document.state
    request = case.request
    if request and request.state is RequestState.TO_SEND and _due(request.next_attempt_at, now):
        await _send_request(intake, case)
    if _due(case.notice.next_attempt_at, now):
        await _send_notice(intake, case)
    if _due(case.pass_on_at, now):
        await pass_on(intake, case_id)


def _due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


async def _send_request(intake: Intake, case: Case) -> None:
    request = case.request
    citizen = await intake.citizens.get(case.reference.citizen_id)
    if request is None or citizen is None:
        return
    try:
        await intake.pension_fund.send(request, case.reference.number, citizen.state.card)
        outcome: Decide = record_sent
    except GatewayUnavailable:
        outcome = record_not_sent
    await _record(intake, case.id, outcome)


async def _send_notice(intake: Intake, case: Case) -> None:
    status = status_text(case)
    told, gone = False, False
    if intake.webhooks is None or case.requester != intake.webhook_organization:
        gone = True  # another organization's referral is none of the listener's business
    else:
        try:
            number = notice_id(case, status)
            await intake.webhooks.send(number, case.entry_id, status, intake.now())
            told = True
        except NotDelivered as failure:
            gone = failure.gone

    def outcome(present: Case, at: Context) -> Sequence[Event]:
        if told:
            record_told(present, status, at)
        else:
            record_not_told(present, at, gone=gone)
        return ()

    await _record(intake, case.id, outcome)


async def _record(intake: Intake, case_id: str, outcome: Decide) -> None:
    """Store what came of an errand."""
    at = intake.service.at(SYSTEM)
    await intake.service.commands.execute(
        intake.cases,
        case_id,
        CASE,
        None,
        at,
        lambda case: outcome(case, at),
        visible=lambda case: True,
    )
