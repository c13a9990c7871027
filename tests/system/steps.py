"""Steps beside the straight path that `deploy/demo/journey.py` travels: refusal and complaint."""

from __future__ import annotations

from typing import Any

from deploy.demo import journey
from deploy.demo.people import Person
from deploy.demo.staff import AUTHORISED_BODY, Staff

REFUSAL = {
    "outcome": "refuse",
    "grounds": ["not_in_need"],
    "reasons": "Комиссия не установила нуждаемости",
}


async def until_assessed(
    staff: Staff, person: Person, run: str, *, service: bool = True
) -> journey.Case:
    """A case up to the commission's proposal."""
    case = await journey.refer(staff, person, run)
    for stage in (journey.triage, journey.apply, journey.survey, journey.convene, journey.assess):
        await stage(staff, case)
    await journey.propose(staff, case, service=service)
    return case


async def refuse(staff: Staff, case: journey.Case) -> None:
    """A case assessed as not in need, up to the notice of its refusal (R 3.6.4)."""
    await staff.organizer.wait(
        "careplan", case.record, lambda found: found["status"] == "refusal_proposed"
    )
    await journey.submit(staff, case)
    await staff.head.change("careplan", case.record, "decision", REFUSAL)
    notice = {"notice_number": "У-15", "sent_by": "post"}
    await staff.registrar.change("careplan", case.record, "refusal-notice", notice)


async def register_complaint(staff: Staff, case: journey.Case) -> Any:
    """A complaint about the case, entered into the register (R 5.3)."""
    body = {
        "case_id": case.id,
        "channel": "in_person",
        "ground": "unlawful_refusal",
        "body": AUTHORISED_BODY,
        "complainant": {
            "name": {"family": case.person.family, "given": case.person.given},
            "address": {"text": case.person.address},
            "phone": case.person.phone,
        },
        "decision_or_action": "Отказ в зачислении на социальное обслуживание на дому",
        "arguments": "Гражданин не встаёт без посторонней помощи",
    }
    await staff.operator.wait(
        "complaints",
        f"/operations/cases/{case.id}",
        lambda found: f"intake.case.{case.id}" in found["read"],
    )
    return await staff.officer.create("complaints", "/complaints", body)


async def complain(staff: Staff, case: journey.Case) -> Any:
    """A complaint about the refusal, satisfied and answered (R 5.8)."""
    created = await register_complaint(staff, case)
    record = f"/complaints/{created['id']}"
    await staff.officer.wait(
        "complaints", record, lambda found: found["case"]["decision"] is not None
    )
    decision = {
        "outcome": "satisfied",
        "remedy": "decision_annulled",
        "reasons": "Обследование проведено неполно",
    }
    await staff.officer.change("complaints", record, "decision", decision)
    parts = {part.code: "Изложено в ответе" for part in journey.PACK.complaint_reply_parts}
    await staff.officer.change("complaints", record, "answer", {"parts": parts, "way": "post"})
    return await staff.officer.get("complaints", record)
