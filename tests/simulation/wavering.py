"""A citizen who declines and returns when nobody expects it, while the offices work on.

Whatever is refused or not yet possible is passed over; so cases go ways that no plan foresees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from chassis import chance
from deploy.demo import journey
from deploy.demo.office import Office, Refused
from deploy.demo.people import Person
from deploy.demo.staff import Staff

PATIENCE_SECONDS = 10.0
DECLINED = {"consequences_explained": True, "contact_left": True}
STAGES = (
    journey.triage,
    journey.apply,
    journey.survey,
    journey.convene,
    journey.assess,
    journey.propose,
    journey.plan,
    journey.submit,
    journey.enrol,
)


class Lenient(Office):
    """Takes no for an answer."""

    async def create(self, service: str, path: str, body: Any) -> Any:
        try:
            return await super().create(service, path, body)
        except Refused:
            return {}

    async def change(
        self, service: str, record: str, action: str, body: Any = None, read: str = ""
    ) -> Any:
        try:
            return await super().change(service, record, action, body, read)
        except Refused:
            return {}

    async def wait(self, service: str, path: str, until: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await super().wait(service, path, until)


def lenient(staff: Staff) -> Staff:
    """The same desks, none of which insists."""
    desks = {
        desk.name: Lenient(office.wire, office.token)
        for desk in fields(staff)
        if isinstance(office := getattr(staff, desk.name), Office)
    }
    return replace(staff, **desks)  # type: ignore[arg-type]


async def wavering(staff: Staff, person: Person, run: str) -> None:
    """All stages as far as they are possible, and the citizen's moods beside them."""
    case = await journey.refer(staff, person, run)
    desks = lenient(staff)
    moods = asyncio.ensure_future(_moods(desks, case))
    assigning = asyncio.ensure_future(_assigned(desks, case))
    for stage in STAGES:
        for _ in range(2):  # a stage that was cut short has a second chance
            try:
                await stage(desks, case)
                break
            except (Refused, TimeoutError, LookupError):
                continue
    await moods
    await assigning


async def _moods(desks: Staff, case: journey.Case) -> None:
    for _ in range(3):
        await asyncio.sleep(chance.uniform(0.0, 4.0))
        await desks.registrar.change("intake", case.record, "decline", DECLINED)
        await asyncio.sleep(chance.uniform(0.0, 2.0))
        if chance.uniform(0.0, 1.0) < 0.9:
            await desks.registrar.change("intake", case.record, "reopening")


async def _assigned(desks: Staff, case: journey.Case) -> None:
    """The head and the registrar give the case to one and another, and back to the role."""
    for assignee in ("staff:0117", "staff:0233", None):
        await asyncio.sleep(chance.uniform(0.0, 6.0))
        desk = desks.urgent_head if chance.uniform(0.0, 1.0) < 0.5 else desks.registrar
        body = {"assignee": assignee, "reason": "по участкам"}
        await desk.change("intake", case.record, "assignment", body)
