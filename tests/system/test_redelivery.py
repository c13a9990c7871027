"""Everything that was ever said, said again in another order: nothing changes (P3, P4)."""

from __future__ import annotations

import random
from typing import Any

import aio_pika

from contracts.envelope import CONTENT_TYPE, Envelope
from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from tests.conftest import ServerUrls
from tests.service.stack import until
from tests.system.conftest import Region

STREAMS = {
    "intake": {"assessment.case", "careplan.case"},
    "assessment": {"intake.case", "careplan.case"},
    "careplan": {"intake.case", "assessment.case"},
    "registry": {"intake.case", "assessment.case", "careplan.case"},
}
READERS = tuple(STREAMS)


async def counted(region: Region, outcome: str) -> dict[str, float]:
    """A counter of every reader's consumer."""
    found: dict[str, float] = {}
    for service in READERS:
        page = (await region.wire.call("GET", service, "/metrics", {})).text
        line = next(
            line
            for line in page.splitlines()
            if line.startswith("opora_events_total") and f'outcome="{outcome}"' in line
        )
        found[service] = float(line.rsplit(" ", 1)[1])
    return found


async def snapshot(region: Region, case: journey.Case) -> dict[str, Any]:
    """What every service has of the case."""
    staff = region.staff
    return {
        "positions": {
            service: await staff.operator.get(service, f"/operations/cases/{case.id}")
            for service in READERS
        },
        "intake": await staff.registrar.get("intake", case.record),
        "assessment": await staff.organizer.get("assessment", case.record),
        "careplan": await staff.organizer.get("careplan", case.record),
        "timeline": await staff.reader.get("registry", f"{case.record}/timeline?limit=100"),
    }


async def test_whole_history_delivered_again_shuffled_changes_nothing(
    region: Region, servers: ServerUrls
) -> None:
    case = await journey.travel(region.staff, region.person(), region.run)

    async def settled() -> bool:
        found = await snapshot(region, case)
        said = all(position["unconfirmed"] == 0 for position in found["positions"].values())
        return said and await disagreements(region.staff, [Travelled(case, 0)]) == []

    await until(settled, seconds=60, every=0.5)
    before = await snapshot(region, case)
    history = await _history(region, case)
    assert len(history) >= 20
    duplicates = await counted(region, "duplicates")
    expected = {
        reader: 3 * sum(envelope.stream_kind in STREAMS[reader] for envelope in history)
        for reader in READERS
    }
    assert all(expected.values())
    dice = random.Random(7)
    again = history * 3
    dice.shuffle(again)
    async with await aio_pika.connect(servers.amqp_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("opora.events")
        for envelope in again:
            body = envelope.model_dump_json(exclude_none=True).encode()
            message = aio_pika.Message(body, content_type=CONTENT_TYPE)
            await exchange.publish(message, routing_key=envelope.routing_key)

    async def all_dropped() -> bool:
        now = await counted(region, "duplicates")
        return all(now[reader] - duplicates[reader] >= expected[reader] for reader in READERS)

    await until(all_dropped, seconds=60)
    assert await snapshot(region, case) == before


async def _history(region: Region, case: journey.Case) -> list[Envelope]:
    """The case's events from the system's log."""
    found: list[Envelope] = []
    for service in ("intake", "assessment", "careplan"):
        path = f"/events?stream={service}.case.{case.id}&limit=100"
        page = await region.staff.operator.get("registry", path)
        found += [Envelope.model_validate(entry["event"]) for entry in page["items"]]
    return found
