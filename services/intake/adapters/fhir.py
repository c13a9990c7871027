"""FHIR R4 at the edge: a transaction Bundle, or a bare ServiceRequest, becomes a referral.

Only what a referral needs is read; anything else is tolerated and kept with the journal entry.
A broken element is refused by its path. FHIR goes no further in than this folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.careplan import ServiceForm
from contracts.referral import Channel
from services.intake.adapters.fhir_bundle import (
    Part,
    Posted,
    check_references,
    take_alone,
    take_apart,
)
from services.intake.adapters.fhir_modifiers import (
    ORDERS,
    check_about,
    check_condition,
    check_task,
    check_understood,
    check_written,
)
from services.intake.adapters.fhir_parsing import fail, make, parse
from services.intake.adapters.fhir_patient import card
from services.intake.adapters.fhir_resources import (
    Organization,
    Patient,
    ServiceRequest,
)
from services.intake.adapters.fhir_said import contact_of, in_hospital
from services.intake.domain.priority import Priority, most_pressing
from services.intake.domain.referral_form import ReferralForm

SERVICE_FORM = "urn:opora:service-form"
"""System of the coding by which a ServiceRequest asks for a form of service."""


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


def read_referral(posted: Any, organization: str, now: datetime) -> Referral:
    """The referral in a posted resource; raises InvalidInput with the FHIR path as its field."""
    whole = read_posted(posted)
    request = next(part for part in whole.parts if part.kind == "ServiceRequest")
    read = parse(ServiceRequest, request.resource, request.path)
    check_understood(posted, posted["resourceType"])
    patient = whole.find(read.subject, request, "Patient") or _only_patient(request, read)
    tasks = [check_task(whole, part, request, now) for part in whole.parts if part.kind == "Task"]
    check_about(whole, patient)
    for index, part in enumerate(whole.parts):
        if part.condition is not None:
            check_condition(part, part.condition, f"Bundle.entry[{index}].request.ifNoneExist")
    _check_ordered(read, request.path, now)
    pressing = most_pressing(read.priority, *(task.priority for task in tasks))
    form = _form(whole, request, read, patient, organization, pressing, now)
    check_references(whole)
    key = source_key(read, organization, request.path)
    return Referral(form, key, whole, request, Places(request.path, patient.path))


def _only_patient(request: Part, read: ServiceRequest) -> Part:
    """Of a bare ServiceRequest that names nobody, the one Patient it contains; else the subject is
    nobody's."""
    patients = [part for part in request.contained if part.kind == "Patient"]
    if request.path != "ServiceRequest":
        fail(f"{request.path}.subject", "refers to the Patient that is sent along")
    if len(patients) != 1:
        fail("ServiceRequest.contained", "a bare ServiceRequest contains its one Patient")
    if read.subject.reference or read.subject.identifier:
        fail("ServiceRequest.subject", "refers to the Patient that is contained")
    return patients[0]


def _check_ordered(read: ServiceRequest, path: str, now: datetime) -> None:
    """Refuse what is not, not yet or no longer ordered; R4 lets none of it be passed over."""
    if read.status != "active":
        fail(f"{path}.status", "a referral is active")
    if read.intent not in ORDERS:
        fail(f"{path}.intent", f"one of {', '.join(sorted(ORDERS))}")
    if read.do_not_perform:
        fail(f"{path}.doNotPerform", "is true: a referral asks for something to be done")
    check_written(read.authored_on, f"{path}.authoredOn", now)


def _asks_home_care(read: ServiceRequest) -> bool:
    """Whether care at home is asked for from the start (R 3.3.10): only a coding says so."""
    concepts = [*([read.code] if read.code else []), *read.order_detail]
    codings = [(coding.system, coding.code) for one in concepts for coding in one.coding]
    return (SERVICE_FORM, ServiceForm.HOME.value) in codings


def _form(
    whole: Posted,
    request: Part,
    read: ServiceRequest,
    patient: Part,
    organization: str,
    priority: Priority | None,
    now: datetime,
) -> ReferralForm:
    path = request.path
    problems = "; ".join(reason.text for reason in read.reason_code if reason.text)
    sender = whole.find(read.requester, request, "Organization")  # a Practitioner may sign as well
    name = parse(Organization, sender.resource, sender.path).name if sender else None
    return make(
        ReferralForm,
        {"problems": f"{path}.reasonCode"},
        channel=Channel.MEDICAL_ORGANIZATION,
        citizen=card(parse(Patient, patient.resource, patient.path), patient.path, now),
        problems=problems or (read.code.text if read.code else None) or None,
        contact=contact_of(whole, organization, name or organization, path, now),
        in_hospital=in_hospital(whole, read, request),
        home_care_asked=_asks_home_care(read),
        priority=priority,
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
