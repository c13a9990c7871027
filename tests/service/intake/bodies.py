"""Bodies of requests to intake, as they should be, about people nobody has met before."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

NUMBERS = count(1)
MINIMAL = Path(__file__).parents[2] / "unit" / "intake" / "minimal_referral.json"
FAMILIES = ("Петрова", "Кузнецов", "Ёлкина", "Шарипов", "Цой", "Брагина", "Мамедов", "Ткачук")
GIVEN = ("Анна", "Пётр", "Зинаида", "Рустам", "Лидия", "Фёдор", "Айгуль", "Степан")
CONSENT = {"text_version": "soglasie-2026-1", "given_on": "2026-01-20"}
ASSIGNED = {"assignee": "staff:0117", "reason": "её участок"}
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
    patient["birthDate"] = f"19{30 + number % 20}-0{1 + number % 9}-08"
    patient["address"][0]["text"] = f"652500, г. Ленинск-Кузнецкий, ул. Шевцовой, д. {number}"
    request["identifier"][0]["value"] = reference or f"MO-2026-{number:06d}"
    return bundle
