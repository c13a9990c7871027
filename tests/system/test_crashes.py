"""Processes of the whole system die: what they had accepted is finished, once (P1, P9).

Every fail point of every kind of work is in `tests/fault/test_crash_points.py`.
"""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import INSTITUTION
from deploy.services import SERVICES
from tests.service.stack import until
from tests.system.conftest import Region
from tests.system.test_paths import kinds


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
        await until(lambda: not self._armed.exists(), seconds=60)
        await until(
            lambda: self._system.pid(self._service) not in {0, self._pid}, seconds=60, every=0.1
        )


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
        await until(partial(restarted, service), seconds=60)
    cases = await asyncio.gather(*travelling)
    assert len(killed) == len(SERVICES)
    assert await disagreements(region.staff, [Travelled(case, 0) for case in cases]) == []
    organization = await region.staff.operator.get(
        "intake", f"/operations/organizations/{INSTITUTION}"
    )
    assert organization["parked"] == {}
