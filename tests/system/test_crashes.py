"""Any process may die between any two lines: what it had accepted is finished, once (P1, P9)."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import INSTITUTION
from deploy.services import SERVICES
from services.registry.domain.log import entry_id
from tests.service.stack import until
from tests.system.conftest import Region
from tests.system.test_paths import kinds, timeline


class Death:
    """A service that is to die at one point, about one thing, and then did."""

    def __init__(self, region: Region, service: str, point: str, about: str) -> None:
        self._system = region.system
        self._service = service
        self._pid = region.system.pid(service)
        self._armed = region.fail_points / f"{service}.{point}"
        self._armed.write_text(about)

    async def happened(self) -> None:
        """Wait until it died there and its successor runs; fail if it did not."""
        await until(lambda: not self._armed.exists(), seconds=30)
        await until(
            lambda: self._system.pid(self._service) not in {0, self._pid}, seconds=30, every=0.1
        )


async def recovered(region: Region, service: str) -> float:
    """How many outboxes a sweeper of this process took up that another had left."""
    page = (await region.wire.call("GET", service, "/metrics", {})).text
    line = next(x for x in page.splitlines() if x.startswith("opora_outboxes_recovered_total"))
    return float(line.rsplit(" ", 1)[1])


async def until_opened(region: Region, case: journey.Case) -> list[str]:
    """The case once assessment and register have it; the kinds of its events."""
    await region.staff.specialist.wait(
        "assessment", case.record, lambda found: found["status"] == "open"
    )
    record = await region.staff.reader.wait(
        "registry", case.record, lambda found: found["owner"] == "assessment"
    )
    assert record["waiting_events"] == 0
    return kinds(await timeline(region, case))


@pytest.mark.parametrize(
    ("point", "left_over"),
    [
        ("before-save", False),  # nothing was accepted: the caller repeats
        ("after-save", True),
        ("before-publish", True),
        ("after-publish", True),  # said, but nobody remembers that: said again
    ],
)
async def test_intake_dying_at_a_command_finishes_it_once(
    region: Region, point: str, left_over: bool
) -> None:
    """R 3.1.6: the code is assigned once, and assessment hears of it, wherever intake dies."""
    case = await journey.refer(region.staff, region.person(), region.run)
    about = f"intake.case.{case.id}:2" if "publish" in point else f"cases/{case.id}/2"
    death = Death(region, "intake", point, about)
    await journey.triage(region.staff, case)
    await death.happened()
    seen = await until_opened(region, case)
    assert seen.count("intake.case-triaged") == 1
    assert seen.count("assessment.assessment-opened") == 1
    if left_over:
        assert await recovered(region, "intake") >= 1


@pytest.mark.parametrize("point", ["before-save", "after-save", "before-acknowledge"])
async def test_assessment_dying_at_an_event_handles_it_once(region: Region, point: str) -> None:
    case = await journey.refer(region.staff, region.person(), region.run)
    acknowledged = point == "before-acknowledge"
    about = f"intake.case.{case.id}:2" if acknowledged else f"cases/{case.id}/1"
    death = Death(region, "assessment", point, about)
    await journey.triage(region.staff, case)
    await death.happened()
    assert (await until_opened(region, case)).count("assessment.assessment-opened") == 1


@pytest.mark.parametrize("point", ["before-save", "before-acknowledge"])
async def test_registry_dying_at_an_event_has_it_once(region: Region, point: str) -> None:
    case = await journey.refer(region.staff, region.person(), region.run)
    event = f"intake.case.{case.id}:2"
    about = event if point == "before-acknowledge" else f"log/{entry_id(event)}/0"
    death = Death(region, "registry", point, about)
    await journey.triage(region.staff, case)
    await death.happened()
    assert (await until_opened(region, case)).count("intake.case-triaged") == 1


async def test_careplan_dying_between_save_and_publish_opens_planning_once(region: Region) -> None:
    staff, person = region.staff, region.person()
    case = await journey.refer(staff, person, region.run)
    for stage in (journey.triage, journey.apply, journey.survey, journey.convene, journey.assess):
        await stage(staff, case)
    death = Death(region, "careplan", "after-save", f"cases/{case.id}/1")
    await journey.propose(staff, case)
    await death.happened()
    await staff.organizer.wait("careplan", case.record, lambda found: found["status"] == "planning")
    await staff.reader.wait("registry", case.record, lambda found: found["owner"] == "careplan")
    assert await recovered(region, "careplan") >= 1
    assert kinds(await timeline(region, case)).count("careplan.planning-opened") == 1


@pytest.mark.parametrize("written", ["journal", "cases"])
async def test_referral_cut_off_between_its_writes_is_completed(
    region: Region, written: str
) -> None:
    """The entry is stored, or the case too: the sender repeats, the rest is done once (L 5.1)."""
    person = region.person()
    first = await journey.refer(region.staff, person, region.run)
    journal, number = first.task.rsplit("-", 1)
    entry = f"{journal}-{int(number) + 1:06d}"  # the journal has no gaps
    about = f"journal/{entry}/0" if written == "journal" else f"cases/{first.id}/2"
    death = Death(region, "intake", "after-save", about)
    second = await journey.refer(region.staff, person, f"{region.run}-{written}")
    await death.happened()
    assert second.task == entry
    assert second.id == first.id
    found = await region.staff.reader.wait(
        "registry",
        f"{first.record}/timeline",
        lambda page: "intake.referral-linked" in kinds(page["items"]),
    )
    assert kinds(found["items"]).count("intake.referral-linked") == 1


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
