"""All ways, one after another or at once, and the time that passes then."""

from __future__ import annotations

import asyncio
from itertools import count

from contracts import assessment, careplan, citizen, complaints, documents, intake
from contracts.event import Event
from deploy.demo import journey
from deploy.demo.__main__ import directory_known
from deploy.demo.staff import hire
from tests.fault.appointed import appointments_booked, appointments_over
from tests.fault.edited import directory_edited
from tests.fault.recording import Town
from tests.fault.travellers import Travellers
from tests.fault.ways import WAYS
from tests.system import steps

ALARMS: tuple[type[Event], ...] = (
    intake.TermDueSoon,
    intake.TermMissed,
    documents.CertificateOverdue,
    assessment.TermDueSoon,
    assessment.TermMissed,
    careplan.TermDueSoon,
    careplan.TermMissed,
    complaints.TermDueSoon,
    complaints.TermMissed,
    citizen.ErasureDueSoon,
    citizen.ErasureMissed,
)


async def travel(town: Town) -> None:
    """All ways at once, then what only time brings."""
    staff = hire(town.stack, town.wire)
    await directory_known(staff.operator)
    travellers = Travellers(town, staff, "crash", count(80_000_000))
    async with asyncio.TaskGroup() as ways:
        for way in WAYS:
            ways.create_task(way(travellers))
    await directory_edited(travellers)
    appointments = await appointments_booked(travellers)
    await terms_forgotten(travellers)
    await appointments_over(travellers, appointments)
    await town.settle()


async def terms_forgotten(t: Travellers) -> None:
    """Cases that everybody forgets at some stage, and a complaint; the clock is put forward."""
    waiting = await journey.refer(t.staff, t.person(), t.run)
    await journey.triage(t.staff, await journey.refer(t.staff, t.person(), t.run))
    planned = await steps.until_assessed(t.staff, t.person(), t.run)
    await t.staff.organizer.wait(
        "careplan", planned.record, lambda found: found["status"] == "planning"
    )
    await steps.register_complaint(t.staff, waiting)
    await t.town.settle()
    spy = t.town.stack.spy
    while not all(spy.of(alarm) for alarm in ALARMS):
        if not await t.town.put_forward():
            break
    await t.town.settle()
    missing = [alarm.type for alarm in ALARMS if not spy.of(alarm)]
    assert not missing, "these alarms never sounded"
