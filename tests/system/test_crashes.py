"""Any process may die between any two lines: what it had accepted is finished, once (P1, P9)."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import INSTITUTION
from deploy.runner.system import SERVICES
from tests.service.stack import until
from tests.system.conftest import Region
from tests.system.test_paths import kinds, timeline

POINTS = ("before-save", "after-save", "before-publish", "after-publish")


async def dies_at(region: Region, service: str, point: str) -> tuple[int, object]:
    """Arm a point; returns the process id of before and a check that it has died there."""
    armed = region.fail_points / f"{service}.{point}"
    pid = region.system.pid(service)
    armed.touch()

    async def has_died() -> None:
        await until(lambda: not armed.exists(), seconds=30)
        await until(lambda: region.system.pid(service) not in {0, pid}, seconds=30)

    return pid, has_died


@pytest.mark.parametrize("point", POINTS)
async def test_intake_dying_at_a_command_finishes_it_once(region: Region, point: str) -> None:
    case = await journey.refer(region.staff, region.person(), region.run)
    _, has_died = await dies_at(region, "intake", point)
    await journey.triage(region.staff, case)
    await has_died()  # type: ignore[operator]
    await region.staff.specialist.wait(
        "assessment", case.record, lambda found: found["status"] == "open"
    )
    seen = kinds(await timeline(region, case))
    assert seen.count("intake.case-triaged") == 1
    assert seen.count("assessment.assessment-opened") == 1


@pytest.mark.parametrize("point", ["before-save", "after-save", "before-acknowledge"])
async def test_assessment_dying_at_an_event_handles_it_once(region: Region, point: str) -> None:
    case = await journey.refer(region.staff, region.person(), region.run)
    _, has_died = await dies_at(region, "assessment", point)
    await journey.triage(region.staff, case)
    await has_died()  # type: ignore[operator]
    await region.staff.specialist.wait(
        "assessment", case.record, lambda found: found["status"] == "open"
    )
    record = await region.staff.reader.wait(
        "registry", case.record, lambda found: found["owner"] == "assessment"
    )
    assert record["waiting_events"] == 0
    assert kinds(await timeline(region, case)).count("assessment.assessment-opened") == 1


@pytest.mark.parametrize("point", ["after-save", "before-save"])
async def test_registration_cut_off_after_its_first_write_is_completed(
    region: Region, point: str
) -> None:
    """The journal entry is stored, the case is not: the sender repeats, or the sweeper finishes."""
    _, has_died = await dies_at(region, "intake", point)
    case = await journey.refer(region.staff, region.person(), region.run)
    await has_died()  # type: ignore[operator]
    found = await region.staff.registrar.get("intake", case.record)
    assert found["status"] == "registered"
    entry = await region.staff.registrar.get("intake", f"/referrals/{case.task}")
    assert entry["case_id"] == case.id


@pytest.mark.timeout(300)
async def test_every_service_killed_in_turn_all_cases_end_enrolled(region: Region) -> None:
    travelling = [
        asyncio.create_task(journey.travel(region.staff, region.person(), region.run))
        for _ in range(6)
    ]
    killed: dict[str, int] = {}

    def restarted(service: str) -> bool:
        return region.system.pid(service) not in {0, killed[service]}

    for service in SERVICES:
        killed[service] = region.system.kill(service)
        await asyncio.sleep(0.5)
        await until(partial(restarted, service), seconds=30)
    cases = await asyncio.gather(*travelling)
    assert len(killed) == len(SERVICES)
    assert await disagreements(region.staff, [Travelled(case, 0) for case in cases]) == []
    organization = await region.staff.operator.get(
        "intake", f"/operations/organizations/{INSTITUTION}"
    )
    assert organization["parked"] == {}
