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

import aio_pika
import httpx
import pytest
import pytest_asyncio
from pymongo import MongoClient

from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import Staff
from deploy.runner.system import SERVICES, System
from tests.conftest import ServerUrls
from tests.service.stack import until
from tests.system.conftest import Region
from tests.system.newer import Change, newer
from tests.system.replicas import READERS, Versions, beside

pytestmark = pytest.mark.timeout(300)

PERSONAL = {"version", "citizen", "certificate", "attempts"}
"""What differs from case to case: who it is, what the Pension Fund said and how often it was asked,
and how many events, known to one version only, have moved the record on."""

NEW_KINDS = {"ru.opora.intake.case-weighed.v1", "ru.opora.assessment.needs-assessed.v2"}

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


async def dead_letters(servers: ServerUrls) -> int:
    async with await aio_pika.connect(servers.amqp_url) as connection:
        channel = await connection.channel()
        count = 0
        for service in READERS:
            queue = await channel.get_queue(f"{service}.inbox.dead")
            while (message := await queue.get(fail=False)) is not None:
                await message.ack()
                count += 1
        return count


async def test_two_versions_side_by_side_one_after_the_other_and_back_end_in_the_same_state(
    versions: Versions, servers: ServerUrls
) -> None:
    region, system = versions.region, versions.system
    older, both = versions.desks(system.urls), versions.desks(system.urls, versions.urls)
    later = versions.desks({**system.urls, **versions.urls})
    await dead_letters(servers)  # of tests before
    before = await versions.figures(system.urls)

    # side by side: each request of a case meets the other version than the one before
    mixed = list(await asyncio.gather(*(whole(both, region) for _ in range(2))))
    begun_by_older = await pass_through(older, await referred(older, region), *BEGINNING)
    mixed.append(await pass_through(later, begun_by_older, *MIDDLE, *END))
    old, new = await versions.figures(system.urls), await versions.figures(versions.urls)
    for name, least in (("applied", 20), ("unknown", 1), ("attributes", 20), ("published", 10)):
        assert old[name] - before[name] >= least, f"today's replicas: {name}"
    assert new["applied"] >= 20
    assert new["published"] >= 10
    assert (new["unknown"], new["attributes"]) == (0, 0), "the newer one knows what it says"

    # one after the other, while cases are on their way
    travelling = [
        asyncio.create_task(pass_through(both, await referred(both, region), *BEGINNING, *MIDDLE))
        for _ in range(2)
    ]
    for service in SERVICES:
        await asyncio.to_thread(system.running.end, [service])
        assert system.pid(service) == 0
        await asyncio.sleep(0.3)
    replaced = list(await asyncio.gather(*travelling))
    alone = await pass_through(later, await referred(later, region), *BEGINNING, *MIDDLE)

    # and back: today's version goes on with what the newer one has left
    await asyncio.to_thread(system.running.begin, SERVICES)
    await asyncio.to_thread(system.wait_ready, *SERVICES)
    await asyncio.to_thread(versions.running.end, list(SERVICES))
    finished = [await pass_through(older, case, *END) for case in (*replaced, alone)]
    plain = await whole(older, region)

    for case in (*mixed, *finished, plain):
        await until(partial(settled, older, case), seconds=60, every=0.3)
    assert await dead_letters(servers) == 0
    expected = await end_state(older, plain)
    assert not set(await _types(older, plain)) & NEW_KINDS
    said = Counter[str]()
    for case in (*mixed, *finished):
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
