"""Invented citizens of Leninsk-Kuznetsky, and the FHIR Bundle a hospital sends about each.

Names, numbers and addresses are made up; the SNILS have fitting check digits and begin with 9, a
range that is not given out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from chassis import chance
from contracts.values import snils_control_number

FEMALE = {
    "family": ["Петрова", "Ковалёва", "Шмидт", "Ахметова", "Ли", "Бессонова", "Гааг", "Тудегешева"],
    "given": ["Анна", "Зинаида", "Галина", "Фаина", "Людмила", "Роза", "Эмма", "Клавдия"],
    "patronymic": ["Ильинична", "Петровна", "Карловна", "Ринатовна", "Фёдоровна", "Ивановна"],
}
MALE = {
    "family": ["Сидоренко", "Мельник", "Кузнецов", "Байрамов", "Вагнер", "Чульжанов", "Дёмин"],
    "given": ["Пётр", "Виктор", "Генрих", "Юрий", "Анатолий", "Рашид", "Семён"],
    "patronymic": ["Семёнович", "Ильич", "Андреевич", "Карлович", "Рашидович", "Кузьмич"],
}
STREETS = ["пр. Кирова", "ул. Пушкина", "ул. Шахтёрская", "пр. Ленина", "ул. Топкинская"]
REASONS = [
    "Утрата способности к самообслуживанию после инсульта",
    "Перелом шейки бедра, не встаёт",
    "Выраженное снижение памяти, живёт одна",
    "Слабость, не может готовить и выходить из дома",
]


@dataclass(frozen=True, slots=True)
class Person:
    """One invented citizen."""

    number: int
    family: str
    given: str
    patronymic: str
    gender: str
    snils: str
    birth_date: date
    address: str
    phone: str
    reason: str
    lives_alone: bool


def invent(number: int) -> Person:
    """The same person for the same number, in every run."""
    dice = random.Random(f"opora demo {number}")
    gender = dice.choice(["female", "male"])
    names = FEMALE if gender == "female" else MALE
    base = f"9{number:08d}"
    return Person(
        number=number,
        family=dice.choice(names["family"]),
        given=dice.choice(names["given"]),
        patronymic=dice.choice(names["patronymic"]),
        gender=gender,
        snils=f"{base}{snils_control_number(base):02d}",
        birth_date=date(dice.randint(1931, 1955), dice.randint(1, 12), dice.randint(1, 28)),
        address=(
            f"652500, г. Ленинск-Кузнецкий, {dice.choice(STREETS)},"
            f" д. {number + 1}, кв. {dice.randint(1, 90)}"
        ),
        phone=f"+79050{number:06d}",
        reason=dice.choice(REASONS),
        lives_alone=dice.random() < 0.5,
    )


def referral_bundle(person: Person, sent_at: datetime, run: str) -> dict[str, Any]:
    """The transaction Bundle a hospital's system sends: Patient, ServiceRequest, Task."""
    patient, sender, request, task = (f"urn:uuid:{chance.uuid4()}" for _ in range(4))
    authored = sent_at.astimezone(UTC).isoformat()
    number = f"MO-{run}-{person.number:06d}"
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            _entry(patient, "Patient", _patient(person)),
            _entry(
                sender,
                "Organization",
                {"name": "ГАУЗ «Ленинск-Кузнецкая городская больница № 1»"},
            ),
            _entry(
                request,
                "ServiceRequest",
                {
                    "identifier": [{"system": "urn:oid:2.25.1", "value": number}],
                    "status": "active",
                    "intent": "order",
                    "priority": "urgent",
                    "code": {"text": "Направление в систему долговременного ухода"},
                    "subject": {"reference": patient},
                    "authoredOn": authored,
                    "requester": {"reference": sender},
                    "reasonCode": [{"text": person.reason}],
                },
            ),
            _entry(
                task,
                "Task",
                {
                    "status": "requested",
                    "intent": "order",
                    "code": {
                        "coding": [
                            {
                                "system": "http://hl7.org/fhir/CodeSystem/task-code",
                                "code": "fulfill",
                            }
                        ]
                    },
                    "focus": {"reference": request},
                    "for": {"reference": patient},
                    "authoredOn": authored,
                    "requester": {"reference": sender},
                },
            ),
        ],
    }


def _entry(url: str, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "fullUrl": url,
        "resource": {"resourceType": kind, **resource},
        "request": {"method": "POST", "url": kind},
    }


def _patient(person: Person) -> dict[str, Any]:
    return {
        "identifier": [{"system": "https://fhir.ru/ig/core/systems/snils", "value": person.snils}],
        "name": [
            {
                "use": "official",
                "family": person.family,
                "given": [person.given, person.patronymic],
            }
        ],
        "telecom": [{"system": "phone", "value": person.phone}],
        "gender": person.gender,
        "birthDate": person.birth_date.isoformat(),
        "address": [
            {
                "text": person.address,
                "city": "Ленинск-Кузнецкий",
                "postalCode": "652500",
            }
        ],
    }
