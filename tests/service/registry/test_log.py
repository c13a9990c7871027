"""The system's log: every event once, in order of arrival, and whose data it shows to whom."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.document import Document
from contracts import citizen
from contracts.citizen import CITIZEN
from contracts.envelope import Envelope
from contracts.values import SYSTEM
from services.registry.domain.log import LogEntry, entry_id
from tests.service.registry.conftest import Register, path_of
from tests.service.stack import until
from tests.unit.registry.builders import CARD, MONDAY, envelopes, intake_of, ref_of, somebody


async def test_log_has_each_event_once_whole_and_in_order(register: Register) -> None:
    path = path_of("C0000000000000000000000000001002")
    first = await register.all("/events?limit=100")
    await register.hear([*path, *path])
    entries = (await register.all("/events?limit=17"))[len(first) :]
    assert (await register.all("/events?limit=100"))[: len(first)] == first
    assert sorted(entry["id"] for entry in entries) == sorted(entry_id(e.id) for e in path)
    received = [entry["received_at"] for entry in entries]
    assert received == sorted(received)
    for envelope in path:
        (entry,) = [e for e in entries if e["id"] == entry_id(envelope.id)]
        assert Envelope.model_validate(entry["event"]) == envelope
    stream = path[0].stream
    own = await register.all(f"/events?limit=4&stream={stream}")
    assert [entry["event"]["id"] for entry in own] == [e.id for e in path if e.stream == stream]


async def test_operator_sees_that_a_citizens_event_came_and_not_its_data(
    register: Register,
) -> None:
    ref = ref_of("C0000000000000000000000000004002")
    by = somebody("registrar")
    told = envelopes(
        CITIZEN,
        ref.citizen_id,
        [
            (citizen.CitizenRegistered(by=by, card=CARD), MONDAY),
            (citizen.ConsentWithdrawn(by=by), MONDAY),
        ],
    )
    of_case = intake_of(ref).envelopes()[0]
    await register.hear([*told, of_case])

    async def seen(role: str, query: str) -> dict[str, dict[str, Any]]:
        items = await register.all(f"/events?limit=100{query}", role)
        return {entry["event"]["id"]: entry["event"] for entry in items}

    for query in ("", f"&stream={told[0].stream}"):
        reader, operator = await seen("registry_reader", query), await seen("operator", query)
        assert operator.keys() == reader.keys()
        for envelope in told:
            assert Envelope.model_validate(reader[envelope.id]) == envelope
            assert operator[envelope.id] == reader[envelope.id] | {"data": {}}
        assert "Кузнецова" in str(reader)
        assert "Кузнецова" not in str(operator)
    assert (await seen("operator", ""))[of_case.id]["data"] == of_case.data


async def test_later_event_is_not_seen_in_the_log_before_an_earlier_one(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of /events never has to look behind the last event it has read."""
    earlier, later = (
        intake_of(ref_of(f"C000000000000000000000000000700{n}")).envelopes()[0] for n in (1, 2)
    )
    log, tally = register.registry.log, register.registry.service.consumer.tally
    save, reached, go_on = log.save, asyncio.Event(), asyncio.Event()

    async def slow_for_the_earlier(document: Document[LogEntry]) -> None:
        if document.state.envelope.id == earlier.id:
            reached.set()
            await go_on.wait()
        await save(document)

    async def seen() -> list[str]:
        entries = await register.all("/events?limit=100")
        return [entry["event"]["id"] for entry in entries]

    before, received = await seen(), tally.received
    monkeypatch.setattr(log, "save", slow_for_the_earlier)
    await register.stack.publish(earlier)
    await reached.wait()
    await register.stack.publish(later)
    await until(lambda: tally.received - received == 2)
    await asyncio.sleep(0.3)  # long enough to be saved, if nothing kept it waiting
    assert await seen() == before
    go_on.set()

    async def both() -> bool:
        return len(await seen()) == len(before) + 2

    await until(both)
    assert await seen() == [*before, earlier.id, later.id]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2)])
async def test_erased_citizen_is_gone_from_record_and_log_152_FZ_21(
    register: Register, order: tuple[int, ...]
) -> None:
    citizen_id = "P" + "".join(map(str, order))
    changed = CARD.model_copy(update={"phone": "+73845600099"})
    by = somebody("registrar")
    told = envelopes(
        CITIZEN,
        citizen_id,
        [
            (citizen.CitizenRegistered(by=by, card=CARD), MONDAY),
            (citizen.CitizenCardChanged(by=by, card=changed), MONDAY),
            (citizen.ConsentWithdrawn(by=by), MONDAY),
            (citizen.CitizenErased(by=SYSTEM), MONDAY),
        ],
    )
    await register.hear([told[n] for n in order])
    shown = await register.get(f"/citizens/{citizen_id}")
    assert (shown["card"], shown["erased"], shown["consented"]) == (None, True, False)
    entries = await register.all(f"/events?limit=10&stream={told[0].stream}")
    assert [entry["erased"] for entry in entries] == [True, True, False, False]
    assert "Кузнецова" not in str(entries)
    assert "+738456000" not in str(entries)
    assert all(Envelope.model_validate(entry["event"]).event() for entry in entries)
    kept = [document async for document in register.registry.citizens.each()]
    assert "Кузнецова" not in str([d for d in kept if d.id == citizen_id])
    await register.hear([told[0]])
    assert "Кузнецова" not in str(await register.all(f"/events?limit=10&stream={told[0].stream}"))
