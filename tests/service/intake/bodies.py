"""Bodies of requests to intake, as they should be, about people nobody has met before."""

from __future__ import annotations

import base64
import json
from itertools import count
from pathlib import Path
from typing import Any

NUMBERS = count(1)
CONDITION = 4
"""The number of the Condition's entry in a rich bundle."""
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
MINIMAL = Path(__file__).parents[2] / "unit" / "intake" / "minimal_referral.json"
FAMILIES = ("Петрова", "Кузнецов", "Ёлкина", "Шарипов", "Цой", "Брагина", "Мамедов", "Ткачук")
GIVEN = ("Анна", "Пётр", "Зинаида", "Рустам", "Лидия", "Фёдор", "Айгуль", "Степан")
CONSENT = {"text_version": "consent-2013-1", "given_on": "2026-01-20"}
ASSIGNED = {"assignee": "staff:0117", "reason": "её участок"}
CIRCUMSTANCES = {"in_hospital": True, "home_care_asked": False, "reason": "отметили не то"}
ADVICE = {
    "asked": "Как оформить уход за матерью",
    "answered": "Рассказали о порядке и о справках",
}
DONE = {"results": [{"measure": 1, "done": True, "result": "вызван"}]}
DECLINE = {"consequences_explained": True, "contact_left": True}
PAPERS = [
    {"code": "identity", "number": "3210 445566"},
    {"code": "family_composition"},
    {"code": "medical_certificate", "issued_on": "2026-01-20"},
]
SIGNED = {
    "signatory": {
        "name": "Ефремова Лидия Павловна",
        "post": "директор",
        "authority": "head",
        "phone": "+73845600011",
    },
    "return_contact": "opora@example.org",
}
CERTIFICATE = {
    "certificate": {
        "pension_kind": "страховая по старости",
        "monthly_amount": 1945032,
        "as_of": "2026-01-01",
        "document_number": "ПФ-77/2026",
    }
}


def answers_of(**changed: list[str]) -> dict[str, Any]:
    """Answers to the five questions, calm but for what is changed."""
    answers = {
        "danger_to_life": [],
        "household": ["relatives_in_locality"],
        "cause": ["illness"],
        "mental_changes": [],
        "substance_abuse": [],
    }
    return {"answers": {**answers, **changed}, "self_care_lost": False, "applicant_informed": True}


def new_citizen() -> dict[str, Any]:
    """A person nobody has met before."""
    number = next(NUMBERS)
    return {
        "name": {"family": FAMILIES[number % 8], "given": GIVEN[number // 8 % 8]},
        "birth_date": f"19{40 + number % 20}-0{1 + number % 9}-11",
        "address": {
            "text": f"652500, г. Ленинск-Кузнецкий, пр. Текстильщиков, д. {number}",
            "settlement": "Ленинск-Кузнецкий",
        },
    }


def new_referral(**changed: Any) -> dict[str, Any]:
    """A complete referral about somebody new, but for what is changed."""
    referral = {
        "channel": "phone",
        "oral": True,
        "citizen": new_citizen(),
        "problems": "Не может готовить и выходить из дома",
        "contact": {
            "kind": "person",
            "name": {"family": "Сомова", "given": "Галина"},
            "address": {"text": "652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 4"},
            "phone": "+73845600002",
        },
    }
    return {**referral, **changed}


def new_bundle(reference: str | None = None) -> dict[str, Any]:
    """A hospital's minimal referral about somebody new, with a reference of its own."""
    number = next(NUMBERS)
    bundle: dict[str, Any] = json.loads(MINIMAL.read_text("utf-8"))
    patient, request = bundle["entry"][0]["resource"], bundle["entry"][2]["resource"]
    del patient["identifier"]
    for entry in bundle["entry"]:
        entry["request"].pop("ifNoneExist", None)
    patient["birthDate"] = f"19{30 + number % 20}-0{1 + number % 9}-08"
    patient["address"][0]["text"] = f"652500, г. Ленинск-Кузнецкий, ул. Шевцовой, д. {number}"
    request["identifier"][0]["value"] = reference or f"MO-2026-{number:06d}"
    return bundle


def new_request() -> dict[str, Any]:
    """The same as one ServiceRequest that contains its Patient."""
    bundle = new_bundle()
    patient = bundle["entry"][0]["resource"] | {"id": "p1"}
    request: dict[str, Any] = bundle["entry"][2]["resource"]
    del request["requester"]
    return {**request, "contained": [patient], "subject": {"reference": "#p1"}}


BARTHEL = {
    "feeding": 5, "bathing": 0, "grooming": 0, "dressing": 5, "bowels": 10,
    "bladder": 5, "toilet": 5, "transfer": 10, "mobility": 5, "stairs": 0,
}  # fmt: skip


def rich_bundle() -> dict[str, Any]:
    """A referral with everything that hospitals send along."""
    bundle = new_bundle()
    patient, request = bundle["entry"][0]["fullUrl"], bundle["entry"][2]["resource"]
    subject = {"reference": patient}
    request["encounter"] = {"reference": "urn:uuid:stay"}
    scores = [
        {"linkId": code, "answer": [{"valueInteger": score}]} for code, score in BARTHEL.items()
    ]
    content = base64.b64encode(PDF).decode()
    for full_url, resource in (
        ("urn:uuid:cond", {
            "resourceType": "Condition",
            "subject": subject,
            "code": {"coding": [{"system": "urn:oid:1.2.643.5.1.13.13.11.1005", "code": "I69.3"}]},
            "extension": [{"url": "urn:x", "valueString": "сохранить"}],
        }),
        ("urn:uuid:stay", {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": subject,
        }),
        ("urn:uuid:scale", {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "urn:opora:questionnaire:barthel",
            "status": "completed",
            "authored": "2026-02-01T10:00:00+07:00",
            "subject": subject,
            "item": [{"linkId": "all", "item": scores}],
        }),
        ("urn:uuid:sum", {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "96761-2"}]},
            "subject": subject,
            "valueQuantity": {"value": sum(BARTHEL.values())},
        }),
        ("urn:uuid:doc", {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [
                {"attachment": {"contentType": "application/pdf", "data": content,
                                "size": len(PDF), "title": "Выписка"}}
            ],
        }),
        ("urn:uuid:kin", {
            "resourceType": "RelatedPerson",
            "patient": subject,
            "name": [{"family": "Сомова", "given": ["Галина"]}],
            "telecom": [{"system": "phone", "value": "+73845600002"}],
        }),
        ("urn:uuid:consent", {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"text": "обработка данных"},
            "category": [{"text": "152-ФЗ"}],
            "dateTime": "2026-02-01",
            "patient": subject,
        }),
    ):  # fmt: skip
        entry = {"fullUrl": full_url, "resource": resource}
        request_of = {"method": "POST", "url": resource["resourceType"]}
        bundle["entry"].append({**entry, "request": request_of})
    return bundle
