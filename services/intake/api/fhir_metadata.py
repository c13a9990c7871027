"""The CapabilityStatement: what this server can do, and nothing else."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Response

from chassis.http import public
from contracts.careplan import ServiceForm
from services.intake.adapters.fhir import SERVICE_FORM
from services.intake.adapters.fhir_task import KEPT
from services.intake.api.fhir_openapi import FAILURES, answers
from services.intake.api.fhir_protocol import FhirRoute, resource
from services.intake.api.fhir_search import SEARCHED
from services.intake.intake import WithIntake

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, responses=FAILURES)

INTERACTIONS = {
    "ServiceRequest": ("create", "read"),
    "Task": ("read", "vread", "update", "history-instance", "search-type"),
    "Bundle": ("read",),
    "Binary": ("read",),
    **dict.fromkeys(KEPT, ("read",)),
}
TEXTS = {
    "ServiceRequest": (
        "A referral: posted alone with its Patient contained, or in a transaction; an active order."
        f" A coding {SERVICE_FORM}|{ServiceForm.HOME} in code or orderDetail asks for care at home;"
        " priority asap and stat are looked at the same day."
    ),
    "Task": (
        "Where a referral stands. An update withdraws it (cancelled, entered-in-error) and needs"
        " If-Match; no other change is taken. A search by patient.identifier (SNILS) is posted."
    ),
    "Bundle": "What was sent, whole; its id is the ServiceRequest's.",
    "Binary": "The content of an attachment, in its own media type.",
}


@router.get(
    "/metadata",
    summary="What this server can do",
    dependencies=[Depends(public)],
    response_model=None,
    responses=answers("CapabilityStatement"),
)
async def get_metadata(intake: WithIntake) -> Response:
    """The CapabilityStatement."""
    return resource(statement(intake.service.version))


def statement(version: str) -> dict[str, Any]:
    """Everything the FHIR routes do, as FHIR declares it."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-25",
        "kind": "instance",
        "software": {"name": "Opora intake", "version": version},
        "implementation": {"description": "Opora intake: referrals for long-term care"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Medical organizations push referrals and follow them. Everything is the"
                    " sender's own; another organization's resource is answered like a missing one."
                ),
                "security": {"description": "Bearer JWT, role medical_organization"},
                "interaction": [{"code": "transaction"}],
                "resource": [_resource(kind) for kind in sorted(INTERACTIONS)],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": kind,
        "documentation": TEXTS.get(kind, "Sent in a transaction and kept with the referral."),
        "interaction": [{"code": code} for code in INTERACTIONS[kind]],
        "versioning": "versioned-update" if kind == "Task" else "no-version",
    }
    if kind == "ServiceRequest":
        described["conditionalCreate"] = True
    if kind in {"Task", "Bundle"}:
        described["conditionalRead"] = "full-support"
    if kind == "Task":
        described |= {
            "readHistory": True,
            "updateCreate": False,
            "searchParam": [
                {"name": name, "type": kind_of, "documentation": text}
                for name, (kind_of, text) in SEARCHED.items()
            ],
        }
    return described
