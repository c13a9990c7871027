"""When a bureau receives, and the times it shows as free (S)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.intake.bureau import (
    BUREAU,
    SCHEDULE,
    SUNDAY,
    book,
    card,
    free,
    moment,
    publish,
    seen,
    set_schedule,
)
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


@pytest.fixture(autouse=True)
def on_sunday(clock: Clock) -> None:
    """Each test begins on the day before a working week."""
    clock.put_to(SUNDAY)


async def test_bureau_without_a_schedule_says_so_and_has_no_slots_s(desk: Desk) -> None:
    await publish(desk, card("bureau-silent"))
    answered = await desk.http.get("/appointments/slots?organization=bureau-silent")
    assert answered.json()["items"] == []
    assert answered.json()["statement_en"] == (
        "No appointments are booked here: the bureau has set no schedule."
    )
    shown = await desk.get("/bureaus/bureau-silent/schedule", "call_centre", org=None)
    assert (shown.json()["configured"], shown.headers["etag"]) == (False, '"0"')
    refused = await book(desk, moment("10:00"), "call_centre", organization="bureau-silent")
    assert (refused.status_code, refused.json()["code"]) == (422, "bureau-has-no-schedule")
    assert refused.json()["clause"] == "S"


@pytest.mark.parametrize(
    ("role", "organization", "status"),
    [
        ("registrar", BUREAU, 200),
        ("institution_director", BUREAU, 200),
        ("institution_director", AUTHORISED_BODY, 200),
        ("institution_director", OTHER_INSTITUTION, 404),
        ("registrar", None, 404),
        ("specialist", BUREAU, 403),
        ("call_centre", BUREAU, 403),
    ],
)
async def test_schedule_is_set_by_the_bureau_or_whom_it_answers_to_s(
    desk: Desk, role: str, organization: str | None, status: int
) -> None:
    if await desk.intake.organizations.get(BUREAU) is None:
        await publish(desk, card())
    path = f"/bureaus/{BUREAU}/schedule"
    known = await desk.get(path, "call_centre", org=None)
    version = int(known.headers["etag"].strip('"'))
    set_ = await desk.post(path, SCHEDULE, role, org=organization, version=version)
    assert set_.status_code == status, set_.text
    if status == 200:
        stale = await desk.post(path, SCHEDULE, role, org=organization, version=version)
        assert stale.status_code == 412


@pytest.mark.parametrize(
    "wrong",
    [
        {"slot_minutes": 4},
        {"slot_minutes": 241},
        {"desks": 0},
        {"desks": None},
        {"specialists": [{"id": "ivanova", "name": "Иванова"}]},
        {"desks": None, "specialists": [{"id": "a"}, {"id": "a"}]},
        {"desks": None, "specialists": [{"id": "a~b"}]},
        {"days_ahead": 181},
        {"closed_days": ["не день"]},
        {"novelty": 1},
    ],
)
async def test_schedule_of_the_wrong_shape_is_refused_s(desk: Desk, wrong: dict[str, Any]) -> None:
    path = f"/bureaus/{INSTITUTION}/schedule"
    answered = await desk.post(path, SCHEDULE | wrong, "institution_director", version=0)
    assert answered.status_code == 422, answered.text


async def test_range_of_slots_is_a_month_at_most_and_not_backwards_s(desk: Desk) -> None:
    for asked in ("from=2026-03-02&to=2026-04-02", "from=2026-03-03&to=2026-03-02"):
        answered = await desk.http.get(f"/appointments/slots?organization={INSTITUTION}&{asked}")
        assert (answered.status_code, answered.json()["code"]) == (422, "invalid-range")
    for asked in ("from=9999-12-31", "to=0001-01-01", "from=вчера"):
        answered = await desk.http.get(f"/appointments/slots?organization={INSTITUTION}&{asked}")
        assert (answered.status_code, answered.json()["code"]) == (422, "invalid-input")
    unknown = await desk.http.get("/appointments/slots?organization=nobodys")
    assert unknown.status_code == 404


async def test_bureau_in_another_zone_tells_its_own_times_s(desk: Desk) -> None:
    await publish(desk, card("bureau-spb", region="RU-SPE"))
    await set_schedule(desk, "bureau-spb")
    answered = await desk.http.get("/appointments/slots?organization=bureau-spb")
    assert answered.json()["time_zone"] == "Europe/Moscow"
    assert answered.json()["items"][0]["starts_at"] == "2026-03-02T09:00:00+03:00"


async def test_named_specialist_is_booked_by_name_s(desk: Desk) -> None:
    specialists = [{"id": "ivanova", "name": "Иванова Нина"}, {"id": "orlov", "name": "Орлов Пётр"}]
    await set_schedule(desk, desks=None, specialists=specialists)
    first = (await free(desk))[0]
    assert first["desks"] == ["ivanova", "orlov"]
    made = await book(desk, first["starts_at"], desk="orlov")
    assert made.status_code == 201
    again = await book(desk, first["starts_at"], desk="orlov")
    assert (again.status_code, again.json()["code"]) == (409, "slot-taken")
    shown = await seen(desk, made.json()["id"])
    assert (shown["desk"], shown["desk_name"]) == ("orlov", "Орлов Пётр")
    left = (await free(desk, desk="orlov"))[0]["starts_at"]
    assert left != first["starts_at"]
    assert (await free(desk, desk="ivanova"))[0]["starts_at"] == first["starts_at"]
    await set_schedule(desk)
