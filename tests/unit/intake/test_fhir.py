"""FHIR R4 at the edge: what is read, tolerated, refused by its path (L 2.2, 5.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.values import Gender
from services.intake.adapters.fhir import Referral, read_referral
from services.intake.adapters.fhir_resources import moment_of
from services.intake.domain.referral_form import check_form
from tests.unit.intake.sample import NOON

MINIMAL = json.loads((Path(__file__).parent / "minimal_referral.json").read_text("utf-8"))
PATIENT, ORGANIZATION, REQUEST, TASK = range(4)
Resource = dict[str, Any]
ROOT = "Bundle.entry[{}].resource"


def bundle(*changes: Callable[[Resource], object]) -> Resource:
    posted: Resource = deepcopy(MINIMAL)
    for change in changes:
        change(posted)
    return posted


def put(entry: int, field: str, value: object) -> Callable[[Resource], object]:
    """Set a field of the resource of an entry; `...` removes it."""

    def change(posted: Resource) -> None:
        resource = posted["entry"][entry]["resource"]
        if value is ...:
            del resource[field]
        else:
            resource[field] = value

    return change


def read(posted: object) -> Referral:
    return read_referral(posted, "hospital-03", NOON)


def refused(posted: object) -> str:
    with pytest.raises(InvalidInput) as failure:
        read(posted)
    assert failure.value.code == "invalid-resource"
    assert failure.value.field is not None
    for personal in ("Петрова", "11223344595", "1941-03-08", "+73845600001", "Кирова"):
        assert personal not in str(failure.value)
        assert personal not in failure.value.field
    return failure.value.field


def test_minimal_referral_is_read_l_2_2() -> None:
    referral = read(MINIMAL)
    form = referral.form
    assert form.channel is Channel.MEDICAL_ORGANIZATION
    assert form.citizen.snils == "11223344595"
    assert form.citizen.name is not None
    assert form.citizen.name.model_dump() == {
        "family": "Петрова",
        "given": "Анна",
        "patronymic": "Ильинична",
    }
    assert form.citizen.birth_date == date(1941, 3, 8)
    assert form.citizen.gender is Gender.FEMALE
    assert form.citizen.phone == "+73845600001"
    assert form.citizen.address is not None
    assert form.citizen.address.settlement == "Ленинск-Кузнецкий"
    assert form.citizen.address.postal_code == "652500"
    assert form.problems == "Утрата способности к самообслуживанию после инсульта"
    assert form.contact is not None
    assert form.contact.organization_name == "Больница-отправитель (пример)"
    assert form.contact.organization_id == "hospital-03"
    assert not form.in_hospital
    assert referral.types == ["Patient", "Organization", "ServiceRequest", "Task"]
    assert check_form(form, NOON, date(2026, 2, 2)) == []


@pytest.mark.parametrize(
    "system",
    [
        "https://fhir.ru/ig/core/systems/snils",
        "urn:oid:1.2.643.2.69.1.1.1.6.223",
        "1.2.643.2.69.1.1.1.6.223",
        "urn:oid:1.2.643.100.3",
        "1.2.643.100.3",
    ],
)
@pytest.mark.parametrize("value", ["11223344595", "112-233-445 95"])
def test_snils_is_read_under_each_of_its_systems(system: str, value: str) -> None:
    identifier = [{"system": "urn:oid:2.25.9", "value": "77"}, {"system": system, "value": value}]
    assert read(bundle(put(PATIENT, "identifier", identifier))).form.citizen.snils == "11223344595"


@pytest.mark.parametrize(
    ("identifier", "field"),
    [
        ({"system": "https://example.org/snils", "value": "11223344595"}, "system"),
        ({"system": "https://example.org/SNILS", "value": "11223344595"}, "system"),
        ({"system": "urn:oid:1.2.3", "value": "1", "type": {"coding": [{"code": "SB"}]}}, "system"),
        ({"value": "11223344595", "type": {"coding": [{"code": "SB"}]}}, "system"),
        ({"system": "urn:oid:1.2.643.100.3", "value": "11223344590"}, "value"),
        ({"system": "urn:oid:1.2.643.100.3", "value": "1122334459"}, "value"),
        ({"system": "urn:oid:1.2.643.100.3", "value": "112233445950"}, "value"),
        ({"system": "urn:oid:1.2.643.100.3", "value": "12345678901"}, "value"),
        ({"system": "urn:oid:1.2.643.100.3"}, "value"),
    ],
)
def test_unknown_snils_system_or_wrong_check_digits_are_named(
    identifier: Resource, field: str
) -> None:
    posted = bundle(put(PATIENT, "identifier", [identifier]))
    assert refused(posted) == f"Bundle.entry[0].resource.identifier[0].{field}"


def test_snils_is_optional_some_people_have_none() -> None:
    assert read(bundle(put(PATIENT, "identifier", ...))).form.citizen.snils is None


def test_unknown_elements_and_extensions_are_tolerated() -> None:
    referral = read(
        bundle(
            put(PATIENT, "extension", [{"url": "urn:x", "valueInteger": 2**80}]),
            put(PATIENT, "maritalStatus", {"text": "вдова"}),
            put(REQUEST, "supportingInfo", [{"reference": "Observation/1"}]),
            put(TASK, "extension", [{"url": "urn:y", "valueString": "\ud800"}]),
            lambda posted: posted.update(meta={"profile": ["urn:z"]}),
            lambda posted: posted["entry"].append(
                {
                    "resource": {"resourceType": "Observation", "status": "final"},
                    "request": {"method": "POST", "url": "Observation"},
                }
            ),
        )
    )
    assert referral.form == read(MINIMAL).form
    assert referral.types[-1] == "Observation"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda b: b.update(type="batch"), "Bundle.type"),
        (lambda b: b.update(type=None), "Bundle.type"),
        (lambda b: b.update(type=["transaction"]), "Bundle.type"),
        (lambda b: b.pop("type"), "Bundle.type"),
        (lambda b: b.pop("entry"), "Bundle.entry"),
        (lambda b: b.update(entry=[]), "Bundle.entry"),
        (lambda b: b.update(entry={}), "Bundle.entry"),
        (lambda b: b.update(entry=b["entry"] * 60), "Bundle.entry"),
        (lambda b: b["entry"].append({}), "Bundle.entry[4].resource"),
        (lambda b: b["entry"].append(7), "Bundle.entry[4]"),
        (lambda b: b["entry"][0].update(resource="Patient"), "Bundle.entry[0].resource"),
        (lambda b: b["entry"][0].pop("request"), "Bundle.entry[0].request"),
        (lambda b: b["entry"][0]["request"].pop("url"), "Bundle.entry[0].request.url"),
        (lambda b: b["entry"][1].update(fullUrl=b["entry"][0]["fullUrl"]),
         "Bundle.entry[1].fullUrl"),
        (lambda b: b["entry"].pop(REQUEST), "Bundle.entry"),
        (lambda b: b["entry"].append(b["entry"][REQUEST] | {"fullUrl": "urn:uuid:9"}),
         "Bundle.entry"),
        (lambda b: b["entry"][0]["resource"].pop("resourceType"),
         f"{ROOT.format(0)}.resourceType"),
        (put(REQUEST, "subject", ...), f"{ROOT.format(2)}.subject"),
        (put(REQUEST, "subject", {}), f"{ROOT.format(2)}.subject"),
        (put(REQUEST, "subject", "urn:uuid:1"), f"{ROOT.format(2)}.subject"),
        (put(REQUEST, "subject", {"reference": "Patient/1"}), f"{ROOT.format(2)}.subject"),
        (put(REQUEST, "subject", {"reference": MINIMAL["entry"][1]["fullUrl"]}),
         f"{ROOT.format(2)}.subject"),
        (put(REQUEST, "status", ...), f"{ROOT.format(2)}.status"),
        (put(REQUEST, "status", "revoked"), f"{ROOT.format(2)}.status"),
        (put(REQUEST, "intent", "option"), f"{ROOT.format(2)}.intent"),
        (put(REQUEST, "identifier", ...), f"{ROOT.format(2)}.identifier"),
        (put(REQUEST, "identifier", [{"value": "1"}]), f"{ROOT.format(2)}.identifier"),
        (put(REQUEST, "authoredOn", "вчера"), f"{ROOT.format(2)}.authoredOn"),
        (put(REQUEST, "authoredOn", 1770000000), f"{ROOT.format(2)}.authoredOn"),
        (put(REQUEST, "authoredOn", "2026-02-02T09:10:00"), f"{ROOT.format(2)}.authoredOn"),
        (put(REQUEST, "reasonCode", [{"text": "б" * 4001}]), f"{ROOT.format(2)}.reasonCode"),
        (put(REQUEST, "reasonCode", "инсульт"), f"{ROOT.format(2)}.reasonCode"),
        (put(PATIENT, "name", ...), f"{ROOT.format(0)}.name"),
        (put(PATIENT, "name", [{"family": "Петрова"}]), f"{ROOT.format(0)}.name"),
        (put(PATIENT, "name", [{"family": "  ", "given": ["Анна"]}]), f"{ROOT.format(0)}.name"),
        (put(PATIENT, "name", [{"family": "П" * 301, "given": ["Анна"]}]),
         f"{ROOT.format(0)}.name"),
        (put(PATIENT, "name", "Петрова Анна"), f"{ROOT.format(0)}.name"),
        (put(PATIENT, "name", [{"family": "\ud800", "given": ["Анна"]}]),
         f"{ROOT.format(0)}.name"),
        (put(PATIENT, "gender", "женский"), f"{ROOT.format(0)}.gender"),
        (put(PATIENT, "birthDate", "1941"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", "1941-03"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", "19410308"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", "1941-02-30"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", "08.03.1941"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", "1841-03-08"), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "birthDate", 1941), f"{ROOT.format(0)}.birthDate"),
        (put(PATIENT, "active", "true"), f"{ROOT.format(0)}.active"),
        (put(PATIENT, "active", 1), f"{ROOT.format(0)}.active"),
        (put(PATIENT, "deceasedBoolean", "no"), f"{ROOT.format(0)}.deceasedBoolean"),
        (put(REQUEST, "doNotPerform", 0), f"{ROOT.format(2)}.doNotPerform"),
        (put(PATIENT, "address", [{"use": "home"}]), f"{ROOT.format(0)}.address[0].text"),
        (put(PATIENT, "address", [{"text": "д" * 301}]), f"{ROOT.format(0)}.address[0].text"),
        (put(PATIENT, "address", {"text": "пр. Кирова"}), f"{ROOT.format(0)}.address"),
        (put(ORGANIZATION, "name", ["Больница"]), f"{ROOT.format(1)}.name"),
        (put(ORGANIZATION, "name", "Б" * 301), f"{ROOT.format(2)}.requester"),
        (put(TASK, "status", ...), f"{ROOT.format(3)}.status"),
        (put(TASK, "status", "completed"), f"{ROOT.format(3)}.status"),
        (put(TASK, "lastModified", "2026-02-02T09:09:59+07:00"), f"{ROOT.format(3)}.lastModified"),
        (put(TASK, "lastModified", "2026-02-02T02:09:59Z"), f"{ROOT.format(3)}.lastModified"),
        (put(TASK, "authoredOn", "2026-13-02"), f"{ROOT.format(3)}.authoredOn"),
    ],
)  # fmt: skip
def test_broken_element_is_refused_by_its_path(
    change: Callable[[Resource], object], path: str
) -> None:
    assert refused(bundle(change)) == path


@pytest.mark.parametrize(
    "posted", [None, [], [MINIMAL], "Bundle", 7, {}, {"resourceType": "Patient"}]
)
def test_what_is_no_referral_is_refused(posted: object) -> None:
    assert refused(posted) == "resourceType"


@pytest.mark.parametrize(
    ("authored", "modified"),
    [
        ("2026-02-02T09:10:00+07:00", "2026-02-02T02:10:00Z"),
        ("2026-02-02T09:10:00.5+07:00", "2026-02-02T02:10:00.500001Z"),
        ("2026", "2026-02-02T02:10:00Z"),
        ("2026-02", "2026-01"),
        ("2026-02-02T09:10:00+07:00", "2026-02-02"),
    ],
)
def test_every_fhir_date_time_is_read_and_compared_where_it_can_be(
    authored: str, modified: str
) -> None:
    read(bundle(put(TASK, "authoredOn", authored), put(TASK, "lastModified", modified)))


def test_moment_needs_a_time() -> None:
    assert moment_of("2026-02-02") is None
    assert moment_of("2026-02-30T00:00:00Z") is None
    found = moment_of("2026-02-02T09:10:00+07:00")
    assert found is not None
    assert found.isoformat() == "2026-02-02T09:10:00+07:00"


def test_birth_date_in_the_future_is_named_by_its_fhir_path_r_3_1_2() -> None:
    referral = read(bundle(put(PATIENT, "birthDate", "2031-01-01")))
    with pytest.raises(InvalidInput) as failure:
        check_form(referral.form, NOON, date(2026, 2, 2))
    assert failure.value.code == "birth-date-in-future"
    assert referral.places.path_of(failure.value.field) == "Bundle.entry[0].resource.birthDate"
    assert referral.places.path_of(None) is None
    assert referral.places.path_of("received_at") == "received_at"


@pytest.mark.parametrize(
    ("entry", "field", "path"),
    [
        (PATIENT, "birthDate", "Bundle.entry[0].resource.birthDate"),
        (PATIENT, "address", "Bundle.entry[0].resource.address"),
    ],
)
def test_missing_journal_field_is_named_by_its_fhir_path_r_3_1_2(
    entry: int, field: str, path: str
) -> None:
    referral = read(bundle(put(entry, field, ...)))
    with pytest.raises(InvalidInput) as failure:
        check_form(referral.form, NOON, date(2026, 2, 2))
    assert referral.places.path_of(failure.value.field) == path


def test_path_is_that_of_the_subject_where_there_are_two_patients() -> None:
    spouse = {
        "fullUrl": "urn:uuid:spouse",
        "resource": {"resourceType": "Patient", "name": [{"family": "Петров"}]},
        "request": {"method": "POST", "url": "Patient"},
    }
    posted = bundle(
        lambda b: b["entry"].insert(0, spouse),
        put(PATIENT + 1, "birthDate", "1941"),
    )
    assert refused(posted) == "Bundle.entry[1].resource.birthDate"
    put(PATIENT + 1, "gender", "ж")(posted)
    assert refused(posted) == "Bundle.entry[1].resource.gender"


def test_practitioner_may_be_the_requester() -> None:
    doctor = {
        "fullUrl": "urn:uuid:doctor",
        "resource": {"resourceType": "Practitioner", "name": [{"family": "Врачёв"}]},
        "request": {"method": "POST", "url": "Practitioner"},
    }
    posted = bundle(
        lambda b: b["entry"].append(doctor),
        put(REQUEST, "requester", {"reference": "urn:uuid:doctor"}),
    )
    contact = read(posted).form.contact
    assert contact is not None
    assert contact.organization_name == "hospital-03"


def bare(**changed: object) -> Resource:
    patient = MINIMAL["entry"][PATIENT]["resource"] | {"id": "p1"}
    request = MINIMAL["entry"][REQUEST]["resource"]
    return {**request, "contained": [patient], "subject": {"reference": "#p1"}, **changed}


def test_bare_service_request_with_its_patient_is_read() -> None:
    referral = read(bare())
    assert referral.types == ["ServiceRequest"]
    assert referral.form.citizen == read(MINIMAL).form.citizen
    assert referral.places.path_of("citizen.birth_date") == "ServiceRequest.contained[0].birthDate"


@pytest.mark.parametrize(
    ("posted", "path"),
    [
        (bare(contained=[]), "ServiceRequest.contained"),
        (bare(contained=[{"resourceType": "Patient"}] * 2), "ServiceRequest.contained"),
        (bare(contained=["Patient"]), "ServiceRequest.contained[0]"),
        (bare(contained=[{"resourceType": "Patient"}]), "ServiceRequest.subject"),
        (
            bare(contained=[{"resourceType": "Patient"}], subject={}),
            "ServiceRequest.contained[0].name",
        ),
        (bare(status="completed"), "ServiceRequest.status"),
        (bare(subject=None), "ServiceRequest.subject"),
    ],
)
def test_broken_service_request_is_refused_by_its_path(posted: Resource, path: str) -> None:
    assert refused(posted) == path


def test_encounter_says_that_the_citizen_lies_in_hospital_r_3_3_3() -> None:
    posted = bundle(put(REQUEST, "encounter", {"reference": "Encounter/1"}))
    assert read(posted).form.in_hospital


def test_reference_of_the_sender_makes_one_key_per_organization() -> None:
    key = read(MINIMAL).source_key
    assert read(bundle(put(TASK, "note", [{"text": "x"}]))).source_key == key
    assert read_referral(MINIMAL, "hospital-04", NOON).source_key != key
    other = [{"system": "urn:oid:2.25.1", "value": "MO-2026-000124"}]
    posted = bundle(put(REQUEST, "identifier", other))
    del posted["entry"][REQUEST]["request"]["ifNoneExist"]
    assert read(posted).source_key != key
    assert "MO-2026" not in key
    assert len(key) < 100


def test_address_in_parts_becomes_one_line() -> None:
    parts = [{"line": ["пр. Кирова", "д. 1"], "city": "Ленинск-Кузнецкий", "postalCode": "65250"}]
    address = read(bundle(put(PATIENT, "address", parts))).form.citizen.address
    assert address is not None
    assert address.text == "65250, Ленинск-Кузнецкий, пр. Кирова, д. 1"
    assert address.postal_code is None


@pytest.mark.parametrize(
    ("telecom", "phone"),
    [
        ([{"system": "phone", "value": "8 (384-56) 0-00-01"}], "+73845600001"),
        ([{"system": "email", "value": "a@b.ru"}], None),
        ([{"system": "phone", "value": "нет"}, {"system": "phone", "value": "+79130000000"}],
         "+79130000000"),
        ([{"system": "phone"}], None),
    ],
)  # fmt: skip
def test_first_phone_that_can_be_read_is_taken(telecom: list[Resource], phone: str | None) -> None:
    assert read(bundle(put(PATIENT, "telecom", telecom))).form.citizen.phone == phone


@pytest.mark.parametrize("organization", ["", "9-больница", "x" * 101])
def test_organization_that_is_no_id_of_ours_is_refused(organization: str) -> None:
    with pytest.raises(InvalidInput) as failure:
        read_referral(MINIMAL, organization, NOON)
    assert failure.value.field == "Bundle.entry[2].resource.requester"
