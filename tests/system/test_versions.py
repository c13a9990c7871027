"""A rolling replacement and its taking back: replicas of today's services and of a newer version
at work on the same queues and documents (P12)."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pymongo import MongoClient

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import Staff
from deploy.runner.system import System
from deploy.services import SERVICES
from tests.conftest import ServerUrls
from tests.service.stack import until
from tests.system.conftest import Region
from tests.system.newer import Change, newer
from tests.system.replicas import READERS, Versions, beside

PERSONAL = {"version", "citizen", "certificate", "attempts"}
"""What differs from case to case: who it is, what the Pension Fund said and how often it was asked,
and how many events, known to one version only, have moved the record on."""

NEW_KINDS = {"ru.opora.intake.case-weighed.v1", "ru.opora.assessment.needs-assessed.v2"}

OLD_AT_WORK = {"applied": 20, "unknown": 1, "attributes": 20, "published": 10}
NEW_AT_WORK = {"applied": 20, "published": 10}
"""What the replicas of a version must have done beside the other for the test to show anything."""

MOST_MIXED = 12

BEGINNING = (journey.triage, journey.apply, journey.survey)
MIDDLE = (journey.convene, journey.assess, journey.propose, journey.plan)
END = (journey.submit, journey.enrol, journey.follow)


@pytest_asyncio.fixture(loop_scope="session")
async def versions(region: Region, tmp_path: Path) -> AsyncIterator[Versions]:
    tree = newer(tmp_path / "newer")
    with beside(region.system, tree) as (running, urls):
        async with httpx.AsyncClient(timeout=30) as http:
            try:
                yield Versions(region, running, urls, http)
            finally:
                region.system.running.begin(_down(region.system))
                region.system.wait_ready(*SERVICES)


def _down(system: System) -> list[str]:
    return [name for name in SERVICES if not system.pid(name)]


async def referred(staff: Staff, region: Region) -> journey.Case:
    """A new case of somebody who needs urgent measures."""
    person = replace(region.person(), lives_alone=True)
    return await journey.refer(staff, person, region.run)


async def pass_through(staff: Staff, case: journey.Case, *stages: Any) -> journey.Case:
    for stage in stages:
        await stage(staff, case)
    return case


async def whole(staff: Staff, region: Region) -> journey.Case:
    case = await referred(staff, region)
    return await pass_through(staff, case, *BEGINNING, *MIDDLE, *END)


def outline(record: Any) -> Any:
    """What a record says, without what differs from person to person and from hour to hour."""
    if isinstance(record, dict):
        return {name: outline(value) for name, value in record.items() if name not in PERSONAL}
    if isinstance(record, list):
        return [outline(item) for item in record]
    return "#" if isinstance(record, str) and re.search(r"\d", record) else record


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two outlines differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            place
            for name in sorted(one.keys() | other.keys())
            for place in differences(one.get(name), other.get(name), f"{path}/{name}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            place
            for number, pair in enumerate(zip(one, other, strict=True))
            for place in differences(*pair, f"{path}/{number}")
        ]
    return [] if one == other else [f"{path}: {one} or {other}"]


async def end_state(staff: Staff, case: journey.Case) -> dict[str, Any]:
    """What every service has made of a case."""
    record = await staff.reader.get("registry", case.record)
    return {
        "intake": outline(await staff.registrar.get("intake", case.record)),
        "assessment": outline(await staff.organizer.get("assessment", case.record)),
        "careplan": outline(await staff.organizer.get("careplan", case.record)),
        "plan": outline(await staff.organizer.get("careplan", f"{case.record}/plan")),
        "registry": outline(record),
        "events": sorted(set(await _types(staff, case)) - NEW_KINDS),
    }


async def _types(staff: Staff, case: journey.Case) -> list[str]:
    """Types of the case's events, each as often as the log has it; every stream is dense."""
    found: list[str] = []
    for service in ("intake", "assessment", "careplan"):
        page = await staff.operator.get(
            "registry", f"/events?stream={service}.case.{case.id}&limit=100"
        )
        numbers = [int(entry["event"]["sequence"]) for entry in page["items"]]
        assert numbers == list(range(1, len(numbers) + 1)), service
        found += [entry["event"]["type"] for entry in page["items"]]
    return found


async def settled(staff: Staff, case: journey.Case) -> bool:
    """Every service has said and read everything of the case."""
    for service in READERS:
        found = await staff.operator.get(service, f"/operations/cases/{case.id}")
        assert found["parked"] == {}, (service, found)
        if found["unconfirmed"]:
            return False
    return await disagreements(staff, [Travelled(case, 0)]) == []


def weight_of(servers: ServerUrls, case: journey.Case) -> int | None:
    """What the newer intake weighed a case at, as it lies in the database."""
    with MongoClient[dict[str, Any]](servers.mongo_url) as client:
        for name in client.list_database_names():
            stored = client[name].cases.find_one({"_id": case.id})
            if name.endswith("_intake") and stored is not None:
                weight: int | None = stored["state"].get("weight")
                return weight
    raise LookupError(case.id)


async def letters(staff: Staff) -> list[Any]:
    """Every message that a service could not decode."""
    pages = [await staff.operator.get(service, "/operations/dead") for service in READERS]
    return [letter for page in pages for letter in page["items"]]


async def unproven(versions: Versions, before: Counter[str]) -> list[str]:
    """What the replicas of either version have not been seen doing enough of."""
    old, new = await versions.figures(versions.system.urls), await versions.figures(versions.urls)
    return [
        *(
            f"today's: {name}"
            for name, least in OLD_AT_WORK.items()
            if old[name] - before[name] < least
        ),
        *(f"newer: {name}" for name, least in NEW_AT_WORK.items() if new[name] < least),
    ]


async def side_by_side(versions: Versions) -> list[journey.Case]:
    """Each request of a case meets the other version than the one before; both prove at work."""
    region, system = versions.region, versions.system
    older, both = versions.desks(system.urls), versions.desks(system.urls, versions.urls)
    before = await versions.figures(system.urls)
    mixed = list(await asyncio.gather(*(whole(both, region) for _ in range(2))))
    begun_by_older = await pass_through(older, await referred(older, region), *BEGINNING)
    later = versions.desks({**system.urls, **versions.urls})
    mixed.append(await pass_through(later, begun_by_older, *MIDDLE, *END))
    while lacking := await unproven(versions, before):
        # who of the readers gets an event is the broker's choice: more cases until each had some
        assert len(mixed) < MOST_MIXED, lacking
        mixed.append(await whole(later, region))
    new = await versions.figures(versions.urls)
    assert (new["unknown"], new["attributes"]) == (0, 0), "the newer one knows what it says"
    return mixed


async def replaced(versions: Versions) -> list[journey.Case]:
    """Today's replicas go one after the other while cases are on their way; the last is begun
    when only the newer version is there."""
    region, system = versions.region, versions.system
    both = versions.desks(system.urls, versions.urls)
    later = versions.desks({**system.urls, **versions.urls})
    travelling = [
        asyncio.create_task(pass_through(both, await referred(both, region), *BEGINNING, *MIDDLE))
        for _ in range(2)
    ]
    for service in SERVICES:
        await asyncio.to_thread(system.running.end, [service])
        assert system.pid(service) == 0
        await asyncio.sleep(0.3)
    alone = await pass_through(later, await referred(later, region), *BEGINNING, *MIDDLE)
    return [*await asyncio.gather(*travelling), alone]


async def taken_back(versions: Versions) -> None:
    """Today's version alone again."""
    system = versions.system
    await asyncio.to_thread(system.running.begin, SERVICES)
    await asyncio.to_thread(system.wait_ready, *SERVICES)
    await asyncio.to_thread(versions.running.end, list(SERVICES))


async def test_two_versions_side_by_side_one_after_the_other_and_back_end_in_the_same_state(
    versions: Versions, servers: ServerUrls
) -> None:
    older = versions.desks(versions.system.urls)
    before = await letters(older)
    cases = await side_by_side(versions)
    left = await replaced(versions)
    await taken_back(versions)
    cases += [await pass_through(older, case, *END) for case in left]
    plain = await whole(older, versions.region)
    for case in (*cases, plain):
        await until(partial(settled, older, case), seconds=120, every=0.3)
    assert await letters(older) == before
    assert not set(await _types(older, plain)) & NEW_KINDS
    expected, said = await end_state(older, plain), Counter[str]()
    for case in cases:
        types = await _types(older, case)
        assert max(Counter(types).values()) == 1, "a fact took effect twice"
        said.update(types)
        # a field only the newer one knows outlives the writes of today's
        weighed = "ru.opora.intake.case-weighed.v1" in types
        assert (weight_of(servers, case) or 0) == (3 if weighed else 0)
        assert differences(expected, await end_state(older, case)) == []
    assert all(said[kind] for kind in NEW_KINDS), said


def test_change_that_is_no_lawful_version_makes_no_newer_tree(tmp_path: Path) -> None:
    retyped = Change("contracts/case.py", "    citizen_id: Identifier\n", "    citizen_id: int\n")
    with pytest.raises(Exception, match=r"contracts\.catalogue"):
        newer(tmp_path / "newer", [retyped])
