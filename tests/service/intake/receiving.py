"""Every request about appointments and consultations once, good ways only: for `steps.py`."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.service.intake.bureau import act, book, free, seen, set_schedule
from tests.service.intake.desk import Clock, Desk
from tests.service.ledger import Ledger
from tests.service.stack import INSTITUTION


async def by_appointment(
    desk: Desk, ledger: Ledger, registered: dict[str, Any], clock: Clock
) -> None:
    """From the schedule to the consultation; `registered` is a case with its code."""
    await set_schedule(desk)
    times = [slot["starts_at"] for slot in await free(desk)]
    case_id = str(registered["case_id"])
    with ledger.called("of a case"):
        one = (await book(desk, times[0], case_id=case_id, key="step-1")).json()["id"]
    with ledger.called("repeated"):
        await book(desk, times[0], case_id=case_id, key="step-1")
    with ledger.called("of somebody new"):
        other = (await book(desk, times[0])).json()["id"]
    await act(desk, one, "move", {"starts_at": times[1]})
    await act(desk, one, "cancellation", {"reason": "citizen_asked"})
    await seen(desk, one)
    await desk.get("/appointments", "specialist")
    with ledger.called("in conflict"):
        await desk.get("/appointments?conflicting=true", "specialist")
    await _on_their_own(desk, registered, times)
    await _consult(desk, ledger, registered)
    await desk.act(case_id, "status-code")
    clock.put_to(datetime.fromisoformat(times[0]) + timedelta(hours=1))
    async with asyncio.timeout(30):  # its time is over, and the sweeper says so meanwhile
        while (await _came(desk, other)).status_code == 412:
            pass
    assert (await seen(desk, other))["status"] == "attended"


async def _came(desk: Desk, appointment: str) -> httpx.Response:
    return await act(desk, appointment, "attendance", {"came": True}, "specialist")


async def _on_their_own(desk: Desk, registered: dict[str, Any], times: list[str]) -> None:
    own = {"number": registered["journal_number"], "code": registered["status_code"]}

    async def ask(path: str, **more: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": f"own-{path}"}
        answered = await desk.http.post(
            f"/appointments/own{path}", json=own | more, headers=headers
        )
        assert answered.is_success, answered.text
        found: dict[str, Any] = answered.json()
        return found

    one = (await ask("", starts_at=times[5]))["id"]
    await ask("/search")
    await ask(f"/{one}/move", starts_at=times[6])
    await ask(f"/{one}/cancellation")


async def _consult(desk: Desk, ledger: Ledger, registered: dict[str, Any]) -> None:
    body = {"topic": "documents", "answer": "Паспорт."}
    with ledger.called("about a case"):
        named = body | {"case_number": registered["journal_number"]}
        answered = await desk.post("/consultations", named, "call_centre")
        assert answered.status_code == 201, answered.text
    with ledger.called("about none"):
        given = (await desk.post("/consultations", body, "call_centre")).json()["id"]
    await desk.get("/consultations", "call_centre")
    await desk.get(f"/consultations/{given}", "call_centre")
    path = f"/consultations/{given}/referral"
    linked = await desk.post(path, {"referral_id": registered["id"]}, "call_centre", version=1)
    assert linked.status_code == 200, linked.text
    assert (await desk.get(f"/bureaus/{INSTITUTION}/schedule")).status_code == 200
