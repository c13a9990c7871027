"""FHIR R4 at the edge: a transaction Bundle, or a bare ServiceRequest, becomes a referral.

Only what a referral needs is read; anything else is tolerated and kept with the journal entry.
A broken element is refused by its path. FHIR goes no further in than this folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, TypeVar

import phonenumbers
from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.errors import InvalidInput
from contracts.intake import Channel
from contracts.values import Address, CitizenCard, Contact, ContactKind, FullName, Snils
from services.intake.adapters.fhir_resources import (
    Bundle,
    FhirAddress,
    Organization,
    Patient,
    ServiceRequest,
    Task,
    moment_of,
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

REQUEST_STATUS = {"draft", "active"}
REQUEST_INTENT = {"proposal", "plan", "order", "original-order"}
TASK_STATUS = {"draft", "requested"}
M = TypeVar("M", bound=BaseModel)


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
    types: list[str]
    """Resource types of the bundle's entries, in their order, for the answer."""
    places: Places


def read_referral(posted: Any, organization: str) -> Referral:
    """The referral in a posted resource; raises InvalidInput with the FHIR path as its field."""
    kind = posted.get("resourceType") if isinstance(posted, dict) else None
    if kind == "Bundle":
        return _from_bundle(posted, organization)
    if kind == "ServiceRequest":
        return _from_request(posted, organization)
    return _fail("resourceType", "send a transaction Bundle or a ServiceRequest")


def _from_request(posted: dict[str, Any], organization: str) -> Referral:
    request = _parse(ServiceRequest, posted, "ServiceRequest")
    kinds = [resource.get("resourceType") for resource in request.contained]
    found = [index for index, kind in enumerate(kinds) if kind == "Patient"]
    if len(found) != 1:
        _fail("ServiceRequest.contained", "a bare ServiceRequest contains its one Patient")
    places = Places("ServiceRequest", f"ServiceRequest.contained[{found[0]}]")
    patient = _parse(Patient, request.contained[found[0]], places.patient)
    return _referral(request, patient, None, organization, ["ServiceRequest"], places)


def _from_bundle(posted: dict[str, Any], organization: str) -> Referral:
    bundle = _parse(Bundle, posted, "Bundle")
    if bundle.type != "transaction":
        _fail("Bundle.type", "a referral is a transaction")
    by_url = _entries_by_url(bundle)
    types = [str(entry.resource.get("resourceType")) for entry in bundle.entry]
    if types.count("ServiceRequest") != 1:
        _fail("Bundle.entry", "a referral has exactly one ServiceRequest")
    path = _path(types.index("ServiceRequest"))
    request = _parse(ServiceRequest, bundle.entry[types.index("ServiceRequest")].resource, path)
    subject = by_url.get(request.subject.reference or "")
    if subject is None or types[subject] != "Patient":
        _fail(f"{path}.subject", "refers to the fullUrl of the bundle's Patient")
    patient = _parse(Patient, bundle.entry[subject].resource, _path(subject))
    for index, entry in enumerate(bundle.entry):
        if types[index] == "Task":
            _check_task(_parse(Task, entry.resource, _path(index)), _path(index))
    sender = by_url.get(request.requester.reference or "") if request.requester else None
    sent_by = None
    if sender is not None and types[sender] == "Organization":  # a Practitioner may sign as well
        sent_by = _parse(Organization, bundle.entry[sender].resource, _path(sender))
    return _referral(request, patient, sent_by, organization, types, Places(path, _path(subject)))


def _path(index: int) -> str:
    return f"Bundle.entry[{index}].resource"


def _entries_by_url(bundle: Bundle) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, entry in enumerate(bundle.entry):
        if entry.full_url is None:
            continue
        if entry.full_url in found:
            _fail(f"Bundle.entry[{index}].fullUrl", "is unique within the bundle")
        found[entry.full_url] = index
    return found


def _check_task(task: Task, path: str) -> None:
    if task.status not in TASK_STATUS:
        _fail(f"{path}.status", "the requester sends draft or requested")
    authored, modified = moment_of(task.authored_on), moment_of(task.last_modified)
    if authored and modified and modified < authored:
        _fail(f"{path}.lastModified", "lies before authoredOn")


def _referral(
    request: ServiceRequest,
    patient: Patient,
    sender: Organization | None,
    organization: str,
    types: list[str],
    places: Places,
) -> Referral:
    path = places.request
    if request.status not in REQUEST_STATUS:
        _fail(f"{path}.status", f"one of {', '.join(sorted(REQUEST_STATUS))}")
    if request.intent not in REQUEST_INTENT:
        _fail(f"{path}.intent", f"one of {', '.join(sorted(REQUEST_INTENT))}")
    problems = "; ".join(reason.text for reason in request.reason_code if reason.text)
    contact = _make(
        Contact,
        {"organization_name": f"{path}.requester", "organization_id": f"{path}.requester"},
        kind=ContactKind.ORGANIZATION,
        organization_name=(sender.name if sender else None) or organization,
        organization_id=organization,
    )
    form = _make(
        ReferralForm,
        {"problems": f"{path}.reasonCode"},
        channel=Channel.MEDICAL_ORGANIZATION,
        citizen=_card(patient, places.patient),
        problems=problems or (request.code.text if request.code else None) or None,
        contact=contact,
        in_hospital=_in_hospital(request),
        home_care_asked=True,
    )
    return Referral(form, _source_key(request, organization, path), types, places)


def _source_key(request: ServiceRequest, organization: str, path: str) -> str:
    """The sender's own number of this referral, as one value of bounded length."""
    identifier = next((i for i in request.identifier if i.system and i.value), None)
    if identifier is None:
        return _fail(f"{path}.identifier", "the sender's own number, with its system")
    reference = json.dumps([organization, identifier.system, identifier.value])
    return f"fhir:{hashlib.sha256(reference.encode()).hexdigest()}"


def _in_hospital(request: ServiceRequest) -> bool:
    """Whether the citizen lies in the hospital now: an encounter is named (R 3.3.3)."""
    return bool((request.model_extra or {}).get("encounter"))


def _card(patient: Patient, path: str) -> CitizenCard:
    name = next((n for n in patient.name if n.use == "official"), None) or next(
        iter(patient.name), None
    )
    if name is None or not name.family or not name.given:
        return _fail(f"{path}.name", "family name and given name are needed (R 3.1.2)")
    address = next(iter(patient.address), None)
    return _make(
        CitizenCard,
        {"": f"{path}.birthDate"},
        snils=_snils(patient, path),
        name=_make(
            FullName,
            dict.fromkeys(("family", "given", "patronymic"), f"{path}.name"),
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
    if patient.birth_date is None:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", patient.birth_date):
        try:
            return date.fromisoformat(patient.birth_date)
        except ValueError:
            pass
    return _fail(f"{path}.birthDate", "is a full date, YYYY-MM-DD (R 3.1.2)")


def _address(address: FhirAddress, path: str) -> Address:
    text = address.text or ", ".join(
        [*filter(None, [address.postal_code, address.city]), *address.line]
    )
    if not text:
        _fail(f"{path}.address[0].text", "the address as one line is needed (R 3.1.2)")
    postal = address.postal_code or ""
    return _make(
        Address,
        {"text": f"{path}.address[0].text", "settlement": f"{path}.address[0].city"},
        text=text,
        postal_code=postal if re.fullmatch(r"[0-9]{6}", postal) else None,
        settlement=address.city or None,
    )


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


def _parse(model: type[M], resource: Any, path: str) -> M:
    """A resource of the wrong shape is refused by the path of its first wrong element."""
    try:
        return model.model_validate(resource)
    except ValidationError as failure:
        error = failure.errors()[0]
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]
        )
        return _fail(path + place, error["msg"])


def _make(model: type[M], paths: dict[str, str], **values: Any) -> M:
    """A value of ours made of what was sent; `paths` says where each of its fields came from."""
    try:
        return model(**values)
    except ValidationError as failure:
        error = failure.errors()[0]
        field = str(error["loc"][0]) if error["loc"] else ""
        return _fail(paths.get(field, field), error["msg"])


def _fail(path: str, rule: str) -> NoReturn:
    raise InvalidInput("invalid-resource", rule, field=path) from None
