"""What R4 forbids to pass over: a referral is registered as what it says, or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contracts.errors import InvalidInput
from services.intake.adapters.fhir import read_posted, read_referral
from services.intake.adapters.fhir_attachments import named
from services.intake.adapters.fhir_said import _conditions
from services.intake.domain.priority import Priority, most_pressing
from tests.unit.intake.sample import NOON, entry, form
from tests.unit.intake.test_fhir import (
    MINIMAL,
    PATIENT,
    REQUEST,
    ROOT,
    TASK,
    bare,
    bundle,
    put,
    read,
    refused,
)

Change = Callable[[dict[str, Any]], object]
SUBJECT = {"reference": MINIMAL["entry"][PATIENT]["fullUrl"]}
STRANGE = [{"url": "urn:x", "valueBoolean": True}]
FORM = "urn:opora:service-form"


def task_code(code: str, **coding: str) -> Change:
    return put(TASK, "code", {"coding": [{"code": code, **coding}]})


def besides(kind: str, **elements: Any) -> Change:
    """One resource more, at the end."""

    def change(posted: dict[str, Any]) -> None:
        resource = {"resourceType": kind, **elements}
        posted["entry"].append({"resource": resource, "request": {"method": "POST", "url": kind}})

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (put(REQUEST, "doNotPerform", True), "doNotPerform"),
        (put(REQUEST, "modifierExtension", STRANGE), "modifierExtension"),
        (put(REQUEST, "implicitRules", "urn:x"), "implicitRules"),
        (put(REQUEST, "status", "draft"), "status"),
        (put(REQUEST, "status", "on-hold"), "status"),
        (put(REQUEST, "status", "revoked"), "status"),
        (put(REQUEST, "status", "entered-in-error"), "status"),
        (put(REQUEST, "intent", "proposal"), "intent"),
        (put(REQUEST, "intent", "plan"), "intent"),
        (put(REQUEST, "intent", "directive"), "intent"),
        (put(REQUEST, "authoredOn", "2099"), "authoredOn"),
        (put(REQUEST, "authoredOn", "2026-03"), "authoredOn"),
        (put(REQUEST, "authoredOn", "2026-02-04T00:00:00Z"), "authoredOn"),
        (put(REQUEST, "priority", "banana"), "priority"),
        (put(REQUEST, "priority", ["stat"]), "priority"),
    ],
)
def test_request_that_asks_for_nothing_or_otherwise_is_refused_by_its_path(
    change: Change, path: str
) -> None:
    assert refused(bundle(change)) == f"{ROOT.format(REQUEST)}.{path}"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (put(PATIENT, "active", False), "active"),
        (put(PATIENT, "deceasedBoolean", True), "deceasedBoolean"),
        (put(PATIENT, "deceasedDateTime", "2026-01-30"), "deceasedDateTime"),
        (put(PATIENT, "link", [{"other": {"reference": "Patient/1"}, "type": "replaced-by"}]),
         "link[0].type"),
        (lambda b: b["entry"][PATIENT]["resource"]["name"][0].update(modifierExtension=STRANGE),
         "name[0].modifierExtension"),
    ],
)  # fmt: skip
def test_record_of_nobody_who_lives_is_refused_by_its_path(change: Change, path: str) -> None:
    assert refused(bundle(change)) == f"{ROOT.format(PATIENT)}.{path}"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (task_code("abort", system="http://hl7.org/fhir/CodeSystem/task-code"),
         "code.coding[0].code"),
        (task_code("suspend"), "code.coding[0].code"),
        (put(TASK, "status", "draft"), "status"),
        (put(TASK, "intent", "proposal"), "intent"),
        (put(TASK, "priority", "banana"), "priority"),
        (put(TASK, "authoredOn", "2099-01-01"), "authoredOn"),
        (put(TASK, "lastModified", "2099-01-01"), "lastModified"),
        (put(TASK, "restriction", {"modifierExtension": STRANGE}),
         "restriction.modifierExtension"),
    ],
)  # fmt: skip
def test_task_that_asks_for_something_else_is_refused_by_its_path(
    change: Change, path: str
) -> None:
    assert refused(bundle(change)) == f"{ROOT.format(TASK)}.{path}"


def test_modifier_is_seen_wherever_it_stands() -> None:
    assert refused(bundle(lambda b: b.update(implicitRules="urn:x"))) == "Bundle.implicitRules"
    inside = bare(contained=[{"resourceType": "Patient", "id": "p1", "modifierExtension": []}])
    assert refused(inside) == "ServiceRequest.contained[0].modifierExtension"
    unknown = besides("Basic", code={"modifierExtension": STRANGE})
    assert refused(bundle(unknown)) == "Bundle.entry[4].resource.code.modifierExtension"


@pytest.mark.parametrize(
    "change",
    [
        put(REQUEST, "doNotPerform", False),
        put(REQUEST, "intent", "filler-order"),
        put(REQUEST, "authoredOn", "2026"),
        put(REQUEST, "authoredOn", "2026-02-03T01:00:00+12:00"),
        put(PATIENT, "active", True),
        put(PATIENT, "deceasedBoolean", False),
        put(PATIENT, "link", [{"other": {"reference": "Patient/1"}, "type": "seealso"}]),
        put(TASK, "code", {"text": "Принять направление"}),
        task_code("sdoh", system="urn:oid:2.25.5"),
        put(TASK, "authoredOn", ...),
    ],
)
def test_what_modifies_nothing_is_taken(change: Change) -> None:
    assert read(bundle(change)).form == read(MINIMAL).form


@pytest.mark.parametrize(
    ("request_says", "task_says", "found"),
    [
        (..., ..., None),
        ("routine", ..., Priority.ROUTINE),
        ("urgent", "urgent", Priority.URGENT),
        ("routine", "stat", Priority.STAT),
        ("asap", "urgent", Priority.ASAP),
    ],
)
def test_priority_is_the_most_pressing_that_is_said_r_3_1_7(
    request_says: Any, task_says: Any, found: Priority | None
) -> None:
    posted = bundle(put(REQUEST, "priority", request_says), put(TASK, "priority", task_says))
    assert read(posted).form.priority is found


@pytest.mark.parametrize(
    ("priority", "danger"),
    [(None, False), ("routine", False), ("urgent", False), ("asap", True), ("stat", True)],
)
def test_what_cannot_wait_is_looked_at_like_a_danger_r_3_1_7(
    priority: str | None, danger: bool
) -> None:
    assert entry(form=form(priority=priority)).in_danger is danger
    assert most_pressing(None, Priority.STAT, Priority.ROUTINE) is Priority.STAT


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (put(REQUEST, "note", [{"text": "нужен уход на дому"}]), False),
        (put(REQUEST, "code", {"coding": [{"system": FORM, "code": "residential"}]}), False),
        (put(REQUEST, "code", {"coding": [{"system": "urn:x", "code": "home"}]}), False),
        (put(REQUEST, "code", {"coding": [{"system": FORM, "code": "home"}]}), True),
        (put(REQUEST, "orderDetail", [{"text": "уход"},
                                      {"coding": [{"system": FORM, "code": "home"}]}]), True),
    ],
)  # fmt: skip
def test_home_care_is_asked_for_by_its_code_alone_r_3_3_10(change: Change, asked: bool) -> None:
    assert read(bundle(change)).form.home_care_asked is asked


@pytest.mark.parametrize(
    ("kind", "elements", "name"),
    [
        ("Observation", {"status": "final"}, "subject"),
        ("QuestionnaireResponse", {"status": "completed"}, "subject"),
        ("Condition", {}, "subject"),
        ("Encounter", {"status": "in-progress", "class": {"code": "IMP"}}, "subject"),
        ("RelatedPerson", {}, "patient"),
        ("Consent", {"status": "active", "scope": {}, "category": [{}]}, "patient"),
    ],
)
@pytest.mark.parametrize("other", ["urn:uuid:spouse", "Patient/9"])
def test_what_is_about_somebody_else_is_refused_by_its_path(
    kind: str, elements: dict[str, Any], name: str, other: str
) -> None:
    spouse = besides("Patient", name=[{"family": "Петров"}])
    about = besides(kind, **elements, **{name: {"reference": other}})
    posted = bundle(spouse, lambda b: b["entry"][4].update(fullUrl="urn:uuid:spouse"), about)
    assert refused(posted) == f"Bundle.entry[5].resource.{name}"
    put(5, name, SUBJECT)(posted)
    read(posted)


def test_contained_patient_is_the_one_that_the_request_names() -> None:
    assert refused(bare(subject={"reference": "Patient/другой"})) == "ServiceRequest.subject"
    read(bare(subject={"display": "Петрова Анна"}))


@pytest.mark.parametrize("place", [PATIENT, REQUEST])
def test_condition_of_another_number_is_refused_by_its_path_l_5_1(place: int) -> None:
    def change(posted: dict[str, Any]) -> None:
        system = posted["entry"][place]["resource"]["identifier"][0]["system"]
        posted["entry"][place]["request"]["ifNoneExist"] = f"identifier={system}|10689744900"

    assert refused(bundle(change)) == f"Bundle.entry[{place}].request.ifNoneExist"


def test_stay_that_is_only_planned_is_none_r_3_3_3() -> None:
    stay = besides("Encounter", status="planned", subject=SUBJECT, **{"class": {"code": "IMP"}})
    assert not read(bundle(stay)).form.in_hospital


@pytest.mark.parametrize("course", ["inactive", "remission", "resolved", "active"])
def test_illness_that_is_past_is_none_that_the_citizen_has(course: str) -> None:
    condition = besides(
        "Condition",
        subject=SUBJECT,
        clinicalStatus={"coding": [{"code": course}]},
        code={"coding": [{"system": "urn:oid:2.25.7", "code": "I69.3"}]},
    )
    assert bool(_conditions(read(bundle(condition)).posted)) is (course == "active")


def test_document_that_was_an_error_is_refused_by_its_path() -> None:
    document = besides("DocumentReference", status="entered-in-error", content=[{}])
    with pytest.raises(InvalidInput) as failure:
        named(read_posted(bundle(document)))
    assert failure.value.field == "Bundle.entry[4].resource.status"


ADDRESS: dict[str, dict[str, Any]] = {
    "old": {"use": "old", "text": "г. Белово, ул. Советская, д. 2"},
    "bill": {"use": "billing", "text": "г. Белово, а/я 7"},
    "home": {"use": "home", "text": "г. Ленинск-Кузнецкий, пр. Кирова, д. 1"},
    "temp": {"use": "temp", "text": "г. Полысаево, ул. Космонавтов, д. 3"},
    "left": {"use": "home", "text": "г. Юрга, пр. Победы, д. 4", "period": {"end": "2025-12-31"}},
    "soon": {"use": "home", "text": "г. Тайга, ул. Мира, д. 5", "period": {"start": "2027-01"}},
    "here": {"use": "home", "text": "г. Топки, ул. Луговая, д. 6", "period": {"end": "2026-02"}},
    "none": {"text": "г. Мыски, ул. Рембазовская, д. 7"},
}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("old home", "home"), ("temp home", "home"), ("bill temp", "temp"), ("left temp", "temp"),
        ("soon none", "none"), ("left here", "here"), ("temp none", "none"), ("old bill", None),
    ],
)  # fmt: skip
def test_address_is_the_one_where_the_citizen_lives_r_3_1_2(sent: str, taken: str | None) -> None:
    posted = bundle(put(PATIENT, "address", [ADDRESS[one] for one in sent.split()]))
    address = read(posted).form.citizen.address
    assert (address.text if address else None) == (ADDRESS[taken]["text"] if taken else None)


def test_address_in_use_is_refused_by_its_own_place() -> None:
    posted = bundle(put(PATIENT, "address", [ADDRESS["old"], {"use": "home"}]))
    assert refused(posted) == f"{ROOT.format(PATIENT)}.address[1].text"


def test_address_is_read_on_the_day_of_the_push() -> None:
    posted = bundle(put(PATIENT, "address", [ADDRESS["here"], ADDRESS["temp"]]))
    later = read_referral(posted, "hospital-03", NOON + timedelta(days=60))
    assert later.form.citizen.address is not None
    assert later.form.citizen.address.text == ADDRESS["temp"]["text"]


def test_two_different_snils_are_refused_by_the_path_of_the_second_l_5_1() -> None:
    system = "urn:oid:1.2.643.100.3"
    other = {"system": system, "value": "10689744900"}
    first = MINIMAL["entry"][PATIENT]["resource"]["identifier"]
    both = bundle(put(PATIENT, "identifier", [*first, other]))
    assert refused(both) == f"{ROOT.format(PATIENT)}.identifier[1].value"
    same = bundle(put(PATIENT, "identifier", [*first, {**other, "value": "112-233-445 95"}]))
    assert read(same).form.citizen.snils == "11223344595"
    gone = bundle(put(PATIENT, "identifier", [{**other, "use": "old"}, *first]))
    assert read(gone).form.citizen.snils == "11223344595"


@pytest.mark.parametrize("before", [{"use": "old"}, {"use": "maiden"}, {"period": {"end": "1999"}}])
def test_name_and_phone_that_were_given_up_are_passed_over(before: dict[str, Any]) -> None:
    names = [{"family": "Сидорова", "given": ["Анна"], **before},
             {"family": "Петрова", "given": ["Анна"]}]  # fmt: skip
    phones = [{"system": "phone", "value": "+73845600009", **before},
              {"system": "phone", "value": "+73845600001"}]  # fmt: skip
    posted = bundle(put(PATIENT, "name", names), put(PATIENT, "telecom", phones))
    citizen = read(posted).form.citizen
    assert citizen.name is not None
    assert (citizen.name.family, citizen.phone) == ("Петрова", "+73845600001")


def test_relative_of_former_days_is_no_contact_r_3_1_2() -> None:
    kin = {"name": [{"family": "Сомова", "given": ["Галина"]}], "patient": SUBJECT}
    contact = read(bundle(besides("RelatedPerson", **kin, period={"end": "2020"}))).form.contact
    assert contact is not None
    assert contact.name is None
