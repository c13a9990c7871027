"""The citizen's card in a FHIR Patient: name, SNILS, birth date, address, phone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

import phonenumbers
from pydantic import TypeAdapter, ValidationError

from contracts.values import Address, CitizenCard, FullName, Snils, is_phone
from services.intake.adapters.fhir_parsing import fail, make
from services.intake.adapters.fhir_resources import (
    ContactPoint,
    FhirAddress,
    HumanName,
    Patient,
    Used,
)

SNILS_SYSTEMS = {
    "https://fhir.ru/ig/core/systems/snils",
    "urn:oid:1.2.643.2.69.1.1.1.6.223",
    "1.2.643.2.69.1.1.1.6.223",
    "urn:oid:1.2.643.100.3",
    "1.2.643.100.3",
}
SNILS_TYPE = "SB"
NAMES = ("official", "usual", None, "temp")
ADDRESSES = ("home", None, "temp", "work")
"""Uses of a name and of an address, the one that counts most first; any other comes after them."""
REPLACED = "replaced-by"
_SNILS: TypeAdapter[str] = TypeAdapter(Snils)
U = TypeVar("U", bound=Used)


def card(patient: Patient, path: str, now: datetime) -> CitizenCard:
    """What identifies and reaches the citizen; raises InvalidInput by the path of what is wrong."""
    _check_living(patient, path)
    name = full_name(patient.name, path, now)
    if name is None:
        return fail(f"{path}.name", "family name and given name are needed (R 3.1.2)")
    return make(
        CitizenCard,
        {"": f"{path}.birthDate"},
        snils=_snils(patient, path, now),
        name=name,
        birth_date=_birth_date(patient, path),
        gender=patient.gender,
        address=address_of(patient.address, path, now),
        phone=phone_of(patient.telecom, now),
    )


def _check_living(patient: Patient, path: str) -> None:
    """Refuse a record that says there is nobody to refer: R4 lets none of it be passed over."""
    if patient.active is False:
        fail(f"{path}.active", "is false: the record is not in use, so nobody is referred by it")
    if patient.deceased_boolean:
        fail(f"{path}.deceasedBoolean", "is true: care is for the living")
    if patient.deceased_date_time is not None:
        fail(f"{path}.deceasedDateTime", "is given: care is for the living")
    for index, link in enumerate(patient.link):
        if link.type == REPLACED:
            fail(f"{path}.link[{index}].type", "is replaced-by: send the record in its place")


def _first(
    elements: Sequence[U], uses: Sequence[str | None], now: datetime
) -> tuple[int, U] | None:
    """Of what is in use the one whose use counts most, with its place."""
    found = [(index, one) for index, one in enumerate(elements) if one.in_use(now)]
    rank = {use: place for place, use in enumerate(uses)}
    return min(found, key=lambda one: rank.get(one[1].use, len(uses)), default=None)


def full_name(names: list[HumanName], path: str, now: datetime) -> FullName | None:
    """The name that counts: the official one first; None where there is none that is whole."""
    _, name = _first(names, NAMES, now) or (0, None)
    if name is None or not name.family or not name.given:
        return None
    return make(
        FullName,
        dict.fromkeys(("family", "given", "patronymic"), f"{path}.name"),
        family=name.family,
        given=name.given[0],
        patronymic=name.given[1] if len(name.given) > 1 else None,
    )


def _snils(patient: Patient, path: str, now: datetime) -> str | None:
    """The SNILS; two that differ are two persons, and none of them is the citizen's for sure."""
    found: str | None = None
    for index, identifier in enumerate(patient.identifier):
        if not identifier.in_use(now):
            continue
        place = f"{path}.identifier[{index}]"
        codes = {coding.code for coding in identifier.type.coding} if identifier.type else set()
        system = identifier.system or ""
        if system not in SNILS_SYSTEMS:
            if SNILS_TYPE in codes or "snils" in system.lower():
                fail(f"{place}.system", "is no known system of SNILS")
            continue
        try:
            snils = _SNILS.validate_python(identifier.value)
        except ValidationError:
            fail(f"{place}.value", "is no SNILS: eleven digits with fitting check digits")
        if found not in {None, snils}:
            fail(f"{place}.value", "is another SNILS than the one before: a person has one")
        found = snils
    return found


def _birth_date(patient: Patient, path: str) -> date | None:
    if patient.birth_date is None:
        return None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", patient.birth_date):
        try:
            return date.fromisoformat(patient.birth_date)
        except ValueError:
            pass
    return fail(f"{path}.birthDate", "is a full date, YYYY-MM-DD (R 3.1.2)")


def address_of(addresses: list[FhirAddress], path: str, now: datetime) -> Address | None:
    """Where somebody lives, as one line: at home, else for the time being; None where no address
    is in use. It says who serves the citizen and where the survey goes (R 3.1.2, 3.3.2)."""
    place, address = _first(addresses, ADDRESSES, now) or (0, None)
    if address is None:
        return None
    path = f"{path}.address[{place}]"
    text = address.text or ", ".join(
        [*filter(None, [address.postal_code, address.city]), *address.line]
    )
    if not text:
        fail(f"{path}.text", "the address as one line is needed (R 3.1.2)")
    postal = address.postal_code or ""
    return make(
        Address,
        {"text": f"{path}.text", "settlement": f"{path}.city"},
        text=text,
        postal_code=postal if re.fullmatch(r"[0-9]{6}", postal) else None,
        settlement=address.city or None,
    )


def phone_of(telecoms: list[ContactPoint], now: datetime) -> str | None:
    """The first phone in use that can be read as one; a broken one is kept in the original only."""
    for telecom in telecoms:
        if telecom.system == "phone" and telecom.value and telecom.in_use(now):
            try:
                number = phonenumbers.parse(telecom.value, "RU")
            except phonenumbers.NumberParseException:
                continue
            dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if phonenumbers.is_possible_number(number) and is_phone(dialled):
                return dialled
    return None
