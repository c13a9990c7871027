"""A case that two bodies pass between them before anybody looks into it (R 3.1.2)."""

from __future__ import annotations

from typing import Any

from deploy.demo import journey
from deploy.demo.people import Person
from deploy.demo.staff import AUTHORISED_BODY, INSTITUTION, Staff


def _heard(person: Person) -> dict[str, Any]:
    """What the body is told; the address does not say which municipality it lies in."""
    name = {"family": person.family, "given": person.given, "patronymic": person.patronymic}
    return {
        "channel": "in_person",
        "oral": True,
        "problems": person.reason,
        "citizen": {
            "snils": person.snils,
            "name": name,
            "birth_date": person.birth_date.isoformat(),
            "address": {"text": f"ул. Мира, д. {person.number + 1}"},
        },
        "contact": {
            "kind": "person",
            "name": {"family": person.family, "given": "Ольга"},
            "address": {"text": person.address},
            "phone": person.phone,
        },
    }


async def forwarded(staff: Staff, person: Person, run: str) -> None:
    """Taken in at the body, forwarded, given back, forwarded anew; and a line corrected."""
    body = staff.body_registrar
    made = await body.create("intake", "/referrals", _heard(person))
    case = journey.Case(person, made["case_id"], made["id"], made["journal_number"])
    await body.change("intake", case.record, "forwarding", {"institution": INSTITUTION})
    back = {"reason": "address_wrong", "explanation": "По адресу никто не живёт"}
    await staff.registrar.change("intake", case.record, "return", back)
    anew = {"institution": INSTITUTION, "note": "Адрес уточнён"}
    await body.change("intake", case.record, "forwarding", anew)
    own = await body.wait(
        "intake", f"/referrals/{made['id']}", lambda found: found["passed_on"] is not None
    )
    correction = {"reason": "Уточнено", "problems": f"{person.reason}, со слов дочери"}
    await staff.registrar.change(
        "intake", f"/referrals/{own['passed_on']}", "corrections", correction
    )
    await journey.triage(staff, case)
    found = await staff.reader.wait(
        "registry", case.record, lambda found: found["institution"] == INSTITUTION
    )
    if (found["number"], AUTHORISED_BODY) != (made["journal_number"], own["journal_of"]):
        raise AssertionError(f"{person.number}: the number changed with the institution")
