"""FHIR R4 at the edge: a transaction Bundle, or a bare ServiceRequest, becomes a referral.

Only what a referral needs is read; anything else is tolerated and kept with the journal entry.
A broken element is refused by its path. FHIR goes no further in than this folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from contracts.referral import Channel
from services.intake.adapters.fhir_bundle import (
    Part,
    Posted,
    check_references,
    take_alone,
    take_apart,
)
from services.intake.adapters.fhir_parsing import fail, make, parse
from services.intake.adapters.fhir_patient import card
from services.intake.adapters.fhir_resources import (
    Organization,
    Patient,
    ServiceRequest,
    Task,
    moment_of,
)
from services.intake.adapters.fhir_said import contact_of, in_hospital
from services.intake.domain.journal import ReferralForm

REQUEST_STATUS = {"draft", "active"}
REQUEST_INTENT = {"proposal", "plan", "order", "original-order"}
TASK_STATUS = {"draft", "requested"}
TASK_INTENT = {"proposal", "plan", "order", "original-order", "filler-order", "instance-order"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where in the posted resource the parts of a referral stand, for messages about them."""

    request: str
    patient: str

    def path_of(self, field: str | None) -> str | None:
        """The FHIR path behind a field of the referral; the field itself if it has none."""
        paths = {
            "citizen.birth_date": f"{self.patient}.birthDate",
            "citizen.address": f"{self.patient}.address",
            "citizen.name": f"{self.patient}.name",
            "problems": f"{self.request}.reasonCode",
        }
        return paths.get(field, field) if field is not None else None


@dataclass(frozen=True, slots=True)
class Referral:
    """What a FHIR push comes down to."""

    form: ReferralForm
    source_key: str
    posted: Posted
    request: Part
    places: Places

    @property
    def types(self) -> list[str]:
        """Resource types of the bundle's entries, in their order, for the answer."""
        return [part.kind for part in self.posted.parts]


def read_posted(posted: Any) -> Posted:
    """The resources in a posted body; raises InvalidInput with the FHIR path as its field."""
    kind = posted.get("resourceType") if isinstance(posted, dict) else None
    if kind == "Bundle":
        return take_apart(posted)
    if kind == "ServiceRequest":
        return take_alone(posted, "ServiceRequest")
    return fail("resourceType", "send a transaction Bundle or a ServiceRequest")


def read_referral(posted: Any, organization: str) -> Referral:
    """The referral in a posted resource; raises InvalidInput with the FHIR path as its field."""
    whole = read_posted(posted)
    request = next(part for part in whole.parts if part.kind == "ServiceRequest")
    read = parse(ServiceRequest, request.resource, request.path)
    patient = whole.find(read.subject, request, "Patient") or _only_patient(request)
    for part in whole.parts:
        if part.kind == "Task":
            _check_task(whole, part, request, patient)
    form = _form(whole, request, read, patient, organization)
    check_references(whole)
    key = source_key(read, organization, request.path)
    return Referral(form, key, whole, request, Places(request.path, patient.path))


def _only_patient(request: Part) -> Part:
    """Of a bare ServiceRequest the one Patient it contains; else the subject is nobody's."""
    patients = [part for part in request.contained if part.kind == "Patient"]
    if request.path != "ServiceRequest":
        fail(f"{request.path}.subject", "refers to the Patient that is sent along")
    if len(patients) != 1:
        fail("ServiceRequest.contained", "a bare ServiceRequest contains its one Patient")
    return patients[0]


def _check_task(whole: Posted, part: Part, request: Part, patient: Part) -> None:
    task, path = parse(Task, part.resource, part.path), part.path
    if task.status not in TASK_STATUS:
        fail(f"{path}.status", "the requester sends draft or requested")
    if task.intent not in TASK_INTENT:
        fail(f"{path}.intent", f"one of {', '.join(sorted(TASK_INTENT))}")
    authored, modified = moment_of(task.authored_on), moment_of(task.last_modified)
    if authored and modified and modified < authored:
        fail(f"{path}.lastModified", "lies before authoredOn")
    if task.focus and whole.find(task.focus, part, "ServiceRequest") is not request:
        fail(f"{path}.focus", "refers to the ServiceRequest that is sent along")
    if task.for_ and whole.find(task.for_, part, "Patient") is not patient:
        fail(f"{path}.for", "refers to the Patient that is sent along")


def _form(
    whole: Posted, request: Part, read: ServiceRequest, patient: Part, organization: str
) -> ReferralForm:
    path = request.path
    if read.status not in REQUEST_STATUS:
        fail(f"{path}.status", f"one of {', '.join(sorted(REQUEST_STATUS))}")
    if read.intent not in REQUEST_INTENT:
        fail(f"{path}.intent", f"one of {', '.join(sorted(REQUEST_INTENT))}")
    problems = "; ".join(reason.text for reason in read.reason_code if reason.text)
    sender = whole.find(read.requester, request, "Organization")  # a Practitioner may sign as well
    name = parse(Organization, sender.resource, sender.path).name if sender else None
    return make(
        ReferralForm,
        {"problems": f"{path}.reasonCode"},
        channel=Channel.MEDICAL_ORGANIZATION,
        citizen=card(parse(Patient, patient.resource, patient.path), patient.path),
        problems=problems or (read.code.text if read.code else None) or None,
        contact=contact_of(whole, organization, name or organization, path),
        in_hospital=in_hospital(whole, read, request),
        home_care_asked=True,
    )


def source_key(request: ServiceRequest, organization: str, path: str) -> str:
    """The sender's own number of this referral, as one value of bounded length."""
    identifier = next((i for i in request.identifier if i.system and i.value), None)
    if identifier is None:
        return fail(f"{path}.identifier", "the sender's own number, with its system")
    return key_of_identifier(organization, identifier.system or "", identifier.value or "")


def key_of_identifier(organization: str, system: str, value: str) -> str:
    """Under which key a referral with this number of its sender is found."""
    reference = json.dumps([organization, system, value])
    return f"fhir:{hashlib.sha256(reference.encode()).hexdigest()}"
