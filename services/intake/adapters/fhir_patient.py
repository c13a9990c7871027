"""The citizen's card in a FHIR Patient: name, SNILS, birth date, address, phone."""

from __future__ import annotations

import re
from datetime import date

import phonenumbers
from pydantic import TypeAdapter, ValidationError

from contracts.values import Address, CitizenCard, FullName, Snils, is_phone
from services.intake.adapters.fhir_parsing import fail, make
from services.intake.adapters.fhir_resources import ContactPoint, FhirAddress, HumanName, Patient

SNILS_SYSTEMS = {
    "https://fhir.ru/ig/core/systems/snils",
    "urn:oid:1.2.643.2.69.1.1.1.6.223",
    "1.2.643.2.69.1.1.1.6.223",
    "urn:oid:1.2.643.100.3",
    "1.2.643.100.3",
}
SNILS_TYPE = "SB"
_SNILS: TypeAdapter[str] = TypeAdapter(Snils)


def card(patient: Patient, path: str) -> CitizenCard:
    """What identifies and reaches the citizen; raises InvalidInput by the path of what is wrong."""
    name = full_name(patient.name, path)
    if name is None:
        return fail(f"{path}.name", "family name and given name are needed (R 3.1.2)")
    return make(
        CitizenCard,
        {"": f"{path}.birthDate"},
        snils=_snils(patient, path),
        name=name,
        birth_date=_birth_date(patient, path),
        gender=patient.gender,
        address=first_address(patient.address, path),
        phone=phone_of(patient.telecom),
    )


def full_name(names: list[HumanName], path: str) -> FullName | None:
    """The official name, or the first one; None where there is none that is whole."""
    name = next((n for n in names if n.use == "official"), None) or next(iter(names), None)
    if name is None or not name.family or not name.given:
        return None
    return make(
        FullName,
        dict.fromkeys(("family", "given", "patronymic"), f"{path}.name"),
        family=name.family,
        given=name.given[0],
        patronymic=name.given[1] if len(name.given) > 1 else None,
    )


def _snils(patient: Patient, path: str) -> str | None:
    for index, identifier in enumerate(patient.identifier):
        place = f"{path}.identifier[{index}]"
        codes = {coding.code for coding in identifier.type.coding} if identifier.type else set()
        system = identifier.system or ""
        if system not in SNILS_SYSTEMS:
            if SNILS_TYPE in codes or "snils" in system.lower():
                fail(f"{place}.system", "is no known system of SNILS")
            continue
        try:
            return _SNILS.validate_python(identifier.value)
        except ValidationError:
            fail(f"{place}.value", "is no SNILS: eleven digits with fitting check digits")
    return None


def _birth_date(patient: Patient, path: str) -> date | None:
    if patient.birth_date is None:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", patient.birth_date):
        try:
            return date.fromisoformat(patient.birth_date)
        except ValueError:
            pass
    return fail(f"{path}.birthDate", "is a full date, YYYY-MM-DD (R 3.1.2)")


def first_address(addresses: list[FhirAddress], path: str) -> Address | None:
    """The first address, as one line, if there is any."""
    if not addresses:
        return None
    address = addresses[0]
    text = address.text or ", ".join(
        [*filter(None, [address.postal_code, address.city]), *address.line]
    )
    if not text:
        fail(f"{path}.address[0].text", "the address as one line is needed (R 3.1.2)")
    postal = address.postal_code or ""
    return make(
        Address,
        {"text": f"{path}.address[0].text", "settlement": f"{path}.address[0].city"},
        text=text,
        postal_code=postal if re.fullmatch(r"[0-9]{6}", postal) else None,
        settlement=address.city or None,
    )


def phone_of(telecoms: list[ContactPoint]) -> str | None:
    """The first phone that can be read as one; a broken one is kept in the original only."""
    for telecom in telecoms:
        if telecom.system == "phone" and telecom.value:
            try:
                number = phonenumbers.parse(telecom.value, "RU")
            except phonenumbers.NumberParseException:
                continue
            dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if phonenumbers.is_possible_number(number) and is_phone(dialled):
                return dialled
    return None
