"""Appointments with the specialists of a bureau: booked, and over when time has passed (S)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from contracts.appointments import AppointmentReminderDue
from contracts.roles import Role
from deploy.demo import journey
from deploy.demo.office import Office
from tests.fault.recording import BUREAU
from tests.fault.travellers import Travellers
from tests.service.stack import until

SCHEDULE = {"slot_minutes": 20, "desks": 2, "days_ahead": 30}


async def appointments_booked(t: Travellers) -> tuple[str, ...]:
    """A case has one appointment that is moved, one that is cancelled, and one more; the applicant
    is given a new code, with which they can ask (R 3.7.3). The two that are to be."""
    director, calls = t.desk(Role.INSTITUTION_DIRECTOR, BUREAU), t.desk(Role.CALL_CENTRE, BUREAU)
    record = f"/bureaus/{BUREAU}"
    await director.wait("intake", f"{record}/schedule", lambda found: True)
    await director.change("intake", record, "schedule", SCHEDULE, read="/schedule")
    case = await journey.refer(t.staff, t.person(), t.run)
    await t.staff.registrar.change("intake", case.record, "status-code")
    first = (t.town.recording.clock() + timedelta(days=5)).date()  # a reminder comes before it
    asked = f"organization={BUREAU}&from={first}&to={first + timedelta(days=7)}"
    free = (await calls.get("intake", f"/appointments/slots?{asked}"))["items"]
    times = [slot["starts_at"] for slot in free]
    moved, cancelled, kept = [await _book(calls, case, starts_at) for starts_at in times[:3]]
    await calls.change("intake", f"/appointments/{moved}", "move", {"starts_at": times[3]})
    reason = {"reason": "citizen_asked", "note": "Уезжает к дочери"}
    await calls.change("intake", f"/appointments/{cancelled}", "cancellation", reason)
    return moved, kept


async def _book(calls: Office, case: journey.Case, starts_at: str) -> str:
    body = {"organization": BUREAU, "starts_at": starts_at, "case_number": case.journal_number}
    return str((await calls.create("intake", "/appointments", body))["id"])


async def appointments_over(t: Travellers, appointments: tuple[str, ...]) -> None:
    """Both were reminded of; to the first the citizen came, to the second nobody."""
    spy, bureau = t.town.stack.spy, t.desk(Role.SPECIALIST, BUREAU)
    for appointment, came in zip(appointments, (True, False), strict=True):
        record = f"/appointments/{appointment}"

        def is_over(found: Any) -> bool:
            return datetime.fromisoformat(found["ends_at"]) <= t.town.recording.clock()

        while not is_over(await bureau.get("intake", record)):
            assert await t.town.put_forward()
        await until(lambda about=appointment: spy.of(AppointmentReminderDue, subject=about))
        await bureau.change("intake", record, "attendance", {"came": came})
