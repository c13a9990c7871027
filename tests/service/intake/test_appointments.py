"""Appointments as the call centre and a bureau keep them: rules, conflicts, reminders (S)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.appointments import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentReminderDue,
)
from contracts.directory import (
    ORGANIZATION,
    OpeningHours,
    OrganizationCard,
    OrganizationChanged,
    OrganizationKind,
    OrganizationPublished,
    OrganizationRetired,
)
from contracts.values import SYSTEM
from tests.service.intake.bureau import (
    CALLER,
    SCHEDULE,
    act,
    book,
    booked,
    free,
    seen,
    set_schedule,
)
from tests.service.intake.desk import HOURS, OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Story, until
from tests.unit.intake.bureau import MONDAY, at

SUNDAY = at("12:00", MONDAY - timedelta(days=1))
BUREAU = "bureau-07"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


@pytest.fixture(autouse=True)
def on_sunday(clock: Clock) -> None:
    """Each test begins on the day before a working week."""
    clock.put_to(SUNDAY)


def card(organization: str = BUREAU, **changed: Any) -> OrganizationCard:
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


def moment(text: str, days: int = 0) -> str:
    return at(text, MONDAY + timedelta(days=days)).isoformat()


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


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        (at("10:00", MONDAY - timedelta(days=3)).isoformat(), "slot-in-the-past"),
        (moment("08:40"), "outside-hours"),
        (moment("13:20"), "outside-hours"),
        (moment("10:10"), "not-on-the-grid"),
        (moment("10:00", days=7), "not-a-working-day"),
        (moment("10:00", days=5), "not-a-working-day"),
        (moment("10:00", days=2), "bureau-closed-that-day"),
        (moment("10:00", days=31), "too-far-ahead"),
        ("9999-12-31T23:59:59Z", "too-far-ahead"),
        ("0001-01-01T00:00:00+14:00", "slot-in-the-past"),
    ],
)
async def test_time_that_cannot_be_is_refused_with_the_rule_s(
    desk: Desk, starts_at: str, code: str
) -> None:
    await set_schedule(desk, closed_days=[str(MONDAY + timedelta(days=2))])
    before = await desk.stored()
    answered = await book(desk, starts_at)
    problem = answered.json()
    assert (answered.status_code, problem["code"], problem["clause"]) == (422, code, "S")
    assert problem["errors"][0]["field"] == "starts_at"
    assert await desk.stored() == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"organization": "nobodys"}, 422, "unknown-bureau"),
        ({"desk": "D9"}, 422, "no-such-desk"),
        ({"case_id": "C-nobodys"}, 404, "not-found"),
        ({"case_number": "r-institution-15/2026/999999"}, 422, "unknown-case"),
        ({"case_number": "чужой"}, 422, "unknown-case"),
        ({"case_id": "C1", "case_number": "x/2026/1"}, 422, "one-way-to-name-a-case"),
        ({"person": {"name": "Сомова"}}, 422, "invalid-input"),
        ({"person": {"name": "Сомова", "phone": "576-05-76"}}, 422, "invalid-input"),
        ({"starts_at": "2026-03-02T10:00:00"}, 422, "invalid-input"),
        ({"starts_at": "завтра"}, 422, "invalid-input"),
    ],
)
async def test_booking_of_the_wrong_shape_is_refused_s(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    await set_schedule(desk)
    asked = {"starts_at": moment("10:00"), **body}
    answered = await book(desk, asked.pop("starts_at"), "call_centre", **asked)
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text
    assert "Сомова" not in answered.text
    assert "576-05-76" not in answered.text


async def test_booking_is_for_a_case_or_for_somebody_s(desk: Desk) -> None:
    body = {"organization": INSTITUTION, "starts_at": moment("10:00")}
    answered = await desk.post("/appointments", body, "call_centre")
    assert (answered.status_code, answered.json()["code"]) == (422, "nobody-to-receive")


async def test_call_centre_books_at_every_bureau_and_a_registrar_at_their_own_s(
    desk: Desk,
) -> None:
    await set_schedule(desk)
    case_number = (await desk.register())["journal_number"]
    first = (await free(desk))[0]["starts_at"]
    anywhere = await book(
        desk, first, "call_centre", org="s-coordination-centre-01", case_number=case_number
    )
    assert anywhere.status_code == 201, anywhere.text
    event = await desk.stack.spy.wait_for(AppointmentBooked, anywhere.json()["id"])
    shown = await seen(desk, anywhere.json()["id"])
    assert (shown["case_number"], shown["case_id"]) == (case_number, event.case_id)
    assert (shown["person"], shown["booked_by_role"]) == (None, "call_centre")
    elsewhere = await book(desk, first, org=OTHER_INSTITUTION)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "foreign-bureau")


async def test_registrar_names_cases_they_may_know_of_only_s(desk: Desk) -> None:
    await set_schedule(desk, OTHER_INSTITUTION)
    registered = await desk.register()
    starts_at = (await free(desk, OTHER_INSTITUTION))[0]["starts_at"]
    for named in (
        {"case_number": registered["journal_number"]},
        {"case_id": registered["case_id"]},
    ):
        answered = await book(
            desk, starts_at, org=OTHER_INSTITUTION, organization=OTHER_INSTITUTION, **named
        )
        assert answered.json()["code"] in {"unknown-case", "not-found"}


async def test_number_is_taken_as_the_citizen_tells_it_s(desk: Desk) -> None:
    await set_schedule(desk)
    registered = await desk.register()
    institution, year, number = registered["journal_number"].split("/")
    told = f" {institution.upper()} / {year} / {int(number)}"
    first = (await free(desk))[0]["starts_at"]
    answered = await book(desk, first, "call_centre", case_number=told)
    assert answered.status_code == 201, answered.text
    shown = await seen(desk, answered.json()["id"])
    assert shown["case_id"] == registered["case_id"]


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


async def test_move_tells_both_times_and_the_call_centre_may_move_elsewhere_s(desk: Desk) -> None:
    await publish(desk, card("bureau-near"))
    await set_schedule(desk, "bureau-near")
    await set_schedule(desk)
    one = await booked(desk)
    there = {"starts_at": moment("11:00"), "organization": "bureau-near"}
    foreign = await act(desk, one, "move", there)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign-bureau")
    before = (await seen(desk, one))["starts_at"]
    moved = await act(desk, one, "move", there, "call_centre", org=None)
    assert moved.status_code == 200, moved.text
    event = await desk.stack.spy.wait_for(AppointmentMoved, one)
    assert (event.organization_before, event.organization) == (INSTITUTION, "bureau-near")
    assert (event.starts_before.isoformat() != event.starts_at.isoformat()) or before
    same = await act(desk, one, "move", there, "call_centre", org=None)
    assert (same.status_code, same.json()["code"]) == (422, "same-slot")
    gone = await desk.get(f"/appointments/{one}", "registrar")
    assert gone.status_code == 404
    stale = await act(desk, one, "move", {"starts_at": moment("12:00")}, "call_centre", version=1)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")


async def test_cancellation_keeps_by_whom_and_why_s(desk: Desk) -> None:
    await set_schedule(desk)
    one = await booked(desk)
    body = {"reason": "other", "note": "Увезли в больницу"}
    assert (await act(desk, one, "cancellation", body, "call_centre")).status_code == 200
    shown = await seen(desk, one)
    assert shown["status"] == "cancelled"
    kept = shown["cancellation"]
    assert (kept["reason"], kept["note"], kept["by"]["role"]) == (
        "other",
        "Увезли в больницу",
        "call_centre",
    )
    event = await desk.stack.spy.wait_for(AppointmentCancelled, one)
    assert event.reason == "other"
    wrong = await act(desk, one, "cancellation", {"reason": "надоело"})
    assert wrong.status_code == 422


async def test_specialist_records_afterwards_whether_the_citizen_came_s(
    desk: Desk, clock: Clock
) -> None:
    await set_schedule(desk)
    one, other = await booked(desk), await booked(desk)
    early = await act(desk, one, "attendance", {"came": True}, "specialist")
    assert (early.status_code, early.json()["code"]) == (409, "appointment-still-ahead")
    clock.put_to(at("17:00"))
    await desk.intake.service.sweeper.sweep()
    late = await act(desk, one, "cancellation", {"reason": "citizen_asked"})
    assert (late.status_code, late.json()["code"]) == (409, "appointment-has-begun")
    came = await act(desk, one, "attendance", {"came": True, "note": "с дочерью"}, "specialist")
    missed = await act(desk, other, "attendance", {"came": False}, "specialist")
    assert (came.status_code, missed.status_code) == (200, 200)
    await desk.stack.spy.wait_for(AppointmentAttended, one)
    await desk.stack.spy.wait_for(AppointmentMissed, other)
    assert (await seen(desk, one))["note"] == "с дочерью"


async def test_reminder_sounds_once_a_working_day_before_and_not_early_s(
    desk: Desk, clock: Clock
) -> None:
    await set_schedule(desk)
    one = (await book(desk, moment("10:00", days=8))).json()["id"]  # Tuesday after three days off
    due = at("10:00", MONDAY + timedelta(days=4))
    clock.put_to(due - timedelta(minutes=1))
    desk.intake.service.sweeper.nudge()
    await desk.settle()
    assert desk.stack.spy.of(AppointmentReminderDue, subject=one) == []
    clock.put_to(due + timedelta(hours=30))  # it was down when the moment came
    desk.intake.service.sweeper.nudge()
    event = await desk.stack.spy.wait_for(AppointmentReminderDue, one)
    assert event.starts_at == at("10:00", MONDAY + timedelta(days=8))
    for _ in range(3):
        await desk.intake.service.sweeper.sweep()
    await desk.settle()
    assert len({one.id for one in desk.stack.spy.of(AppointmentReminderDue, subject=one)}) == 1
    assert (await seen(desk, one))["reminded_at"] is not None


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
