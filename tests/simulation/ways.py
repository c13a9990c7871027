"""The ways a case may go, each by the people whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from deploy.demo import journey
from deploy.demo.office import Refused
from deploy.demo.people import Person
from deploy.demo.staff import AUTHORISED_BODY, Staff
from tests.simulation.forwarded import forwarded
from tests.simulation.wavering import DECLINED, wavering
from tests.system import steps

REFUSAL = {
    "outcome": "refuse",
    "grounds": ["not_in_need"],
    "reasons": "Комиссия не установила нуждаемости",
}
DATE_HAS_PASSED = "in-past"
Way = Callable[[Staff, Person, str], Awaitable[None]]


async def enrolment(staff: Staff, person: Person, run: str) -> None:
    """The straight path to the order."""
    case = await journey.refer(staff, person, run)
    await journey.triage(staff, case)
    await _until_enrolled(staff, case)


async def _until_enrolled(staff: Staff, case: journey.Case) -> None:
    await _until_proposed(staff, case, service=True)
    for stage in (journey.plan, journey.submit, journey.enrol, journey.follow):
        await stage(staff, case)


async def _write_at_once(staff: Staff, case: journey.Case) -> None:
    """All who sit in the commission find something to write at the same moment."""
    body = {"findings": "Осмотрено комиссией", "problems": []}
    sections = [
        (member, section.code)
        for section in journey.PACK.act_sections
        for member in [journey._writer(staff, [str(role) for role in section.roles])]
    ]
    await asyncio.gather(
        *(
            member.change("assessment", case.record, f"act/sections/{code}", body)
            for member, code in sections
        )
    )


async def _until_proposed(staff: Staff, case: journey.Case, *, service: bool) -> None:
    stages = (journey.apply, journey.survey, journey.convene, _write_at_once, journey.assess)
    for stage in stages:
        while True:
            try:
                await stage(staff, case)
                break
            except Refused as refused:  # the clock was put forward since the date was named
                if DATE_HAS_PASSED not in str(refused):
                    raise
    await journey.propose(staff, case, service=service)


async def _refused(staff: Staff, person: Person, run: str) -> journey.Case:
    case = await journey.refer(staff, person, run)
    await journey.triage(staff, case)
    await _until_proposed(staff, case, service=False)
    await staff.organizer.wait(
        "careplan", case.record, lambda found: found["status"] == "refusal_proposed"
    )
    await journey.submit(staff, case)
    await staff.head.change("careplan", case.record, "decision", REFUSAL)
    notice = {"notice_number": f"У-{person.number}", "sent_by": "post"}
    await staff.registrar.change("careplan", case.record, "refusal-notice", notice)
    await staff.reader.wait("registry", case.record, lambda found: found["stage"] == "refused")
    return case


async def refusal(staff: Staff, person: Person, run: str) -> None:
    """No need is found, and the notice is sent."""
    await _refused(staff, person, run)


async def complaint(staff: Staff, person: Person, run: str) -> None:
    """A satisfied complaint annuls the refusal, and the head refuses anew."""
    case = await _refused(staff, person, run)
    await _annulled(staff, person, case)
    await staff.head.change("careplan", case.record, "decision", REFUSAL)


async def complaint_beside(staff: Staff, person: Person, run: str) -> None:
    """The refusal is annulled when its citizen has got another case: one of the two goes on."""
    case = await _refused(staff, person, run)
    await staff.registrar.wait("intake", case.record, lambda found: found["status"] == "closed")
    other = await journey.refer(staff, person, f"{run}b")
    if case.id == other.id:
        raise AssertionError(f"{case.id} was refused, and took a new referral")
    await _annulled(staff, person, case)


async def _annulled(staff: Staff, person: Person, case: journey.Case) -> None:
    body = {
        "case_id": case.id,
        "channel": "in_person",
        "ground": "unlawful_refusal",
        "body": AUTHORISED_BODY,
        "complainant": {
            "name": {"family": person.family, "given": person.given},
            "address": {"text": person.address},
            "phone": person.phone,
        },
        "decision_or_action": "Отказ в зачислении на социальное обслуживание на дому",
        "arguments": "Гражданин не встаёт без посторонней помощи",
    }
    await staff.operator.wait(
        "complaints",
        f"/operations/cases/{case.id}",
        lambda found: f"intake.case.{case.id}" in found["read"],
    )
    created = await staff.officer.create("complaints", "/complaints", body)
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
    await staff.head.wait("careplan", case.record, lambda found: found["status"] == "submitted")


async def consultation(staff: Staff, person: Person, run: str) -> None:
    """Advice was all that was asked for."""
    case = await journey.refer(staff, person, run)
    answers: dict[str, Any] = {
        "danger_to_life": [],
        "household": ["relatives_in_locality"],
        "cause": ["illness"],
        "mental_changes": [],
        "substance_abuse": [],
    }
    told = {"answers": answers, "self_care_lost": False, "applicant_informed": True}
    await staff.registrar.change("intake", case.record, "answers", told)
    triage = {"code": "consultation", "reason": "Просили только совета"}
    await staff.urgent_head.change("intake", case.record, "triage", triage)
    advice = {"asked": "Какие услуги есть", "answered": "Рассказали о порядке обслуживания"}
    await staff.registrar.change("intake", case.record, "consultation", advice)
    await staff.reader.wait("registry", case.record, lambda found: found["stage"] == "closed")


async def return_after_decline(staff: Staff, person: Person, run: str) -> None:
    """The citizen declines at intake, thinks better of it, and is enrolled."""
    case = await journey.refer(staff, person, run)
    await journey.triage(staff, case)
    await staff.registrar.change("intake", case.record, "decline", DECLINED)
    await staff.registrar.change("intake", case.record, "reopening")
    await staff.specialist.wait("assessment", case.record, lambda found: found["status"] == "open")
    await _until_enrolled(staff, case)


async def referred_again(staff: Staff, person: Person, run: str) -> None:
    """Two referrals about one citizen at once make one case, which stays at its beginning."""
    case, other = await asyncio.gather(
        journey.refer(staff, person, run), journey.refer(staff, person, f"{run}b")
    )
    if case.id != other.id:
        raise AssertionError(f"{person.number} has the cases {case.id} and {other.id}")
    await journey.triage(staff, case)


async def urgent(staff: Staff, person: Person, run: str) -> None:
    """Danger: the case waits for the application in the end."""
    await steps.help_at_once(staff, await journey.refer(staff, person, run))


WAYS: Mapping[str, Way] = {
    "enrolment": enrolment,
    "refusal": refusal,
    "complaint": complaint,
    "complaint beside another case": complaint_beside,
    "consultation": consultation,
    "return": return_after_decline,
    "again": referred_again,
    "forwarded": forwarded,
    "wavering": wavering,
    "urgent": urgent,
}
