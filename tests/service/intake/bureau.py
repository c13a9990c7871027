"""A bureau that receives by appointment, and what is done at it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx

from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
)
from contracts.values import SYSTEM
from services.intake.domain.slots import Slot
from tests.service.intake.desk import HOURS, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Story, until
from tests.unit.intake.bureau import MONDAY, at

SCHEDULE = {"slot_minutes": 20, "desks": 2, "days_ahead": 30}
CALLER = {"name": "Сомова Галина", "phone": "+73845600002"}
SUNDAY = at("12:00", MONDAY - timedelta(days=1))
"""The day before a working week."""
BUREAU = "bureau-07"


def moment(text: str, days: int = 0) -> str:
    """A time of day, so many days after the Monday that follows."""
    return at(text, MONDAY + timedelta(days=days)).isoformat()


def card(organization: str = BUREAU, **changed: Any) -> OrganizationCard:
    """A bureau as the directory shows it."""
    values: dict[str, Any] = {
        "id": organization,
        "kind": OrganizationKind.COORDINATION_CENTRE,
        "name": "Районное бюро",
        "parent": AUTHORISED_BODY,
        "hours": HOURS,
        "source": "test",
    }
    return OrganizationCard(**values | changed)


async def publish(desk: Desk, shown: OrganizationCard) -> Story:
    """A bureau appears in the directory."""
    story = desk.stack.story(ORGANIZATION, shown.id)
    await story.tell(OrganizationPublished(by=SYSTEM, card=shown))
    await until(lambda: desk.intake.organizations.get(shown.id))
    return story


async def set_schedule(desk: Desk, organization: str = INSTITUTION, **changed: Any) -> None:
    """The bureau says how it receives, whatever it said before."""
    path = f"/bureaus/{organization}/schedule"
    known = await desk.get(path, "institution_director", org=organization)
    body = {key: value for key, value in (SCHEDULE | changed).items() if value is not None}
    answered = await desk.post(
        path,
        body,
        "institution_director",
        org=organization,
        version=int(known.headers["etag"].strip('"')),
    )
    assert answered.status_code == 200, answered.text


async def free(
    desk: Desk, organization: str = INSTITUTION, /, **asked: str
) -> list[dict[str, Any]]:
    """The free times of a bureau."""
    query = "".join(f"&{name}={value}" for name, value in asked.items())
    answered = await desk.http.get(f"/appointments/slots?organization={organization}{query}")
    assert answered.status_code == 200, answered.text
    items: list[dict[str, Any]] = answered.json()["items"]
    return items


async def book(
    desk: Desk, starts_at: str, role: str = "registrar", /, **more: Any
) -> httpx.Response:
    """Try to book a time, for somebody who calls for the first time unless a case is named."""
    headers = {name: more.pop(name) for name in ("key", "org") if name in more}
    body: dict[str, Any] = {"organization": INSTITUTION, "starts_at": starts_at, **more}
    if not {"case_id", "case_number", "person"} & body.keys():
        body["person"] = CALLER
    return await desk.post("/appointments", body, role, **headers)


async def booked(desk: Desk, case_id: str | None = None, **more: Any) -> str:
    """An appointment at the first free time; its id."""
    known = await desk.get(f"/bureaus/{INSTITUTION}/schedule", "specialist")
    if not known.json()["configured"]:
        await set_schedule(desk)
    first = (await free(desk))[0]["starts_at"]
    named = {"case_id": case_id} if case_id is not None else {}
    answered = await book(desk, first, **named, **more)
    assert answered.status_code == 201, answered.text
    return str(answered.json()["id"])


async def seen(desk: Desk, appointment_id: str) -> dict[str, Any]:
    """The appointment as the call centre sees it."""
    answered = await desk.get(f"/appointments/{appointment_id}", "call_centre", org=None)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def act(
    desk: Desk, appointment_id: str, action: str, body: Any, role: str = "registrar", **more: Any
) -> httpx.Response:
    """A command on an appointment, on its present version."""
    version = more.pop("version", None) or (await seen(desk, appointment_id))["version"]
    path = f"/appointments/{appointment_id}/{action}"
    return await desk.post(path, body, role, version=version, **more)


async def holders(desk: Desk) -> dict[Slot, list[str]]:
    """Who holds which slot, by the appointments themselves."""
    found: dict[Slot, list[str]] = {}
    async for document in desk.intake.appointments.each():
        if document.state.holds:
            found.setdefault(document.state.held, []).append(document.id)
    return found


async def nothing_overlaps(desk: Desk) -> None:
    """No two appointments share a time at a desk."""
    slots = list(await holders(desk))
    assert all(len(ids) == 1 for ids in (await holders(desk)).values())
    for one in slots:
        for other in slots:
            same_desk = (one.organization, one.desk) == (other.organization, other.desk)
            assert one == other or not same_desk or not one.overlaps(other)


def outcomes(answers: list[httpx.Response]) -> Counter[Any]:
    """How often each status and code was answered."""
    return Counter((one.status_code, one.json().get("code")) for one in answers)
