"""What is passed on is passed on as it is known by now, and nothing is refused after it was stored
(R 3.1.2, 5.5.2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from chassis import failpoints
from tests.service.intake.bodies import DECLINE, new_citizen, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.intake.passing import (
    MFC,
    NOWHERE,
    act,
    entry,
    forward,
    listed,
    no_gap,
    publish_bodies,
    unclear,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, until

BACK = {"reason": "address_wrong", "explanation": "По адресу никто не живёт"}
TOMSK = {"text": "Томская область, г. Томск, пр. Канареечный, д. 3"}
BELOVO = {"text": "652600, г. Белово, ул. Советская, д. 7", "settlement": "Белово"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def bodies(desk: Desk) -> None:
    await publish_bodies(desk)


async def correct(desk: Desk, line: str, org: str, **changed: Any) -> Any:
    """Correct a line as a registrar of whose journal it stands in."""
    found = await desk.get(f"/referrals/{line}", org=org)
    version = int(found.headers["etag"].strip('"'))
    key = changed.pop("key", None)
    headers = {"org": org, "version": version} | ({"key": key} if key else {})
    return await desk.post(
        f"/referrals/{line}/corrections", {"reason": "уточнено", **changed}, **headers
    )


async def last_line(desk: Desk, line: str, org: str) -> dict[str, Any]:
    """The line that stands in the place of this one, once nothing is to be done for it."""

    async def found() -> dict[str, Any] | None:
        present = await entry(desk, line, org)
        while present["corrected_by"]:
            present = await entry(desk, present["corrected_by"], org)
        return present if present["state"] != "corrected" else None

    shown: dict[str, Any] = await until(found)
    return shown


async def in_step(desk: Desk, case_id: str) -> None:
    """Wait until the journals say where the case is."""

    async def settled() -> bool:
        case = await desk.intake.cases.get(case_id)
        return case is not None and case.state.pass_on_at is None

    desk.intake.service.sweeper.nudge()
    await until(settled)


async def test_waiting_line_corrected_to_an_address_outside_is_refused_and_nothing_stored_r_3_1_1(
    desk: Desk,
) -> None:
    referral = unclear()
    made = await desk.register(referral, org=MFC)
    before = await desk.stored()
    far = referral["citizen"] | {"address": TOMSK}
    for _ in range(2):
        refused = await correct(desk, made["id"], MFC, citizen=far, key="far-away")
        assert (refused.status_code, refused.json()["code"]) == (422, "address-outside-region")
        assert refused.json()["errors"][0]["field"] == "citizen.address"
        assert await desk.stored() == before


async def test_waiting_line_corrected_to_whom_gave_it_back_waits_for_a_person_r_3_1_2(
    desk: Desk,
) -> None:
    referral = unclear()
    made = await desk.register(referral, org=AUTHORISED_BODY)
    assert (await forward(desk, made["case_id"])).status_code == 200
    assert (await act(desk, made["case_id"], "return", BACK, INSTITUTION)).status_code == 200
    theirs = referral["citizen"] | {"address": new_citizen()["address"]}
    first, again = [
        await correct(desk, made["id"], AUTHORISED_BODY, citizen=theirs, key="given-back"),
        await desk.post(
            f"/referrals/{made['id']}/corrections",
            {"reason": "уточнено", "citizen": theirs},
            org=AUTHORISED_BODY,
            key="given-back",
            version=1,
        ),
    ]
    assert (first.status_code, again.status_code) == (200, 200), again.text
    line = first.json()["corrected_by"]
    assert line in await listed(desk, "to_forward", AUTHORISED_BODY)
    assert (await forward(desk, made["case_id"])).json()["code"] == "returned-from-there"
    assert (await forward(desk, made["case_id"], note="Адрес уточнён")).status_code == 200
    assert (await entry(desk, line))["forwarded_to"] == INSTITUTION


async def test_name_is_corrected_though_the_address_lies_outside_as_before_r_3_1_2(
    desk: Desk,
) -> None:
    """A person had named the institution, and it came back: the address was taken before."""
    citizen = new_citizen() | {"address": TOMSK}
    named = new_referral(citizen=citizen) | {"institution": INSTITUTION}
    made = await desk.register(named, org=MFC)
    assert (await act(desk, made["case_id"], "return", BACK, INSTITUTION)).status_code == 200
    right = citizen | {"name": {"family": "Заозёрная", "given": "Инна"}}
    done = await correct(desk, made["id"], MFC, citizen=right)
    assert done.status_code == 200, done.text
    assert done.json()["corrected_by"] in await listed(desk, "to_forward", MFC)


class Died(BaseException):
    """The process is gone; nothing below catches it."""


@pytest.mark.parametrize("what", ["correction", "completion"])
@pytest.mark.parametrize("saves", range(1, 7))
async def test_address_that_decides_is_followed_wherever_the_process_dies_r_3_1_2(
    desk: Desk, clock: Clock, what: str, saves: int
) -> None:
    citizen, bare = new_citizen(), {"phone": "+73845600088"}
    referral = new_referral(citizen=bare, contact=None, in_danger=True)
    if what == "correction":
        referral = new_referral(citizen=citizen | {"address": NOWHERE})
    made = await desk.register(referral, org=MFC)
    assert made["state"] == "to_forward"
    reached = count(1)

    def watch(point: str, _: str) -> None:
        if point == "after-save" and next(reached) == saves:
            raise Died

    token = failpoints.watched_by.set(watch)
    try:
        if what == "correction":
            done = await correct(desk, made["id"], MFC, citizen=citizen)
        else:
            known = {"contact": new_referral()["contact"], "source": "сестра"}
            body = {"citizen": citizen, **known}
            done = await desk.post(f"/referrals/{made['id']}/completion", body, version=1, org=MFC)
        assert done.status_code == 200, done.text
    except Died:
        pass
    finally:
        failpoints.watched_by.reset(token)
    clock.forward(seconds=10)

    async def followed() -> dict[str, Any] | None:
        desk.intake.service.sweeper.nudge()
        present = await last_line(desk, made["id"], MFC)
        return present if present["state"] == "forwarded" else None

    own = await until(followed)
    await in_step(desk, made["case_id"])
    assert own["forwarded_to"] == INSTITUTION
    theirs = await entry(desk, own["passed_on"], INSTITUTION)
    assert theirs["citizen"]["name"] == own["citizen"]["name"]
    places = [one.state.placed async for one in desk.intake.journal.each() if one.state.sender]
    assert [place.case_id for place in places if place].count(made["case_id"]) == 1
    assert len((await entry(desk, own["id"], MFC))["stands"]["forwardings"]) == 1
    await no_gap(desk)


@pytest.mark.parametrize("way", ["corrected", "completed"])
async def test_what_the_institution_learned_goes_on_with_what_it_gives_back_r_3_1_2(
    desk: Desk, way: str
) -> None:
    citizen = new_citizen() | {"address": NOWHERE}
    referral = new_referral(citizen=citizen)
    if way == "completed":
        referral = new_referral(citizen=citizen, in_danger=True) | {"problems": None}
    made = await desk.register(referral, org=MFC)
    case_id = made["case_id"]
    assert (await forward(desk, case_id, org=MFC)).status_code == 200
    first = (await entry(desk, made["id"], MFC))["passed_on"]
    known = "Не встаёт с постели, живёт с сестрой"
    if way == "corrected":
        done = await correct(desk, first, INSTITUTION, problems=known)
    else:
        body = {"citizen": {"phone": "+73845600088"}, "problems": known, "source": "сестра"}
        done = await desk.post(f"/referrals/{first}/completion", body, version=1)
    assert done.status_code == 200, done.text
    assert (await act(desk, case_id, "return", BACK, INSTITUTION)).status_code == 200
    own = await last_line(desk, made["id"], MFC)
    assert own["id"] != made["id"]
    assert (own["problems"], own["missing"], own["state"]) == (known, [], "to_forward")
    old = await entry(desk, made["id"], MFC)
    assert old["state"] == "corrected"
    assert old["problems"] == referral["problems"]
    assert (await forward(desk, case_id, OTHER_INSTITUTION, org=MFC)).status_code == 200
    await in_step(desk, case_id)
    line = (await entry(desk, own["id"], MFC))["passed_on"]
    theirs = await entry(desk, line, OTHER_INSTITUTION)
    assert (theirs["problems"], theirs["missing"], theirs["sender"]) == (known, [], MFC)
    assert (await desk.get(f"/referrals/{first}", org=MFC)).status_code == 200
    await no_gap(desk)


async def test_address_corrected_by_who_gives_it_back_says_to_whom_it_goes_r_3_1_2(
    desk: Desk,
) -> None:
    made = await desk.register(org=MFC)
    first = (await entry(desk, made["id"], MFC))["passed_on"]
    moved = (await entry(desk, first, INSTITUTION))["citizen"] | {"address": BELOVO}
    assert (await correct(desk, first, INSTITUTION, citizen=moved)).status_code == 200
    assert (await act(desk, made["case_id"], "return", BACK, INSTITUTION)).status_code == 200

    async def gone_on() -> dict[str, Any] | None:
        present = await last_line(desk, made["id"], MFC)
        return present if present["forwarded_to"] == OTHER_INSTITUTION else None

    own = await until(gone_on)
    theirs = await entry(desk, own["passed_on"], OTHER_INSTITUTION)
    assert theirs["citizen"]["address"]["text"] == BELOVO["text"]


async def close(desk: Desk, case_id: str, org: str) -> Any:
    seen = await desk.get(f"/cases/{case_id}", org=org)
    version = int(seen.headers["etag"].strip('"'))
    body = {"reason": "died"}
    return await desk.post(
        f"/cases/{case_id}/closing", body, "urgent_head", org=org, version=version
    )


async def test_line_of_a_case_that_ended_with_the_body_waits_no_more_r_3_1_2(desk: Desk) -> None:
    referral = new_referral(citizen=new_citizen() | {"address": NOWHERE}, in_danger=True) | {
        "problems": None
    }
    made = await desk.register(referral, org=AUTHORISED_BODY)
    done = await close(desk, made["case_id"], AUTHORISED_BODY)
    assert done.status_code == 200, done.text
    await in_step(desk, made["case_id"])
    assert made["id"] not in await listed(desk, "to_forward", AUTHORISED_BODY)
    own = await entry(desk, made["id"])
    assert (own["state"], own["ended"]) == ("ended", "died")
    day = own["received_at"][:10]
    printed = await desk.get(f"/referrals.csv?from={day}&to={day}", org=AUTHORISED_BODY)
    (row,) = [row for row in printed.text.splitlines() if made["journal_number"] in row]
    assert "ждёт передачи" not in row
    assert "не передано: гражданин умер" in row


async def test_late_completion_of_an_ended_case_is_handed_over_to_nobody_r_3_1_2(
    desk: Desk,
) -> None:
    """Its address decides by now, but there is nobody left to receive it."""
    referral = new_referral(citizen={"phone": "+73845600088"}, contact=None, in_danger=True)
    made = await desk.register(referral, org=AUTHORISED_BODY)
    assert (await close(desk, made["case_id"], AUTHORISED_BODY)).status_code == 200
    await in_step(desk, made["case_id"])
    before = {one.id async for one in desk.intake.journal.each()}
    body = {
        "citizen": new_citizen(),
        "contact": new_referral()["contact"],
        "source": "сестра",
    }
    seen = await desk.get(f"/referrals/{made['id']}", org=AUTHORISED_BODY)
    version = int(seen.headers["etag"].strip('"'))
    done = await desk.post(
        f"/referrals/{made['id']}/completion", body, org=AUTHORISED_BODY, version=version
    )
    assert done.status_code == 200, done.text
    assert {one.id async for one in desk.intake.journal.each()} == before
    own = await entry(desk, made["id"])
    assert (own["state"], own["passed_on"], own["missing"]) == ("ended", None, [])


async def test_line_of_a_citizen_who_declines_at_a_body_is_set_aside_r_3_1_2_r_3_3_7_2(
    desk: Desk,
) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    until = {"think_until": (desk.intake.now().date() + timedelta(days=3)).isoformat()}
    declined = await act(desk, made["case_id"], "decline", {**DECLINE, **until}, AUTHORISED_BODY)
    assert declined.status_code == 200, declined.text
    await in_step(desk, made["case_id"])
    assert made["id"] not in await listed(desk, "to_forward", AUTHORISED_BODY)
    assert made["id"] in await listed(desk, "set_aside", AUTHORISED_BODY)
    fixed = await correct(desk, made["id"], AUTHORISED_BODY, problems="Не встаёт")
    assert fixed.status_code == 200, fixed.text
    own = await last_line(desk, made["id"], AUTHORISED_BODY)
    assert own["state"] == "set_aside"
    day = own["received_at"][:10]
    printed = await desk.get(f"/referrals.csv?from={day}&to={day}", org=AUTHORISED_BODY)
    (row,) = [row for row in printed.text.splitlines() if row.startswith(own["journal_number"])]
    assert "не передаётся: гражданин отказался" in row
    reopened = await act(desk, made["case_id"], "reopening", None, AUTHORISED_BODY)
    assert reopened.status_code == 200, reopened.text
    await in_step(desk, made["case_id"])
    assert own["id"] in await listed(desk, "to_forward", AUTHORISED_BODY)


async def test_case_leads_its_institution_to_what_a_body_was_told_r_3_1_3(desk: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    assert (await forward(desk, made["case_id"])).status_code == 200
    await in_step(desk, made["case_id"])
    case = await desk.case(made["case_id"])
    assert (case["referrals"], case["ask_again_at"]) == ([made["id"]], None)
    first = (await desk.get(f"/referrals/{case['referrals'][0]}", "specialist")).json()
    assert first["problems"] == new_referral()["problems"]
    theirs = (await desk.get(f"/referrals/{first['passed_on']}", "specialist")).json()
    assert (theirs["journal_of"], theirs["contact"]) == (INSTITUTION, first["contact"])
