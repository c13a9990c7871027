"""Appointments listed, and those that the bureau cannot receive any more (S)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.directory import (
    OpeningHours,
    OrganizationChanged,
    OrganizationRetired,
)
from contracts.values import SYSTEM
from tests.service.intake.bureau import (
    CALLER,
    SUNDAY,
    act,
    book,
    card,
    free,
    moment,
    publish,
    set_schedule,
)
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import INSTITUTION, until
from tests.unit.intake.bureau import MONDAY


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


@pytest.fixture(autouse=True)
def on_sunday(clock: Clock) -> None:
    """Each test begins on the day before a working week."""
    clock.put_to(SUNDAY)


async def conflicting(desk: Desk, **asked: str) -> list[dict[str, Any]]:
    """Every appointment in conflict, page by page."""
    query = "".join(f"&{name}={value}" for name, value in asked.items())
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = f"/appointments?conflicting=true&limit=2{query}{cursor}"
        page = (await desk.get(path, "call_centre", org=None)).json()
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_what_a_change_of_hours_or_schedule_leaves_out_is_listed_to_be_moved_s(
    desk: Desk,
) -> None:
    """The call centre finds what the bureau cannot receive any more, and moves it."""
    story = await publish(desk, card("bureau-moves"))
    await set_schedule(desk, "bureau-moves")
    where = {"organization": "bureau-moves"}
    made = [
        (await book(desk, moment(text, days), "call_centre", **where)).json()["id"]
        for text, days in (("09:00", 1), ("10:00", 1), ("16:40", 1), ("10:00", 2))
    ]
    assert await conflicting(desk, **where) == []
    shorter = (OpeningHours(days=("MO", "TU", "WE", "TH", "FR"), opens="10:00", closes="16:00"),)
    await story.tell(
        OrganizationChanged(by=SYSTEM, card=card("bureau-moves", hours=shorter), reason="приказ")
    )
    found = await until(lambda: conflicting(desk, **where))
    assert [one["id"] for one in found] == [made[0], made[2]]
    assert {one["conflict"]["rule"] for one in found} == {"outside-hours"}
    assert found[0]["conflict"]["ru"]
    moved = await act(desk, made[0], "move", {"starts_at": moment("11:00", 1)}, "call_centre")
    assert moved.status_code == 200, moved.text
    await set_schedule(desk, "bureau-moves", closed_days=[str(MONDAY + timedelta(days=2))])
    assert [one["id"] for one in await conflicting(desk, **where)] == [made[2], made[3]]
    await story.tell(OrganizationRetired(by=SYSTEM, reason="ликвидирована"))
    everything = await until(lambda: _four(desk))
    assert {one["conflict"]["rule"] for one in everything} == {"bureau-retired"}
    refused = await book(desk, moment("12:00", 3), "call_centre", **where)
    assert (refused.status_code, refused.json()["code"]) == (422, "bureau-retired")


async def _four(desk: Desk) -> list[dict[str, Any]]:
    found = await conflicting(desk, organization="bureau-moves")
    return found if len(found) == 4 else []


async def test_list_is_of_one_day_one_state_and_one_s_own_bureau_s(desk: Desk) -> None:
    await set_schedule(desk)
    made = await book(desk, moment("15:00", days=3))
    one = made.json()["id"]
    day = str(MONDAY + timedelta(days=3))
    listed = await desk.get(f"/appointments?day={day}&status=booked", "specialist")
    assert one in {item["id"] for item in listed.json()["items"]}
    for query in (f"day={MONDAY}", f"day={day}&status=cancelled"):
        other = await desk.get(f"/appointments?{query}", "specialist")
        assert one not in {item["id"] for item in other.json()["items"]}
    foreign = await desk.get(
        f"/appointments?organization={INSTITUTION}", "specialist", org=OTHER_INSTITUTION
    )
    assert foreign.json()["items"] == []
    times = [item["starts_at"] for item in listed.json()["items"]]
    assert times == sorted(times)
    person = next(item for item in listed.json()["items"] if item["id"] == one)["person"]
    assert person == CALLER


async def test_list_is_paged_without_a_gap_or_a_repetition_s(desk: Desk) -> None:
    await set_schedule(desk)
    for slot in (await free(desk))[:5]:
        await book(desk, slot["starts_at"])
    seen_ids: list[str] = []
    cursor = ""
    while True:
        page = (await desk.get(f"/appointments?limit=2{cursor}", "specialist")).json()
        seen_ids += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    own = {
        document.id
        async for document in desk.intake.appointments.each()
        if document.state.slot is not None and document.state.slot.organization == INSTITUTION
    }
    assert len(seen_ids) == len(set(seen_ids))
    assert set(seen_ids) == own
