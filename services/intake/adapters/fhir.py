"""FHIR R4 at the edge: a transaction Bundle, or a bare ServiceRequest, becomes a referral.

Only what a referral needs is read; anything else is tolerated and kept with the journal entry.
A broken element is refused by its path. FHIR goes no further in than this file.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, NoReturn, TypeVar

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.errors import InvalidInput
from contracts.intake import Channel
from contracts.values import (
    Address,
    CitizenCard,
    Contact,
    ContactKind,
    FullName,
    Gender,
    Snils,
)
from services.intake.domain.journal import ReferralForm

SNILS_SYSTEMS = {
    "https://fhir.ru/ig/core/systems/snils",
    "urn:oid:1.2.643.2.69.1.1.1.6.223",
    "1.2.643.2.69.1.1.1.6.223",
    "urn:oid:1.2.643.100.3",
    "1.2.643.100.3",
}
SNILS_TYPE = "SB"
_SNILS: TypeAdapter[str] = TypeAdapter(Snils)


class Element(BaseModel):
    """A FHIR element: what we read of it, the rest tolerated."""

    model_config = ConfigDict(extra="allow")


E = TypeVar("E", bound=Element)


class Coding(Element):
    system: str | None = None
    code: str | None = None


class Concept(Element):
    coding: list[Coding] = []
    text: str | None = None


class FhirIdentifier(Element):
    system: str | None = None
    value: str | None = None
    type: Concept | None = None


class Reference(Element):
    reference: str | None = None
    display: str | None = None


class HumanName(Element):
    use: str | None = None
    family: str | None = None
    given: list[str] = []


class ContactPoint(Element):
    system: str | None = None
    value: str | None = None


class FhirAddress(Element):
    text: str | None = None
    line: list[str] = []
    city: str | None = None
    district: str | None = None
    postalCode: str | None = None


class Patient(Element):
    identifier: list[FhirIdentifier] = []
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    gender: Gender = Gender.UNKNOWN
    birthDate: str | None = None
    address: list[FhirAddress] = []


class Organization(Element):
    identifier: list[FhirIdentifier] = []
    name: str | None = None


class ServiceRequest(Element):
    identifier: list[FhirIdentifier] = []
    status: str
    intent: str
    priority: str = "routine"
    subject: Reference
    authoredOn: datetime | None = None
    requester: Reference | None = None
    code: Concept | None = None
    reasonCode: list[Concept] = []
    note: list[dict[str, Any]] = []
    contained: list[dict[str, Any]] = []


class Task(Element):
    status: str
    intent: str
    focus: Reference | None = None
    authoredOn: datetime | None = None
    lastModified: datetime | None = None


class EntryRequest(Element):
    method: str
    url: str


class Entry(Element):
    fullUrl: str | None = None
    resource: dict[str, Any]
    request: EntryRequest


class Bundle(Element):
    type: str
    entry: list[Entry] = Field(min_length=1, max_length=200)


class Referral(BaseModel):
    """What a FHIR push comes down to."""

    form: ReferralForm
    source_key: str
    types: list[str]
    """Resource types of the bundle's entries, in their order, for the answer."""


REQUEST_STATUS = {"draft", "active"}
REQUEST_INTENT = {"proposal", "plan", "order", "original-order"}
TASK_STATUS = {"draft", "requested"}


def read_referral(posted: Any, organization: str) -> Referral:
    """The referral in a posted resource; raises InvalidInput with the FHIR path as its field."""
    kind = posted.get("resourceType") if isinstance(posted, dict) else None
    if kind == "Bundle":
        return _from_bundle(posted, organization)
    if kind == "ServiceRequest":
        request = _parse(ServiceRequest, posted, "ServiceRequest")
        found = [r for r in request.contained if r.get("resourceType") == "Patient"]
        if len(found) != 1:
            _fail("ServiceRequest.contained", "a bare ServiceRequest contains its one Patient")
        patient = _parse(Patient, found[0], "ServiceRequest.contained[0]")
        return _referral(request, patient, None, organization, ["ServiceRequest"])
    _fail("resourceType", "send a transaction Bundle or a ServiceRequest")


def _from_bundle(posted: dict[str, Any], organization: str) -> Referral:
    bundle = _parse(Bundle, posted, "Bundle")
    if bundle.type != "transaction":
        _fail("Bundle.type", "a referral is a transaction")
    _check_full_urls(bundle)
    by_url = {entry.fullUrl: entry.resource for entry in bundle.entry if entry.fullUrl}
    types = [str(entry.resource.get("resourceType")) for entry in bundle.entry]
    if types.count("ServiceRequest") != 1:
        _fail("Bundle.entry", "a referral has exactly one ServiceRequest")
    at = types.index("ServiceRequest")
    path = f"Bundle.entry[{at}].resource"
    request = _parse(ServiceRequest, bundle.entry[at].resource, path)
    subject = by_url.get(request.subject.reference or "")
    if subject is None or subject.get("resourceType") != "Patient":
        _fail(f"{path}.subject", "refers to the fullUrl of the bundle's Patient")
    for index, entry in enumerate(bundle.entry):
        if types[index] == "Task":
            _check_task(_parse(Task, entry.resource, f"Bundle.entry[{index}].resource"), index)
    patient_path = f"Bundle.entry[{types.index('Patient')}].resource"
    patient = _parse(Patient, subject, patient_path)
    sender = by_url.get(request.requester.reference or "") if request.requester else None
    sent_by = _parse(Organization, sender, "Organization") if sender else None
    return _referral(request, patient, sent_by, organization, types, path, patient_path)


def _check_full_urls(bundle: Bundle) -> None:
    urls = [entry.fullUrl for entry in bundle.entry if entry.fullUrl]
    if len(urls) != len(set(urls)):
        _fail("Bundle.entry.fullUrl", "is unique within the bundle")


def _check_task(task: Task, index: int) -> None:
    path = f"Bundle.entry[{index}].resource"
    if task.status not in TASK_STATUS:
        _fail(f"{path}.status", "the requester sends draft or requested")
    if task.lastModified and task.authoredOn and task.lastModified < task.authoredOn:
        _fail(f"{path}.lastModified", "lies before authoredOn")


def _referral(
    request: ServiceRequest,
    patient: Patient,
    sender: Organization | None,
    organization: str,
    types: list[str],
    path: str = "ServiceRequest",
    patient_path: str = "Patient",
) -> Referral:
    if request.status not in REQUEST_STATUS:
        _fail(f"{path}.status", f"one of {', '.join(sorted(REQUEST_STATUS))}")
    if request.intent not in REQUEST_INTENT:
        _fail(f"{path}.intent", f"one of {', '.join(sorted(REQUEST_INTENT))}")
    identifier = next((i for i in request.identifier if i.system and i.value), None)
    if identifier is None:
        _fail(f"{path}.identifier", "the sender's own number, with its system")
    problems = "; ".join(reason.text for reason in request.reasonCode if reason.text)
    form = ReferralForm(
        channel=Channel.MEDICAL_ORGANIZATION,
        citizen=_card(patient, patient_path),
        problems=problems or (request.code.text if request.code else None),
        contact=Contact(
            kind=ContactKind.ORGANIZATION,
            organization_name=(sender.name if sender else None) or organization,
            organization_id=organization,
        ),
        in_hospital=_in_hospital(request),
        home_care_asked=True,
    )
    key = f"fhir:{organization}|{identifier.system}|{identifier.value}"
    return Referral(form=form, source_key=key, types=types)


def _in_hospital(request: ServiceRequest) -> bool:
    """Whether the citizen lies in the hospital now: an encounter is named (R 3.3.3)."""
    return bool((request.model_extra or {}).get("encounter"))


def _card(patient: Patient, path: str) -> CitizenCard:
    name = next((n for n in patient.name if n.use == "official"), None) or next(
        iter(patient.name), None
    )
    if name is None or not name.family or not name.given:
        _fail(f"{path}.name", "family name and given name are needed (R 3.1.2)")
    address = next(iter(patient.address), None)
    return CitizenCard(
        snils=_snils(patient, path),
        name=FullName(
            family=name.family,
            given=name.given[0],
            patronymic=name.given[1] if len(name.given) > 1 else None,
        ),
        birth_date=_birth_date(patient, path),
        gender=patient.gender,
        address=_address(address, path) if address else None,
        phone=_phone(patient),
    )


def _snils(patient: Patient, path: str) -> str | None:
    for index, identifier in enumerate(patient.identifier):
        place = f"{path}.identifier[{index}]"
        codes = {coding.code for coding in identifier.type.coding} if identifier.type else set()
        system = identifier.system or ""
        if system not in SNILS_SYSTEMS:
            if SNILS_TYPE in codes or "snils" in system.lower():
                _fail(f"{place}.system", "is no known system of SNILS")
            continue
        try:
            return _SNILS.validate_python(identifier.value)
        except ValidationError:
            _fail(f"{place}.value", "is no SNILS: eleven digits with fitting check digits")
    return None


def _birth_date(patient: Patient, path: str) -> date | None:
    if patient.birthDate is None:
        return None
    try:
        return date.fromisoformat(patient.birthDate)
    except ValueError:
        _fail(f"{path}.birthDate", "is a full date, YYYY-MM-DD (R 3.1.2)")


def _address(address: FhirAddress, path: str) -> Address:
    text = address.text or ", ".join(
        [*filter(None, [address.postalCode, address.city]), *address.line]
    )
    if not text:
        _fail(f"{path}.address[0].text", "the address as one line is needed (R 3.1.2)")
    postal = (
        address.postalCode
        if address.postalCode and re.fullmatch(r"\d{6}", address.postalCode)
        else None
    )
    return Address(text=text, postal_code=postal, settlement=address.city)


def _phone(patient: Patient) -> str | None:
    """The first phone that can be read as one; a broken one is kept in the original only."""
    for telecom in patient.telecom:
        if telecom.system == "phone" and telecom.value:
            try:
                number = phonenumbers.parse(telecom.value, "RU")
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_possible_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _parse(model: type[E], resource: Any, path: str) -> E:
    try:
        return model.model_validate(resource)
    except ValidationError as failure:
        error = failure.errors()[0]
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]
        )
        raise InvalidInput("invalid-resource", error["msg"], field=path + place) from failure


def _fail(path: str, rule: str) -> NoReturn:
    raise InvalidInput("invalid-resource", rule, field=path)
