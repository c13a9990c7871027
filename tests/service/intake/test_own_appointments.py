"""A citizen books by the case's number and secret code, and a guesser learns nothing (S, M)."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from contracts.appointments import AppointmentBooked, AppointmentCancelled
from contracts.intake import StatusCodeIssued
from contracts.referral import ReferralLinked
from contracts.status_code import hashed
from services.intake.domain.appointments import Status
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.bureau import SUNDAY, act, book, booked, free, seen, set_schedule
from tests.service.intake.desk import Clock, Desk
from tests.service.stack import INSTITUTION
from tests.unit.intake.bureau import at


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(SUNDAY)


async def ask(
    desk: Desk, path: str, address: str, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    """Somebody at an address asks, without a token."""
    transport = httpx.ASGITransport(app=desk.app, client=(address, 40000))
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post(f"/appointments/own{path}", json=body, headers=headers)


async def known(desk: Desk) -> dict[str, str]:
    """A case's number and code, as the applicant was told them."""
    registered = await desk.register()
    return {"number": registered["journal_number"], "code": registered["status_code"]}


async def test_citizen_books_moves_and_cancels_by_number_and_code_s(desk: Desk) -> None:
    await set_schedule(desk)
    own = await known(desk)
    times = [slot["starts_at"] for slot in await free(desk)]
    made = await ask(desk, "", "10.1.0.1", {**own, "starts_at": times[0]}, "mine")
    assert made.status_code == 201, made.text
    one = made.json()["id"]
    again = await ask(desk, "", "10.1.0.1", {**own, "starts_at": times[0]}, "mine")
    assert (again.status_code, again.json()["id"]) == (200, one)
    event = await desk.stack.spy.wait_for(AppointmentBooked, one)
    assert (event.by.role, event.by.id) == ("citizen", event.citizen_id)
    found = await ask(desk, "/search", "10.1.0.1", own)
    assert [item["id"] for item in found.json()["items"]] == [one]
    assert found.headers["cache-control"] == "no-store"
    moved = await ask(desk, f"/{one}/move", "10.1.0.1", {**own, "starts_at": times[4]})
    assert moved.status_code == 200, moved.text
    assert times[0] in {slot["starts_at"] for slot in await free(desk)}
    gone = await ask(desk, f"/{one}/cancellation", "10.1.0.1", own)
    assert gone.status_code == 200
    told = await desk.stack.spy.wait_for(AppointmentCancelled, one)
    assert (told.reason, told.by.role) == ("citizen_asked", "citizen")
    assert (await ask(desk, "/search", "10.1.0.1", own)).json()["items"] == []


async def test_citizen_has_one_appointment_ahead_at_a_time_s(desk: Desk, clock: Clock) -> None:
    await set_schedule(desk)
    own = await known(desk)
    times = [slot["starts_at"] for slot in await free(desk)]
    assert (await ask(desk, "", "10.1.0.2", {**own, "starts_at": times[0]})).status_code == 201
    other = await ask(desk, "", "10.1.0.2", {**own, "starts_at": times[1]})
    assert (other.status_code, other.json()["code"]) == (409, "appointment-exists")
    assert other.json()["clause"] == "S"


async def test_citizen_s_bookings_at_once_are_one_s(desk: Desk) -> None:
    await set_schedule(desk)
    own = await known(desk)
    times = [slot["starts_at"] for slot in await free(desk)][:8]
    answers = await asyncio.gather(
        *[ask(desk, "", f"10.1.3.{n}", {**own, "starts_at": one}) for n, one in enumerate(times)]
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    held = [
        document.id
        async for document in desk.intake.appointments.each()
        if document.state.case is not None
        and document.state.case.number == own["number"]
        and document.state.status is Status.BOOKED
    ]
    assert len(held) == 1
    for one in await free(desk):  # nor does what was refused keep a time from anybody
        if one["starts_at"] in times:
            assert (await book(desk, one["starts_at"])).status_code == 201


async def test_citizen_sees_and_moves_what_the_call_centre_booked_s(desk: Desk) -> None:
    await set_schedule(desk)
    own = await known(desk)
    first = (await free(desk))[0]["starts_at"]
    made = await book(desk, first, "call_centre", case_number=own["number"])
    one = made.json()["id"]
    found = await ask(desk, "/search", "10.1.0.4", own)
    assert [item["id"] for item in found.json()["items"]] == [one]
    gone = await ask(desk, f"/{one}/cancellation", "10.1.0.4", own)
    assert gone.status_code == 200


async def test_appointment_of_another_is_answered_like_a_missing_one_s(desk: Desk) -> None:
    await set_schedule(desk)
    own, theirs = await known(desk), await booked(desk)
    before = await desk.stored()
    for action, more in (("cancellation", {}), ("move", {"starts_at": at("15:00").isoformat()})):
        foreign = await ask(desk, f"/{theirs}/{action}", "10.1.0.5", own | more)
        missing = await ask(desk, f"/A-nobodys/{action}", "10.1.0.5", own | more)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json() | {"correlation_id": ""} == missing.json() | {"correlation_id": ""}
    assert await desk.stored() == before


async def test_wrong_number_and_wrong_code_answer_exactly_alike_m(desk: Desk) -> None:
    """After the same reads, in the same time, whatever is wrong; and nothing is stored."""
    await set_schedule(desk)
    own = await known(desk)
    starts_at = (await free(desk))[0]["starts_at"]
    before = await desk.stored()
    answers, costs, seconds = [], [], []
    for wrong in (
        {**own, "code": "0000000000"},
        {**own, "number": f"{INSTITUTION}/2026/999999"},
        {**own, "number": "2026-03-16"},
        {**own, "number": f"{INSTITUTION}/1999/000001", "code": own["code"].upper()},
    ):
        counts = [desk.intake.journal.counts, desk.intake.cases.counts]
        read = [one.reads for one in counts]
        answered = await ask(desk, "", "10.1.0.6", {**wrong, "starts_at": starts_at}, "guess")
        answers.append(answered)
        costs.append([one.reads - was for one, was in zip(counts, read, strict=True)])
        seconds.append(answered.elapsed.total_seconds())
    assert {one.status_code for one in answers} == {404}
    bodies = [one.json() | {"correlation_id": ""} for one in answers]
    assert all(body == bodies[0] for body in bodies)
    marks = {"x-correlation-id", "x-request-id"}
    headers = [{k: v for k, v in one.headers.items() if k not in marks} for one in answers]
    assert all(header == headers[0] for header in headers)
    assert costs == [[1, 1]] * 4
    assert min(seconds) >= 0.25
    assert await desk.stored() == before


async def test_public_bookings_are_limited_whether_the_number_exists_m(desk: Desk) -> None:
    own = await known(desk)
    for address, number in (
        ("10.9.0.1", own["number"]),
        ("10.9.0.2", f"{INSTITUTION}/2026/888888"),
    ):
        wrong = {"number": number, "code": "1"}
        answers = [await ask(desk, "/search", address, wrong) for _ in range(14)]
        assert [one.status_code for one in answers] == [404] * 13 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
    right = await ask(desk, "/search", "10.9.9.9", own)
    assert right.status_code == 200  # the guesser shut nobody out


async def test_key_of_another_s_booking_is_no_key_to_it_s(desk: Desk) -> None:
    await set_schedule(desk)
    mine, theirs = await known(desk), await known(desk)
    times = [slot["starts_at"] for slot in await free(desk)]
    first = await ask(desk, "", "10.1.0.7", {**theirs, "starts_at": times[0]}, "a-key")
    second = await ask(desk, "", "10.1.0.8", {**mine, "starts_at": times[1]}, "a-key")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "x"},
        {"number": "x", "code": "1"},
        {"number": "x", "code": "1", "starts_at": "завтра"},
        {"number": "x", "code": "1", "starts_at": "2026-03-02T10:00:00+07:00", "name": "Анна"},
        {"number": "x" * 121, "code": "1", "starts_at": "2026-03-02T10:00:00+07:00"},
    ],
)
async def test_public_booking_of_the_wrong_shape_is_refused(
    desk: Desk, body: dict[str, str]
) -> None:
    answered = await ask(desk, "", "10.1.0.10", body)
    assert answered.status_code == 422
    assert "Анна" not in answered.text


async def test_public_booking_needs_an_idempotency_key(desk: Desk) -> None:
    body = {"number": "x", "code": "1", "starts_at": "2026-03-02T10:00:00+07:00"}
    answered = await desk.http.post("/appointments/own", json=body)
    assert (answered.status_code, answered.json()["code"]) == (400, "idempotency-key-required")


async def test_new_status_code_kills_the_old_one_r_3_7_3(desk: Desk) -> None:
    """The code was lost or leaked: the institution issues another, and its hash goes out."""
    registered = await desk.register()
    old = {"number": registered["journal_number"], "code": registered["status_code"]}
    case_id = registered["case_id"]
    issued = await desk.act(case_id, "status-code", key="new-code")
    told = issued.json()
    assert (told["number"], issued.headers["cache-control"]) == (old["number"], "no-store")
    assert told["status_code"] != old["code"]
    event = await desk.stack.spy.wait_for(StatusCodeIssued, case_id)
    assert event.status_code_hash == hashed(told["status_code"], old["number"])
    assert (await ask(desk, "/search", "10.1.0.11", old)).status_code == 404
    new = old | {"code": told["status_code"]}
    assert (await ask(desk, "/search", "10.1.0.11", new)).status_code == 200
    again = await desk.post(f"/cases/{case_id}/status-code", None, version=1, key="new-code")
    assert again.json()["status_code"] == told["status_code"]
    stored = await desk.stored()
    assert not [key for key, value in stored.items() if told["status_code"] in str(value)]
    document = await desk.intake.cases.get(case_id)
    assert document is not None
    assert told["status_code"] not in str(document)
    third = await desk.act(case_id, "status-code")
    assert third.json()["status_code"] not in {told["status_code"], old["code"]}


async def test_every_applicant_has_a_code_of_their_own_r_3_7_3(desk: Desk) -> None:
    """A second referral has one besides the first's; a new code ends both."""
    citizen = new_citizen()
    first = await desk.register(new_referral(citizen=citizen))
    referral = new_referral(citizen=citizen)
    second = await desk.register(referral, key="second-applicant")
    case_id, number = first["case_id"], first["journal_number"]
    assert (second["linked"], second["case_number"], first["case_number"]) == (True, number, number)
    again = await desk.register(referral, key="second-applicant")
    assert (again["status_code"], again["case_number"]) == (second["status_code"], number)
    linked = await desk.stack.spy.wait_for(ReferralLinked, case_id)
    assert linked.status_code_hash == hashed(second["status_code"], number)
    for code, status in ((first["status_code"], 200), (second["status_code"], 200), ("0", 404)):
        asked = {"number": number, "code": code}
        assert (await ask(desk, "/search", "10.1.0.12", asked)).status_code == status
    await desk.act(case_id, "status-code")
    for told in (first, second):
        asked = {"number": number, "code": told["status_code"]}
        assert (await ask(desk, "/search", "10.1.0.13", asked)).status_code == 404


async def test_new_status_code_is_the_registrar_s_to_issue_r_3_7_3(desk: Desk) -> None:
    case_id = (await desk.register())["case_id"]
    for role in ("specialist", "call_centre", "medical_organization"):
        answered = await desk.post(f"/cases/{case_id}/status-code", None, role, version=1)
        assert answered.status_code == 403


async def test_attended_citizen_may_book_again_s(desk: Desk, clock: Clock) -> None:
    await set_schedule(desk)
    own = await known(desk)
    first = (await free(desk))[0]["starts_at"]
    one = (await ask(desk, "", "10.1.0.12", {**own, "starts_at": first})).json()["id"]
    clock.put_to(at("18:00"))
    desk.intake.service.sweeper.nudge()
    await desk.intake.service.sweeper.sweep()
    later = (await free(desk))[0]["starts_at"]
    made = await ask(desk, "", "10.1.0.12", {**own, "starts_at": later})
    assert made.status_code == 201, made.text  # though nobody has recorded yet whether they came
    assert (await act(desk, one, "attendance", {"came": True}, "specialist")).status_code == 200
    assert (await seen(desk, one))["status"] == "attended"
