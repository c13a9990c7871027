"""The main job end to end, on real processes, broker and store: enrolment, refusal, complaint."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection
from typing import Any

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from tests.system import steps
from tests.system.conftest import Region

STRAIGHT = [
    "intake.referral-registered",
    "intake.case-triaged",
    "assessment.assessment-opened",
    "intake.application-registered",
    "intake.certificate-requested",
    "assessment.survey-scheduled",
    "assessment.survey-completed",
    "assessment.organizer-assigned",
    "assessment.commission-convened",
    "assessment.act-signed",
    "assessment.protocol-recorded",
    "assessment.needs-assessed",
    "careplan.planning-opened",
    "careplan.plan-drafted",
    "careplan.plan-agreed",
    "careplan.programme-issued",
    "intake.certificate-received",
    "intake.package-completed",
    "careplan.package-submitted",
    "careplan.decided",
    "careplan.contract-concluded",
    "careplan.enrolled",
]


async def timeline(region: Region, case: journey.Case) -> list[dict[str, Any]]:
    """The case's lines in the register."""
    page = await region.staff.reader.get("registry", f"{case.record}/timeline?limit=100")
    lines: list[dict[str, Any]] = page["items"]
    return lines


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    return [line["type"].removeprefix("ru.opora.").rsplit(".", 1)[0] for line in lines]


async def test_referral_becomes_an_enrolment_order_and_everyone_sees_it(region: Region) -> None:
    case = await journey.travel(region.staff, region.person(), region.run)
    lines = await timeline(region, case)
    seen = kinds(lines)
    assert set(STRAIGHT) <= set(seen)
    for before, after in (
        ("intake.case-triaged", "assessment.survey-scheduled"),
        ("assessment.needs-assessed", "careplan.plan-drafted"),
        ("intake.package-completed", "careplan.package-submitted"),
        ("careplan.decided", "careplan.enrolled"),
    ):
        assert seen.index(before) < seen.index(after)
    assert len(seen) == len(set(seen)), "an event took effect twice"
    assert all(line["clause"] for line in lines)
    assert all(term["in_time"] for line in lines for term in line["closed"])
    opened = {term["code"] for line in lines for term in line["opened"]}
    closed = {term["code"] for line in lines for term in line["closed"]}
    assert opened == closed, "a term of a finished case still runs"
    assert await disagreements(region.staff, [Travelled(case, 0)]) == []
    task = await region.staff.hospital.get("intake", f"/fhir/Task/{case.task}")
    output = {entry["type"]["coding"][0]["code"]: entry["valueString"] for entry in task["output"]}
    assert output["decision"] == "enrol"
    assert output["level"] == "3"
    await region.staff.hospital.wait(
        "hospital", f"/tasks/{case.task}", lambda found: "completed" in str(found)
    )


async def test_refusal_goes_to_its_notice_and_a_satisfied_complaint_reopens_the_case(
    region: Region,
) -> None:
    staff = region.staff
    case = await steps.until_assessed(staff, region.person(), region.run, service=False)
    await steps.refuse(staff, case)
    await staff.reader.wait("registry", case.record, lambda found: found["stage"] == "refused")
    task = await staff.hospital.wait(
        "intake", f"/fhir/Task/{case.task}", lambda found: found["status"] == "completed"
    )
    assert task["businessStatus"]["coding"][0]["code"] == "refused"

    complaint = await steps.complain(staff, case)
    await staff.head.wait("careplan", case.record, lambda found: found["status"] == "submitted")
    record = await staff.reader.wait(
        "registry",
        case.record,
        lambda found: found["stage"] == "decision" and found["next_due"]["code"] == "decision",
    )
    assert record["owner"] == "careplan"
    seen = kinds(await timeline(region, case))
    for kind in ("complaints.remedy-ordered", "careplan.case-reopened", "careplan.refused"):
        assert kind in seen
    assert complaint["status"] == "answered"
    # R 3.6.5: the head decides anew, and may refuse again
    await staff.head.change("careplan", case.record, "decision", steps.REFUSAL)


async def test_same_referral_pushed_again_opens_no_second_case(region: Region) -> None:
    person, authored = region.person(), region.staff.now()
    first = await journey.refer(region.staff, person, region.run, authored)
    again = await journey.refer(region.staff, person, region.run, authored)
    assert again == first


async def test_second_referral_about_the_same_citizen_joins_the_case(region: Region) -> None:
    person = region.person()
    first = await journey.refer(region.staff, person, region.run)
    second = await journey.refer(region.staff, person, f"{region.run}b")
    assert second.id == first.id
    assert second.journal_number != first.journal_number
    lines = await region.staff.reader.wait(
        "registry",
        f"{first.record}/timeline",
        lambda found: "intake.referral-linked" in kinds(found["items"]),
    )
    assert lines


async def test_connection_that_rested_longer_than_clients_keep_theirs_still_answers(
    region: Region,
) -> None:
    """httpx keeps an idle connection five seconds, as uvicorn would unless told otherwise: whoever
    asked in that moment lost the request."""
    address = region.system.urls["directory"].removeprefix("http://")
    connection = HTTPConnection(address, timeout=30)
    for rest in (0.0, 6.0):
        await asyncio.sleep(rest)
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()
