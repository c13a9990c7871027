"""FHIR R4 for medical organizations: push a referral, follow its Task (L 2.2, 5.1; K 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from chassis.http import etag, public
from contracts.errors import InvalidInput, NotFound, Refusal
from services.intake.adapters.fhir import Referral, read_referral
from services.intake.api.callers import Hospital
from services.intake.domain.case import Case
from services.intake.domain.notices import task_status
from services.intake.intake import WithIntake
from services.intake.registering import Registered, Source, register_referral

MEDIA_TYPE = "application/fhir+json"
TASK_CODE = {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}
BUSINESS_STATUS = "urn:opora:referral-stage"
REFERRAL_OUTPUT = "urn:opora:referral-output"


class FhirRoute(APIRoute):
    """Answers failures as FHIR does: an OperationOutcome that names the path."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, its refusals turned into OperationOutcomes."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as failure:
                return _outcome(failure)
            except RequestValidationError:
                return _outcome(InvalidInput("invalid-input", "a parameter breaks a rule"))

        return handled


router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute)


def _outcome(failure: Refusal) -> JSONResponse:
    issue: dict[str, Any] = {
        "severity": "error",
        "code": {401: "login", 403: "forbidden", 404: "not-found"}.get(failure.status, "invalid"),
        "details": {"coding": [{"system": "urn:opora:problem", "code": failure.code}]},
        "diagnostics": failure.detail + (f" ({failure.clause})" if failure.clause else ""),
    }
    if failure.field:
        issue["expression"] = [failure.field]
    headers = {"WWW-Authenticate": "Bearer"} if failure.status == 401 else None
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return JSONResponse(body, failure.status, headers=headers, media_type=MEDIA_TYPE)


@router.post("", summary="Push a referral")
async def post_fhir(http: Request, by: Hospital, intake: WithIntake) -> JSONResponse:
    """A transaction Bundle (Patient, ServiceRequest, Task) or a bare ServiceRequest.

    The same ServiceRequest identifier from the same organization never opens a second case; the
    repetition gets the first answer. Nothing is stored of a resource that is refused.
    """
    body = await http.body()
    try:
        text = body.decode("utf-8-sig")
        posted = json.loads(text)
    except (ValueError, RecursionError) as failure:
        raise InvalidInput("malformed-json", "the body is not JSON in UTF-8") from failure
    organization = by.organization
    if organization is None:
        raise InvalidInput("organization-missing", "the token names no organization")
    referral = read_referral(posted, organization)
    source = Source(
        key=referral.source_key,
        fingerprint=hashlib.sha256(referral.source_key.encode()).hexdigest(),
        recorded_by=by,
        requester=organization,
        original=text,
    )
    try:
        registered = await register_referral(
            intake, referral.form, lambda: intake.who_serves(referral.form.citizen.address), source
        )
    except InvalidInput as failure:
        failure.field = referral.places.path_of(failure.field)
        raise
    return JSONResponse(
        _answer(referral, registered, organization),
        status_code=200 if registered.repeated or posted["resourceType"] == "Bundle" else 201,
        media_type=MEDIA_TYPE,
    )


def _answer(referral: Referral, registered: Registered, organization: str) -> dict[str, Any]:
    """A transaction-response with the location of each resource."""
    locations = {
        "Patient": f"Patient/{registered.placement.citizen_id}",
        "Organization": f"Organization/{organization}",
        "ServiceRequest": f"ServiceRequest/{registered.entry.id}",
        "Task": f"Task/{registered.entry.id}",
    }
    status = "200 OK" if registered.repeated else "201 Created"
    entries = []
    for kind in referral.types:
        response = {"status": status}
        if kind in locations:
            response["location"] = locations[kind]
        entries.append({"response": response})
    if "Task" not in referral.types:
        entries.append({"response": {"status": status, "location": locations["Task"]}})
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


@router.get("/Task/{task_id}", summary="Follow a referral")
async def get_task(task_id: str, by: Hospital, intake: WithIntake) -> JSONResponse:
    """The referral's present state; only for the organization that sent it."""
    entry = await intake.journal.get(task_id)
    if entry is None or by.organization is None or entry.state.requester != by.organization:
        raise NotFound("Task")
    if entry.state.placed is None:
        raise NotFound("Task")
    case = await intake.cases.get(entry.state.placed.case_id)
    if case is None:
        raise NotFound("Task")
    return JSONResponse(
        _task(task_id, case.state, by.organization),
        media_type=MEDIA_TYPE,
        headers={"ETag": f"W/{etag(case.version)}"},
    )


def _task(task_id: str, case: Case, organization: str) -> dict[str, Any]:
    status, stage = task_status(case)
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": task_id,
        "status": status,
        "intent": "order",
        "code": {"coding": [TASK_CODE]},
        "focus": {"reference": f"ServiceRequest/{task_id}"},
        "for": {"reference": f"Patient/{case.reference.citizen_id}"},
        "requester": {"reference": f"Organization/{organization}"},
        "owner": {"reference": f"Organization/{case.reference.institution}"},
    }
    if case.received_at is not None:
        task["authoredOn"] = case.received_at.isoformat()
        task["lastModified"] = (case.notice.changed_at or case.received_at).isoformat()
    if stage is not None:
        task["businessStatus"] = {"coding": [{"system": BUSINESS_STATUS, "code": stage}]}
    if status == "cancelled":
        task["statusReason"] = {"text": "Гражданин отказался от услуг"}
    if output := _output(case):
        task["output"] = output
    return task


def _output(case: Case) -> list[dict[str, Any]]:
    """What came of the referral: decision, level, provider."""
    progress = case.progress
    found = {
        "decision": progress.decided,
        "level": str(progress.assessed_level) if progress.assessed_level else None,
        "order": progress.order_number,
        "provider": progress.provider,
        "refusal-grounds": ", ".join(progress.refusal_grounds) or None,
    }
    return [
        {"type": {"coding": [{"system": REFERRAL_OUTPUT, "code": code}]}, "valueString": value}
        for code, value in found.items()
        if value is not None
    ]


@router.get("/metadata", summary="What this server can do", dependencies=[Depends(public)])
async def get_metadata() -> JSONResponse:
    """The CapabilityStatement."""
    interactions = {"ServiceRequest": ["create"], "Task": ["read"]}
    return JSONResponse(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-21",
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "implementation": {"description": "Opora intake: referrals for long-term care"},
            "rest": [
                {
                    "mode": "server",
                    "interaction": [{"code": "transaction"}],
                    "resource": [
                        {"type": kind, "interaction": [{"code": code} for code in codes]}
                        for kind, codes in interactions.items()
                    ],
                }
            ],
        },
        media_type=MEDIA_TYPE,
    )
